"""Integer boxes in a picture and anti-aliased masks in them."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.float32]
"""Shape (height, width), 0..1."""

_SUBPIXEL_BITS = 4
_SMALL_ELEMENT = 4
"""px; up to here a structuring element is as fast as a distance transform, and keeps soft edges."""
_DISTANCE_DIGITS = 3
"""Decimals of distances in px: the last of those that OpenCV gives differ from call to call."""


class Box(NamedTuple):
    """x1, y1, x2, y2 in px; the end is exclusive."""

    x1: int
    y1: int
    x2: int
    y2: int

    @property
    def shape(self) -> tuple[int, int]:
        """(height, width)."""
        return self.y2 - self.y1, self.x2 - self.x1

    @property
    def origin(self) -> NDArray[np.float64]:
        """(x1, y1), to subtract from points of the whole picture."""
        return np.array([self.x1, self.y1], float)

    @property
    def slices(self) -> tuple[slice, slice]:
        """Index of the box in a picture: picture[box.slices]."""
        return slice(self.y1, self.y2), slice(self.x1, self.x2)

    def grid(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """x and y of every pixel in the picture's frame, each of the box's shape."""
        height, width = self.shape
        y, x = np.mgrid[0:height, 0:width].astype(np.float32)
        return x + np.float32(self.x1), y + np.float32(self.y1)


def box_around(points: NDArray[np.float64], margin: float, shape: tuple[int, int]) -> Box:
    """Smallest box around points (n, >= 2) grown by `margin` px, inside a picture of (height, width).

    Raises:
        ValueError: nothing of it lies inside the picture.
    """
    low = np.floor(points[:, :2].min(axis=0) - margin).astype(int)
    high = np.ceil(points[:, :2].max(axis=0) + margin).astype(int) + 1
    x1, y1 = (int(max(0, v)) for v in low)
    x2, y2 = int(min(shape[1], high[0])), int(min(shape[0], high[1]))
    if x2 <= x1 or y2 <= y1:
        raise ValueError("the points lie outside of the picture")
    return Box(x1, y1, x2, y2)


def polygon_mask(points: NDArray[np.float64], box: Box, supersampling: int = 4) -> Mask:
    """Coverage of a polygon (n, 2), given in the picture's frame, in every pixel of the box."""
    height, width = box.shape
    fine = np.zeros((height * supersampling, width * supersampling), np.uint8)
    # Centre of pixel i is at (i + 0.5) * s - 0.5 of the finer grid.
    corners = (points[:, :2] - box.origin + 0.5) * supersampling - 0.5
    fixed = np.round(corners * 2**_SUBPIXEL_BITS).astype(np.int32)
    cv2.fillPoly(fine, [fixed], 255, cv2.LINE_8, _SUBPIXEL_BITS)
    coverage = cv2.resize(fine, (width, height), interpolation=cv2.INTER_AREA)
    return np.asarray(coverage / np.float32(255), np.float32)


def grown(mask: Mask, radius: float) -> Mask:
    """Mask with its border moved outwards by `radius` px (inwards where it is negative), round."""
    size = round(abs(radius))
    if size == 0:
        return mask
    if size <= _SMALL_ELEMENT:
        element = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * size + 1, 2 * size + 1))
        return (cv2.dilate if radius > 0 else cv2.erode)(mask, element).astype(np.float32)
    inside = (mask > 0.5) == (radius > 0)
    if not inside.any():
        return np.full(mask.shape, 0.0 if radius > 0 else 1.0, np.float32)
    # Far from the border a morphological operator takes hundreds of times as long.
    distance = cv2.distanceTransform((~inside).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    reached = np.clip(size + 1 - np.round(distance, _DISTANCE_DIGITS), 0, 1)
    return np.asarray(reached if radius > 0 else 1 - reached, np.float32)


def blurred(picture: NDArray[np.float32], sigma: float) -> NDArray[np.float32]:
    """Gaussian blur with borders replicated; unchanged below a sigma of 0.05 px."""
    if sigma < 0.05:
        return picture
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE), np.float32)


def convex_hull(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Corners of the convex hull of points (n, >= 2), shape (m, 2)."""
    return cv2.convexHull(points[:, :2].astype(np.float32))[:, 0].astype(np.float64)
