"""The pixels of a crop, read out of the photo: only the region needed, anti-aliased, in sRGB.

Needs NumPy and OpenCV.
"""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from imaging import affine
from imaging.photo import Levels, Photo
from imaging.profiles import ColourSpace

FloatArray = NDArray[np.float64]
FloatImage = NDArray[np.float32]

INTERPOLATION_MARGIN = 4
"""Pixels around the region for cubic interpolation."""


def sample_crop(photo: Photo, transform: FloatArray, size: int) -> FloatImage:
    """The crop as (size, size, 3) float32, sRGB-encoded 0..1; the photo's border is repeated outside of it.

    Args:
        transform: (2, 3) photo -> crop.
    """
    region, origin = region_of(photo.pixels, transform, size)
    to_crop = affine.compose(transform, affine.shift(*origin))
    scale = math.sqrt(abs(float(np.linalg.det(transform[:, :2]))))
    block = max(1, int(1 / scale))
    if block > 1:
        # Averaging whole blocks first keeps the memory small when a huge face is scaled down.
        rows, columns = (length // block * block for length in region.shape[:2])
        reduced = cv2.resize(
            region[:rows, :columns], (columns // block, rows // block), interpolation=cv2.INTER_AREA
        )
        region = reduced.reshape(rows // block, columns // block, -1)
        to_crop = affine.compose(to_crop, affine.scaling(block))
    maximum = np.iinfo(photo.pixels.dtype).max
    unit = np.divide(region, np.float32(maximum), dtype=np.float32)
    srgb = ColourSpace(photo.icc, region.shape[2]).to_srgb(unit)
    return np.clip(_warp(srgb, to_crop, size, oversampling=2 if scale * block < 0.999 else 1), 0.0, 1.0)


def region_of(pixels: Levels, transform: FloatArray, size: int) -> tuple[Levels, tuple[int, int]]:
    """The part of the photo that the crop shows, with a margin, and its top left corner (x, y).

    Where the crop lies wholly outside of the photo, the nearest border pixels remain.
    """
    corners = affine.apply(affine.inverse(transform), [(0, 0), (size, 0), (0, size), (size, size)])
    height, width = pixels.shape[:2]
    low = np.floor(corners.min(axis=0)).astype(int) - INTERPOLATION_MARGIN
    high = np.ceil(corners.max(axis=0)).astype(int) + INTERPOLATION_MARGIN + 1
    x1, y1 = np.clip(low, 0, (width - 1, height - 1)).tolist()
    x2, y2 = np.clip(high, (x1 + 1, y1 + 1), (width, height)).tolist()
    return pixels[y1:y2, x1:x2], (x1, y1)


def _warp(region: FloatImage, to_crop: FloatArray, size: int, oversampling: int) -> FloatImage:
    """Cubic interpolation; where the raster gets coarser, averaged over `oversampling`^2 samples."""
    dense = affine.compose(affine.scaling(oversampling), to_crop)
    warped = cv2.warpAffine(
        region,
        dense,
        (size * oversampling, size * oversampling),
        flags=cv2.INTER_CUBIC,
        borderMode=cv2.BORDER_REPLICATE,
    )
    if oversampling > 1:
        warped = cv2.resize(warped, (size, size), interpolation=cv2.INTER_AREA)
    return np.asarray(warped, np.float32)
