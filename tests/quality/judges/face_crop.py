"""An upright crop around a face, the same for every judge."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
FloatArray = NDArray[np.float64]

SIDE = 512
"""Of the crop, px."""
GROWTH = 1.9
"""Side of the crop over the longer side of the face's box."""
SHRUNK = 0.7
"""Below this scale the picture is blurred before it is warped."""


@dataclass(frozen=True)
class FaceCrop:
    """A crop and where things are in it.

    Attributes:
        rgb: (SIDE, SIDE, 3).
        matrix: picture -> crop, shape (2, 3).
        eyes: centres in the crop, the viewer's left first, shape (2, 2).
        middle: of the face's box in the crop.
        side: of the face's box in the crop, px.
    """

    rgb: Picture
    matrix: FloatArray
    eyes: FloatArray
    middle: FloatArray
    side: float

    def to_picture(self, points: FloatArray) -> FloatArray:
        """Points (n, 2) of the crop in the picture."""
        back = cv2.invertAffineTransform(self.matrix)
        return np.asarray(points @ back[:, :2].T + back[:, 2], float)


def cut_face(picture: Picture, bbox: FloatArray, eyes: FloatArray) -> FaceCrop:
    """Args: picture: RGB. bbox: left, top, right, bottom. eyes: centres, the viewer's left first, (2, 2)."""
    (left, top, right, bottom), (dx, dy) = bbox, eyes[1] - eyes[0]
    longer, middle = max(right - left, bottom - top), np.array([left + right, top + bottom]) / 2
    scale, angle = SIDE / (GROWTH * longer), np.arctan2(dy, dx)
    turn = scale * np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    matrix = np.column_stack([turn, SIDE / 2 - turn @ middle])
    smooth = cv2.GaussianBlur(picture, (0, 0), 0.4 / scale) if scale < SHRUNK else picture
    crop = cv2.warpAffine(
        smooth, matrix, (SIDE, SIDE), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    return FaceCrop(
        np.asarray(crop, np.uint8),
        matrix,
        eyes @ matrix[:, :2].T + matrix[:, 2],
        np.full(2, SIDE / 2),
        scale * longer,
    )
