"""Grain: a painted eye gets the noise of the skin around it. Needs NumPy and OpenCV.

Noise is the photo minus a blurred copy, measured by the median absolute deviation, which edges and
JPEG's block borders hardly move. New grain is the random-phase texture of a skin patch: white noise
filtered by the patch itself has the patch's spectrum and channel correlation (Galerne, Gousseau and
Morel, "Random phase textures", 2011).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from contracts.crop import CropDocument
from contracts.face import SIDES
from imaging import affine, eye_mesh
from imaging.crop_return import Box

FloatArray = NDArray[np.float64]
FloatImage = NDArray[np.float32]
Reader = Callable[[Box], FloatImage | None]

BLUR = 1.6
"""Photo px; finer than this is grain, coarser is the skin's own texture."""
LUMA = np.array([0.2126, 0.7152, 0.0722], np.float32)
MAD_TO_STD = 1.4826
PATCH = 0.4
"""Side of a patch in eye widths."""
SMALLEST_PATCH, LARGEST_PATCH = 12, 32
CHEEK_ROWS, CHEEK_COLUMNS = (0.7, 1.05, 1.4), (-0.45, 0.0, 0.45)
"""Patch centres below an eye, in eye widths across and along the corner line."""
PERCENTILE = 30
"""Of the patches' noise: pores and beard make the others rougher."""
LARGEST_STD = 8 / 255
OUTLIER = 3.0
CHROMA = 0.5
"""Share of the measured chroma noise that is used: grain is mostly luminance."""
NEIGHBOURHOOD = 4.0
"""Photo px over which a painting's own noise is measured."""
TONES = (0.03, 0.12, 0.9, 0.99)
"""Grain rises over the first two luma values and falls over the last two: black and white show none."""


@dataclass(frozen=True, eq=False)
class Grain:
    """std: of the luma noise, encoded 0..1. patch: (n, n, 3) noise, luma of unit energy."""

    std: float
    patch: FloatImage


def measure_grain(srgb_at: Reader, document: CropDocument, transform: FloatArray) -> Grain | None:
    """The grain of the cheeks at photo resolution, None where there is none or the face is too small.

    Args:
        srgb_at: reads a box x1, y1, x2, y2 of the photo as (height, width, 3) encoded 0..1, None outside.
        transform: (2, 3) photo -> crop.
    """
    side = round(min(LARGEST_PATCH, PATCH * _photo_width(document)))
    if side < SMALLEST_PATCH:
        return None
    patches = []
    for x, y in affine.apply(affine.inverse(transform), cheek_points(document)).tolist():
        left, top = round(x - side / 2), round(y - side / 2)
        pixels = srgb_at((left - 4, top - 4, left + side + 4, top + side + 4))
        if pixels is not None:
            patches.append(fine_detail(pixels)[4:-4, 4:-4])
    if not patches:
        return None
    levels = np.array([noise_level(patch @ LUMA) for patch in patches])
    std = float(np.percentile(levels, PERCENTILE))
    patch = patches[int(np.abs(levels - std).argmin())]
    spread = OUTLIER * max(std, 1e-6)
    patch = np.clip(patch - patch.mean(axis=(0, 1)), -spread, spread)
    energy = float(np.sqrt(((patch @ LUMA) ** 2).sum()))
    if std <= 0 or energy <= 0:
        return None
    return Grain(min(std, LARGEST_STD), (patch / energy).astype(np.float32))


def cheek_points(document: CropDocument) -> FloatArray:
    """Centres of the patches, (n, 2) in the crop."""
    mesh = np.asarray(document.mesh, float)
    points = []
    for side in SIDES:
        center, width = eye_mesh.eye_center(mesh, side), eye_mesh.eye_width(mesh, side)
        # The crop is upright, so "below" is down.
        points += [center + width * np.array([c, r]) for r in CHEEK_ROWS for c in CHEEK_COLUMNS]
    return np.array(points)


def fine_detail(picture: FloatImage) -> FloatImage:
    """The picture minus its blurred copy."""
    return np.asarray(picture - cv2.GaussianBlur(picture, (0, 0), BLUR), np.float32)


def noise_level(detail: FloatImage) -> float:
    """Standard deviation of Gaussian noise with this median absolute deviation."""
    return float(MAD_TO_STD * np.median(np.abs(detail - np.median(detail))))


def grain_for(
    painted: FloatImage, replaced: FloatImage, grain: Grain, rng: np.random.Generator, coloured: bool
) -> FloatImage:
    """Grain to add to a painting that has too little of its own.

    Args:
        painted: (height, width, 3), encoded, as it would be without grain.
        replaced: (height, width) 0..1; no grain where 0.

    Returns:
        (height, width, 3), to be added.
    """
    luma = painted @ LUMA
    own = np.sqrt(cv2.GaussianBlur(fine_detail(luma) ** 2, (0, 0), NEIGHBOURHOOD))
    missing = np.sqrt(np.maximum(grain.std**2 - own**2, 0.0))
    # Variances add up: where the old grain keeps the share (1 - replaced), this makes it whole again.
    share = np.sqrt(1 - (1 - replaced) ** 2)
    rise = np.clip((luma - TONES[0]) / (TONES[1] - TONES[0]), 0, 1)
    fall = np.clip((TONES[3] - luma) / (TONES[3] - TONES[2]), 0, 1)
    amount = (missing * share * rise * fall).astype(np.float32)
    added: FloatImage = amount[:, :, None] * _texture(painted.shape[:2], grain.patch, rng, coloured)
    return added


def _texture(shape: Sequence[int], patch: FloatImage, rng: np.random.Generator, coloured: bool) -> FloatImage:
    """Random-phase texture with luma of unit variance, (height, width, 3)."""
    white = rng.standard_normal((shape[0], shape[1]), np.float32)
    luma = _filtered(white, patch @ LUMA)
    if not coloured:
        return np.repeat(luma[:, :, None], 3, axis=2)
    channels = [_filtered(white, patch[:, :, channel]) for channel in range(3)]
    return np.stack([luma + np.float32(CHROMA) * (channel - luma) for channel in channels], axis=2)


def _filtered(white: FloatImage, kernel: FloatImage) -> FloatImage:
    return np.asarray(cv2.filter2D(white, -1, kernel, borderType=cv2.BORDER_REFLECT_101), np.float32)


def _photo_width(document: CropDocument) -> float:
    """Mean eye width in photo px."""
    return (document.left_eye.width + document.right_eye.width) / 2 / document.scale
