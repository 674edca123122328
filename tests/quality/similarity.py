"""How near an eye is to the true open one: PSNR, SSIM and texture in a box around it."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tests.quality.judging import EyeAxis
from tests.quality.texture import texture_distance

FloatArray = NDArray[np.float64]
Picture = NDArray[np.uint8]

BOX = (0.75, 0.5)
"""Half width and half height of the box, eye widths."""
SMALLEST_BOX = 7
"""SSIM's window, px."""
SHRUNK = 0.7
"""Below this scale the truth is blurred before it is warped."""
IDENTICAL_PSNR = 99.0
"""dB: what is equal has no noise to divide by."""

# fmt: off
STEADY = [
    10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377,
    152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109,
    1, 2, 98, 327, 168, 6, 197, 195, 5, 4,
]
# fmt: on
"""Mesh points that stay when eyes open: the outline of the face, and the nose."""


@dataclass(frozen=True)
class Similarity:
    """psnr: dB. ssim: of grey values. texture: a distance, 0 alike."""

    psnr: float
    ssim: float
    texture: float


def aligned(truth: Picture, truth_mesh: FloatArray, mesh: FloatArray, shape: tuple[int, ...]) -> Picture:
    """The truth laid on another photo of the face, by outline and nose.

    Raises:
        ValueError: the faces cannot be laid on each other.
    """
    source, target = (points[STEADY, :2].astype(np.float32) for points in (truth_mesh, mesh))
    warp, _ = cv2.estimateAffinePartial2D(source, target, method=cv2.LMEDS)
    if warp is None:
        raise ValueError("the faces cannot be laid on each other")
    scale = float(np.hypot(*warp[0, :2]))
    smooth = cv2.GaussianBlur(truth, (0, 0), 0.4 / scale) if scale < SHRUNK else truth
    size = (shape[1], shape[0])
    return np.asarray(cv2.warpAffine(smooth, warp, size, borderMode=cv2.BORDER_REPLICATE), np.uint8)


def similarity(picture: Picture, truth: Picture, axis: EyeAxis, other_exposure: bool) -> Similarity | None:
    """Compare one eye, both pictures in one frame.

    Args:
        axis: where the box is.
        other_exposure: the truth is another photo: its mean colour in the box is brought to the picture's.

    Returns:
        None where the eye is too small.
    """
    from skimage.metrics import peak_signal_noise_ratio, structural_similarity

    half = np.array(BOX) * axis.width
    x1, y1 = np.maximum(axis.middle - half, 0).astype(int)
    x2, y2 = (axis.middle + half).astype(int)
    seen, true = picture[y1:y2, x1:x2], truth[y1:y2, x1:x2].astype(float)
    if min(seen.shape[:2]) < SMALLEST_BOX:
        return None
    if other_exposure:
        true = true + seen.mean((0, 1)) - true.mean((0, 1))
    expected = np.clip(np.round(true), 0, 255).astype(np.uint8)
    if (seen == expected).all():
        return Similarity(IDENTICAL_PSNR, 1.0, 0.0)
    grey = [cv2.cvtColor(np.ascontiguousarray(p), cv2.COLOR_RGB2GRAY) for p in (seen, expected)]
    psnr = peak_signal_noise_ratio(expected, seen, data_range=255)  # type: ignore[no-untyped-call]
    ssim = structural_similarity(*grey, data_range=255)  # type: ignore[no-untyped-call]
    return Similarity(float(psnr), float(ssim), texture_distance(seen, expected))
