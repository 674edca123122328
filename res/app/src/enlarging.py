"""Enlarging the whole picture, for what no network restores. Needs NumPy and OpenCV."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from imaging.photo import Levels

FloatArray = NDArray[np.float64]
Size = tuple[int, int]


def enlarged_size(size: Size, factor: float) -> Size:
    """Width and height, rounded to whole pixels."""
    return round(size[0] * factor), round(size[1] * factor)


def enlarged(levels: Levels, size: Size) -> Levels:
    """Samples (height, width, channels) at another size by Lanczos interpolation; a copy in any case."""
    if (levels.shape[1], levels.shape[0]) == size:
        copied: Levels = levels.copy()
        return copied
    resized: Levels = np.empty((size[1], size[0], levels.shape[2]), levels.dtype)
    cv2.resize(levels, size, dst=resized, interpolation=cv2.INTER_LANCZOS4)
    return resized


def from_enlarged(size: Size, enlarged_to: Size) -> FloatArray:
    """(2, 3): pixels of the enlarged picture -> pixels of the original; areas are scaled, not centres."""
    x, y = size[0] / enlarged_to[0], size[1] / enlarged_to[1]
    return np.array([[x, 0.0, (x - 1) / 2], [0.0, y, (y - 1) / 2]])
