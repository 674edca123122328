"""Where an eye may be painted: its contour, grown. Needs NumPy and OpenCV."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from contracts.face import Side
from imaging import eye_mesh

FloatArray = NDArray[np.float64]
Mask = NDArray[np.uint8]

SUBPIXEL_BITS = 6


def create_eye_mask(eye_points: ArrayLike, shape: tuple[int, ...]) -> Mask:
    """A filled polygon: 255 inside, 0 outside.

    Args:
        eye_points: (n, 2) x, y in order around the eye.
        shape: height, width (and channels, ignored) of the picture.

    Returns:
        (height, width) uint8.
    """
    mask = np.zeros(shape[:2], np.uint8)
    points = np.round(np.asarray(eye_points, float) * 2**SUBPIXEL_BITS).astype(np.int32)
    cv2.fillPoly(mask, [points], 255, cv2.LINE_8, SUBPIXEL_BITS)
    return mask


def eye_mask(mesh: FloatArray, side: Side, size: int, growth: float, width: float | None = None) -> Mask:
    """The eye's contour grown by `growth` eye widths on every side.

    Args:
        mesh: (478, 2 or 3) in the crop.
        size: side of the crop, px.
        width: eye width to give it, px; the contour is scaled about the eye's centre. None keeps its own.

    Returns:
        (size, size) uint8, 0 or 255.
    """
    own = eye_mesh.eye_width(mesh, side)
    center = eye_mesh.eye_center(mesh, side)
    target = own if width is None else width
    contour = center + (eye_mesh.eye_polygon(mesh, side) - center) * (target / max(own, 1e-9))
    filled = create_eye_mask(contour, (size, size))
    # A shut eye's contour may be too thin to hold a pixel, so its line is drawn as well.
    points = np.round(contour * 2**SUBPIXEL_BITS).astype(np.int32)
    cv2.polylines(filled, [points], True, 255, 1, cv2.LINE_8, SUBPIXEL_BITS)
    distance = cv2.distanceTransform(255 - filled, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    grown: Mask = np.where(distance <= growth * target, 255, 0).astype(np.uint8)
    return grown
