"""Multi-resolution blending of two pictures.

Burt and Adelson, "A multiresolution spline with application to image mosaics", 1983: coarse
structure mixes over a wide border, fine structure over a narrow one.
"""

from __future__ import annotations

import math
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from gen.app.src.eye_box import Mask

FloatImage = NDArray[np.float32]

_LEVELS = (2, 6)


def levels_for(width: float) -> int:
    """Levels for an eye of `width` px: the coarsest pixel is then about a sixth of the eye."""
    return int(np.clip(math.log2(max(width, 8.0) / 6), *_LEVELS))


def pyramid_blend(under: FloatImage, over: FloatImage, mask: Mask, levels: int) -> FloatImage:
    """`over` where the mask is 1, `under` where it is 0, both of shape (height, width, 3)."""
    result = None
    for low_under, low_over, low_mask in reversed(
        list(zip(_laplacian(under, levels), _laplacian(over, levels), _gaussian(mask, levels)))
    ):
        mixed = low_under + (low_over - low_under) * low_mask[..., None]
        result = mixed if result is None else mixed + _up(result, mixed)
    return np.asarray(result, np.float32)


def _gaussian(picture: FloatImage, levels: int) -> list[FloatImage]:
    pyramid = [picture]
    for _ in range(levels):
        pyramid.append(np.asarray(cv2.pyrDown(pyramid[-1]), np.float32))
    return pyramid


def _laplacian(picture: FloatImage, levels: int) -> list[FloatImage]:
    """Differences between neighbouring levels; the last one is the coarsest level itself."""
    gaussian = _gaussian(picture, levels)
    return [fine - _up(coarse, fine) for fine, coarse in pairwise(gaussian)] + gaussian[-1:]


def _up(coarse: FloatImage, like: FloatImage) -> FloatImage:
    return np.asarray(cv2.pyrUp(coarse, dstsize=(like.shape[1], like.shape[0])), np.float32)
