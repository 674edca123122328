"""Grain: a painted eye gets the noise of the skin around it. Needs NumPy and OpenCV.

Noise is the photo minus a blurred copy, measured by the median absolute deviation, which edges and
JPEG's block borders hardly move. New grain is the random-phase texture of a skin patch: white noise
filtered by the patch itself has the patch's spectrum and channel correlation (Galerne, Gousseau and
Morel, "Random phase textures", 2011).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from contracts.crop import CropDocument
from contracts.face import SIDES
from imaging import affine, eye_mesh
from imaging.canvas import Canvas

FloatArray = NDArray[np.float64]
FloatImage = NDArray[np.float32]

LUMA_BLUR, CHROMA_BLUR = 1.6, 3.0
"""Photo px. Finer luma than this is grain, coarser is the skin's own texture; colour noise is coarser."""
LUMA = np.array([0.2126, 0.7152, 0.0722], np.float32)
MAD_TO_STD = 1.4826
PATCH = 0.4
"""Side of a patch in eye widths."""
SMALLEST_PATCH, LARGEST_PATCH = 12, 32
CHEEK_ROWS, CHEEK_COLUMNS = (0.7, 1.05, 1.4), (-0.45, 0.0, 0.45)
"""Patch centres below an eye, in eye widths across and along the corner line."""
PERCENTILE = 20
"""Of the patches' noise: pores, wrinkles and beard make the others rougher."""
LARGEST_STD = 16 / 255
OUTLIER = 3.0
NEIGHBOURHOOD = 13
"""Photo px, a square's side, over which a painting's own noise is measured."""
FINEST = 255 * 16
"""Deviations are counted in sixteenths of an 8-bit level, up to 16 levels."""
TONES = (0.03, 0.12, 0.9, 0.99)
"""Grain rises over the first two luma values and falls over the last two: black and white show none."""


@dataclass(frozen=True, eq=False)
class Component:
    """Luma or colour noise. std: per channel, encoded 0..1. kernel: (n, n) or (n, n, 3), of unit energy per
    channel; white noise filtered by it has the noise's texture."""

    std: float
    kernel: FloatImage


@dataclass(frozen=True, eq=False)
class Grain:
    """Noise of a photo around a face; None where there is none."""

    luma: Component | None
    chroma: Component | None


def measure_grain(canvas: Canvas, document: CropDocument, coloured: bool) -> Grain | None:
    """The grain of the cheeks at photo resolution, None where the face is too small to tell.

    Args:
        coloured: whether the photo has colours.
    """
    side = round(min(LARGEST_PATCH, PATCH * _photo_width(document)))
    if side < SMALLEST_PATCH:
        return None
    margin = round(2 * CHROMA_BLUR)
    patches = []
    for x, y in affine.apply(affine.inverse(document.transform), cheek_points(document)).tolist():
        left, top = round(x - side / 2) - margin, round(y - side / 2) - margin
        box = (left, top, left + side + 2 * margin, top + side + 2 * margin)
        if canvas.contains(box):
            patches.append(canvas.read(box))
    # Clipped skin shows no noise, however much there is elsewhere.
    lit = [patch for patch in patches if TONES[1] < (patch @ LUMA).mean() < TONES[2]]
    patches = lit or patches
    if not patches:
        return None
    inner = slice(margin, -margin)
    luma = [luma_detail(patch)[inner, inner] for patch in patches]
    chroma = [chroma_detail(patch)[inner, inner] for patch in patches] if coloured else []
    return Grain(_component(luma), _component(chroma))


def _component(details: Sequence[FloatImage]) -> Component | None:
    """The noise that the calmer patches show, with the texture of the patch that is nearest to it."""
    if not details:
        return None
    levels = np.array([noise_level(detail) for detail in details])
    std = float(np.percentile(levels, PERCENTILE))
    if std <= 0:
        return None
    patch = details[int(np.abs(levels - std).argmin())]
    patch = np.clip(patch - patch.mean(axis=(0, 1)), -OUTLIER * std, OUTLIER * std)
    energy = float(np.sqrt((patch**2).sum() / (patch.shape[2] if patch.ndim == 3 else 1)))
    return Component(min(std, LARGEST_STD), (patch / energy).astype(np.float32)) if energy > 0 else None


