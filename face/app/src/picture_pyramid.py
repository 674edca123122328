"""Square looks into a photo at any scale and angle, sampled from a pyramid of halvings.

Squares live in the photo's frame (pixel centres at integers). A look is what a network sees.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Rgb8 = NDArray[Any]
"""RGB uint8, shape (height, width, 3); OpenCV's own types do not say so."""
Grey = NDArray[Any]
"""Brightness, shape (height, width)."""
FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Square:
    """A square in the photo.

    Attributes:
        center: (x, y), px.
        side: px.
        angle: radians by which its x axis is turned against the photo's, positive clockwise in the picture.
    """

    center: tuple[float, float]
    side: float
    angle: float = 0.0

    def axes(self) -> FloatArray:
        """Rows are the square's x and y axis in the photo, unit length."""
        cos, sin = np.cos(self.angle), np.sin(self.angle)
        return np.array([[cos, sin], [-sin, cos]])

    def to_photo(self, points: FloatArray) -> FloatArray:
        """Points (n, 2) in the square, 0..1 from edge to edge, to photo pixels."""
        return (np.asarray(points, float) - 0.5) * self.side @ self.axes() + self.center


class PicturePyramid:
    """A photo and its halvings, each made when it is first needed."""

    def __init__(self, photo: Rgb8) -> None:
        self._levels = [np.ascontiguousarray(photo)]

    @property
    def photo(self) -> Rgb8:
        return self._levels[0]

    @property
    def width(self) -> int:
        return int(self.photo.shape[1])

    @property
    def height(self) -> int:
        return int(self.photo.shape[0])

    def look(self, square: Square, size: int, border: int = cv2.BORDER_CONSTANT) -> Rgb8:
        """The square as a picture of `size` x `size`; black or repeated outside of the photo.

        The level is the coarsest that still has at least `size` px across the square, so that one
        bilinear sampling neither aliases nor softens.
        """
        level = self._level(max(0, int(np.floor(np.log2(max(square.side / size, 1.0))))))
        scale = np.array([level.shape[1] / self.width, level.shape[0] / self.height])
        # pixel u of the look -> photo -> pixel of the level; half pixels turn centres into edges and back
        step = square.side / size
        turn = square.axes().T * step
        origin = np.asarray(square.center) - turn @ np.full(2, (size - 1) / 2)
        matrix = np.column_stack([turn, origin + 0.5]) * scale[:, None]
        matrix[:, 2] -= 0.5
        return cv2.warpAffine(
            level,
            matrix,
            (size, size),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=border,
        )

    def _level(self, index: int) -> Rgb8:
        while len(self._levels) <= index:
            last = self._levels[-1]
            half = (max(1, round(last.shape[1] / 2)), max(1, round(last.shape[0] / 2)))
            self._levels.append(cv2.resize(last, half, interpolation=cv2.INTER_AREA))
        return self._levels[index]
