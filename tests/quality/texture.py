"""How unlike two patches are in texture, wherever its single strands lie.

The contrast of every scale in every part of a patch is compared as a ratio: a smooth eye beside a real one,
a clean one in a grainy scan, or a sharp one in a soft photo is far off, a lash that lies elsewhere is not.
"""

from __future__ import annotations

from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

Grey = NDArray[np.float32]

SCALES = (0.7, 1.4, 2.8, 5.6)
"""Standard deviations of the blurs between which contrast is measured, px of `SIZE`."""
SIZE = (96, 64)
"""Patches are compared at this size, columns and rows: 64 px an eye width, what a person sees at fit."""
PARTS = (6, 4)
LEAST_CONTRAST = 1.0
"""8-bit levels: below it there is no texture to compare, only rounding."""


def texture_distance(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> float:
    """Mean absolute log ratio of local contrasts, over scales and parts: 0 alike, 0.7 twice as rough.

    Args:
        one, other: RGB patches of one shape.
    """
    return float(np.mean([np.abs(a - b).mean() for a, b in zip(_bands(one), _bands(other), strict=True)]))


def _bands(patch: NDArray[np.uint8]) -> list[Grey]:
    """Log contrast of each scale in each part."""
    grey = cv2.cvtColor(np.ascontiguousarray(patch), cv2.COLOR_RGB2GRAY).astype(np.float32)
    interpolation = cv2.INTER_AREA if grey.shape[1] > SIZE[0] else cv2.INTER_CUBIC
    grey = np.asarray(cv2.resize(grey, SIZE, interpolation=interpolation), np.float32)
    smooth = [grey, *(np.asarray(cv2.GaussianBlur(grey, (0, 0), sigma)) for sigma in SCALES)]
    return [_log_contrast(fine - coarse) for fine, coarse in pairwise(smooth)]


def _log_contrast(band: NDArray[np.floating]) -> Grey:
    power = cv2.resize(np.asarray(band, np.float32) ** 2, PARTS, interpolation=cv2.INTER_AREA)
    return np.asarray(0.5 * np.log(power + LEAST_CONTRAST**2), np.float32)