def cheek_points(document: CropDocument) -> FloatArray:
    """Centres of the patches, (n, 2) in the crop."""
    mesh = np.asarray(document.mesh, float)
    points = []
    for side in SIDES:
        center, width = eye_mesh.eye_center(mesh, side), eye_mesh.eye_width(mesh, side)
        # The crop is upright, so "below" is down.
        points += [center + width * np.array([c, r]) for r in CHEEK_ROWS for c in CHEEK_COLUMNS]
    return np.array(points)


def luma_detail(picture: FloatImage) -> FloatImage:
    """Luma of (height, width, 3) minus its blurred copy, (height, width)."""
    luma = picture @ LUMA
    return np.asarray(luma - cv2.GaussianBlur(luma, (0, 0), LUMA_BLUR), np.float32)


def chroma_detail(picture: FloatImage) -> FloatImage:
    """Colour differences of (height, width, 3) minus their blurred copy, (height, width, 3)."""
    colour = picture - (picture @ LUMA)[:, :, None]
    return np.asarray(colour - cv2.GaussianBlur(colour, (0, 0), CHROMA_BLUR), np.float32)


def noise_level(detail: FloatImage) -> float:
    """Standard deviation of Gaussian noise with this median absolute deviation."""
    return float(MAD_TO_STD * np.median(np.abs(detail - np.median(detail))))


def grain_for(
    painted: FloatImage, replaced: FloatImage, grain: Grain, rng: np.random.Generator
) -> FloatImage:
    """Grain to add to a painting that has too little of its own.

    Args:
        painted: (height, width, 3), encoded, as it would be without grain.
        replaced: (height, width) 0..1; no grain where 0.

    Returns:
        (height, width, 3), to be added.
    """
    luma = painted @ LUMA
    rise = np.clip((luma - TONES[0]) / (TONES[1] - TONES[0]), 0, 1)
    fall = np.clip((TONES[3] - luma) / (TONES[3] - TONES[2]), 0, 1)
    # Variances add up: where the old grain keeps the share (1 - replaced), this makes it whole again.
    share = np.sqrt(1 - (1 - replaced) ** 2) * rise * fall
    white = rng.standard_normal(luma.shape, np.float32)
    added = np.zeros_like(painted)
    if grain.luma:
        amount = _missing(np.abs(luma_detail(painted)), grain.luma) * share
        added += (amount * _filtered(white, grain.luma.kernel))[:, :, None]
    if grain.chroma:
        amount = _missing(np.abs(chroma_detail(painted)).mean(axis=2), grain.chroma) * share
        for channel in range(3):
            added[:, :, channel] += amount * _filtered(white, grain.chroma.kernel[:, :, channel])
    return added


def _missing(deviation: FloatImage, component: Component) -> FloatImage:
    """Standard deviation that has to be added for the noise to be that of the photo.

    The painting's own is taken by the median of a neighbourhood, so that lashes and the rim of the iris
    do not pass for noise.
    """
    counted = np.clip(deviation * FINEST, 0, 255).astype(np.uint8)
    own = cv2.medianBlur(counted, NEIGHBOURHOOD) * np.float32(MAD_TO_STD / FINEST)
    smooth = cv2.GaussianBlur(np.maximum(component.std**2 - own**2, 0.0), (0, 0), NEIGHBOURHOOD / 4)
    return np.asarray(np.sqrt(smooth), np.float32)


def _filtered(white: FloatImage, kernel: FloatImage) -> FloatImage:
    return np.asarray(cv2.filter2D(white, -1, kernel, borderType=cv2.BORDER_REFLECT_101), np.float32)


def _photo_width(document: CropDocument) -> float:
    """Mean eye width in photo px."""
    return (document.left_eye.width + document.right_eye.width) / 2 / document.scale
