"""Bringing a picture of the crop frame back into a box of the photo: the inverse of `crop_sampling`.

Needs NumPy and OpenCV.
"""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from imaging import affine

FloatArray = NDArray[np.float64]
FloatImage = NDArray[np.float32]
Box = tuple[int, int, int, int]
"""x1, y1, x2, y2 in the photo, exclusive end."""

BLOCK_LIMIT = 1.001
"""Crop px per photo px above which samples are averaged."""


def warp_to_photo(picture: FloatImage, transform: FloatArray, box: Box, linear: bool = False) -> FloatImage:
    """The picture as seen in the box of the photo; zero outside of the crop.

    Where the crop is finer than the photo, its pixels are averaged; where it is coarser, interpolated.

    Args:
        picture: (size, size) or (size, size, 3) in the crop frame.
        transform: (2, 3) photo -> crop.
        linear: interpolate linearly, which never overshoots; else cubically.
    """
    x1, y1, x2, y2 = box
    to_crop = affine.compose(transform, affine.shift(x1, y1))
    scale = math.sqrt(abs(float(np.linalg.det(transform[:, :2]))))
    block = max(1, int(scale))
    if block > 1:
        picture, to_crop = _in_blocks(picture, to_crop, block)
    dense = 2 if scale / block > BLOCK_LIMIT else 1
    to_crop = affine.compose(to_crop, affine.inverse(affine.scaling(dense)))
    size = ((x2 - x1) * dense, (y2 - y1) * dense)
    flags = (cv2.INTER_LINEAR if linear else cv2.INTER_CUBIC) | cv2.WARP_INVERSE_MAP
    warped = cv2.warpAffine(picture, to_crop, size, flags=flags, borderMode=cv2.BORDER_CONSTANT)
    if dense > 1:
        warped = cv2.resize(warped, (x2 - x1, y2 - y1), interpolation=cv2.INTER_AREA)
    return np.asarray(warped, np.float32)


def _in_blocks(picture: FloatImage, to_crop: FloatArray, block: int) -> tuple[FloatImage, FloatArray]:
    """The picture averaged in blocks (padded to whole ones with its border) and the transform to it."""
    padding = [-length % block for length in picture.shape[:2]]
    padded = cv2.copyMakeBorder(picture, 0, padding[0], 0, padding[1], cv2.BORDER_REPLICATE)
    size = (padded.shape[1] // block, padded.shape[0] // block)
    averaged = cv2.resize(padded, size, interpolation=cv2.INTER_AREA)
    return np.asarray(averaged, np.float32), affine.compose(affine.scaling(1 / block), to_crop)
