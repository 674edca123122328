"""Gaussian means of pictures, over all pixels or over weighted ones; float32, (h, w) or (h, w, k)."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from gen.app.src.eye_box import Mask, blurred

Picture = NDArray[np.float32]

_WIDE_BLUR = 6.0
"""px; sigma of a blur that a smaller picture still holds."""


def normalised_blur(picture: Picture, weight: Mask, sigma: float) -> Picture:
    """Weighted mean of `picture`, (h, w) or (h, w, k), around each pixel.

    Knutsson and Westin, "Normalized and differential convolution", 1993. Far from any weight the mean
    over all of it takes over.
    """
    flat = picture.reshape(*picture.shape[:2], -1)
    everywhere = weighted_mean(flat, weight)
    trust = np.float32(1e-3)
    total = widely_blurred(flat * weight[..., None], sigma).reshape(flat.shape) + trust * everywhere
    mean = total / (widely_blurred(weight, sigma)[..., None] + trust)
    return np.asarray(mean, np.float32).reshape(picture.shape)


def weighted_mean(picture: Picture, weight: Mask) -> Picture:
    """Mean over a picture (h, w, k), shape (k,); 0 without any weight."""
    # Summed in double precision: single sums depend on where in memory the picture lies, in the last bit.
    total = np.einsum("hwk,hw->k", picture, weight, dtype=np.float64)
    return np.asarray(total / max(float(weight.sum(dtype=np.float64)), 1e-6), np.float32)


def widely_blurred(picture: Picture, sigma: float) -> Picture:
    """Gaussian blur; a wide one is taken on a smaller picture, where nothing is lost and time is saved."""
    factor = int(sigma / _WIDE_BLUR)
    if factor < 2:
        return blurred(picture, sigma)
    height, width = picture.shape[:2]
    size = (max(1, round(width / factor)), max(1, round(height / factor)))
    small = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.float32)
    smooth = blurred(small, sigma * size[0] / width)
    return np.asarray(cv2.resize(smooth, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)


def reaching_blur(picture: NDArray[np.floating], weight: NDArray[np.floating], sigma: float) -> Picture:
    """Gaussian mean of the weighted pixels only, (height, width, k); reaches farther where there are none."""
    weighted = np.dstack([picture * weight[..., None], weight]).astype(np.float32)
    total = np.zeros_like(weighted)
    for scale, share in ((1.0, 1.0), (3.0, 1e-2), (9.0, 1e-4)):
        total += share * widely_blurred(weighted, max(0.6, sigma * scale))
    return np.asarray(total[..., :-1] / np.maximum(total[..., -1:], 1e-9), np.float32)
