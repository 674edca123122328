"""Iris and sclera, looked for in the pixels of an eye patch; nothing here is learned.

An iris is a disc darker than what lies left and right of it. Lashes are dark too, but in one thin row;
so the contrast has to show in two of three rows across the disc (Daugman's integro-differential idea,
without the top and bottom that the lids cover). A sclera is what flanks it, if it is less coloured than
the skin below the eye.
"""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np

from face.app.src.eye_patch import PATCH
from face.app.src.picture_pyramid import Grey, Rgb8

RADII = (4.5, 5.25, 6.0, 7.0, 8.0)
"""px of a patch whose eye is 32 px wide: 0.14 to 0.25 eye widths (11.7 mm irises in 23 to 40 mm of lids)."""
HALF_WIDTH, ABOVE, BELOW = 9, 8, 4
"""px around the middle of the corner line in which the centre of the iris may lie; the line lies low."""
ROWS_OF_DISC = ((-0.75, -0.15), (-0.4, 0.4), (0.15, 0.75))
"""Upper, middle and lower row, in radii."""
FLANK = (1.1, 2.5)
"""Where a flank begins, in radii, and how wide it is, in px."""
KERNEL = 14
MIDDLE = (PATCH - 1) / 2

IRIS_MIDDLE, IRIS_SLOPE = 0.36, 0.06
SCLERA_MIDDLE, SCLERA_SLOPE = 0.24, 0.08
"""Logistic curves: the contrasts at which half is reached lie between labelled open and closed eyes."""


@cache
def _filters(radius: float) -> tuple[list[tuple[Grey, Grey]], Grey]:
    """For each row of the disc: left and right flank less disc; and the disc itself. Means, as kernels."""
    y, x = np.mgrid[-KERNEL : KERNEL + 1, -KERNEL : KERNEL + 1].astype(np.float32)
    distance = np.hypot(x, y)

    def between(value: Grey, low: float, high: float) -> Grey:
        return np.clip(value - low + 0.5, 0, 1) * np.clip(high - value + 0.5, 0, 1)

    def mean(kernel: Grey) -> Grey:
        return np.asarray(kernel / kernel.sum())

    inside = between(distance, -1.0, 0.9 * radius)
    flank = between(distance, FLANK[0] * radius, FLANK[0] * radius + FLANK[1])
    rows = []
    for low, high in ROWS_OF_DISC:
        row = between(y, low * radius, high * radius)
        disc = mean(inside * row)
        rows.append((mean(flank * row * (x < 0)) - disc, mean(flank * row * (x > 0)) - disc))
    return rows, mean(inside * between(y, -0.6 * radius, 0.8 * radius))


def iris_and_sclera(patch: Rgb8) -> tuple[float, float]:
    """Evidence of an iris and of a sclera, each 0..1."""
    colour = cv2.GaussianBlur(patch.astype(np.float32), (0, 0), 0.7)
    grey = cv2.cvtColor(colour, cv2.COLOR_RGB2GRAY)
    skin = float(np.percentile(grey, 70)) + 6.0  # the offset keeps night shots from dividing by nothing
    contrast, center, radius = _best_disc(grey, skin)
    return (
        _logistic((contrast - IRIS_MIDDLE) / IRIS_SLOPE),
        _logistic((_whiteness(colour, grey, skin, center, radius) - SCLERA_MIDDLE) / SCLERA_SLOPE),
    )


def _best_disc(grey: Grey, skin: float) -> tuple[float, tuple[float, float], float]:
    """Contrast (in skin brightness), centre (x, y from the patch's middle) and radius of the best disc."""
    middle = PATCH // 2
    window = (
        slice(middle - ABOVE, middle + BELOW + 1),
        slice(middle - HALF_WIDTH, middle + HALF_WIDTH + 1),
    )
    best = (-np.inf, (0.0, 0.0), RADII[0])
    for radius in RADII:
        rows, disc = _filters(radius)
        steps = []
        for left, right in rows:
            both = np.stack([_filtered(grey, k)[window] for k in (left, right)]) / skin
            weaker, stronger = both.min(0), both.max(0)
            # a sideways look leaves little white on one side: the stronger side may help, not decide
            steps.append(0.7 * weaker + 0.3 * np.minimum(stronger, 2 * np.maximum(weaker, 0) + 0.1))
        ordered = np.sort(np.stack(steps), axis=0)
        darkness = np.clip(1 - _filtered(grey, disc)[window] / skin, 0, 0.8)
        contrast = ordered[1] + 0.5 * np.clip(ordered[0], -0.2, 1) + 0.35 * darkness
        y, x = np.unravel_index(int(contrast.argmax()), contrast.shape)
        if contrast[y, x] > best[0]:
            center = (x + window[1].start - MIDDLE, y + window[0].start - MIDDLE)
            best = (float(contrast[y, x]), center, radius)
    return best


def _whiteness(colour: Grey, grey: Grey, skin: float, center: tuple[float, float], radius: float) -> float:
    """How much brighter than the disc, and less coloured than the skin below, the flanks are."""
    y, x = np.mgrid[0:PATCH, 0:PATCH] - MIDDLE
    row = (y > center[1] - 0.3 * radius) & (y < center[1] + 0.5 * radius)
    away = np.abs(x - center[0])
    flank = row & (away > FLANK[0] * radius) & (away < FLANK[0] * radius + 6) & (np.abs(x) < PATCH / 4 - 1)
    disc = row & (away < 0.6 * radius)
    below = (np.abs(x) < PATCH / 4) & (y > center[1] + 1.3 * radius) & (y < center[1] + 1.3 * radius + 6)
    if not (flank.any() and disc.any() and below.any()):
        return 0.0
    saturation = (colour.max(2) - colour.min(2)) / (colour.max(2) + 12.0)
    brighter = float(grey[flank].mean() - grey[disc].mean()) / skin
    return brighter + float(saturation[below].mean() - saturation[flank].mean())


def _filtered(grey: Grey, kernel: Grey) -> Grey:
    return cv2.filter2D(grey, -1, kernel, borderType=cv2.BORDER_REPLICATE)


def _logistic(value: float) -> float:
    return float(1 / (1 + np.exp(-value)))
