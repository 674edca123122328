"""What no eye is: of all colours, all of one, or striped. Noise is the first, a painter's hole the second."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from face.app.src.eye_patch import PATCH
from face.app.src.picture_pyramid import Grey, Rgb8
from imaging.colour import to_lab

EYE_AND_LIDS = (22.0, 14.0)
"""Semi-axes in px of the patch, 0.7 x 0.44 eye widths: what a painter changes."""
BETWEEN_LIDS = (13.0, 3.5)
"""0.4 x 0.11 eye widths: a strip inside of an open eye, from white to white."""
ROWS = (28, 30, 32, 34, 36)
SPAN = slice(18, 46)
"""Rows and columns of the patch that lie between the lids of an open eye."""
STEP = 0.075
"""Of the skin's brightness; nearer to a row's median a pixel is neither light nor dark."""
STRIPS = (-3, -1, 1, 3)
"""px below the corner line at which strips are looked at: eyes look up and down."""
GRAIN_BLUR = 1.0
"""px, against grain of colour and chroma that JPEG stored in blocks."""
FINE_BLUR = 0.7
"""px, where details count more than grain."""
LIT_SHARE = 70
"""Percentile of the patch's brightness that stands for its skin."""
NIGHT = 6.0
"""Levels added to it: dark photos have little contrast to measure."""


def colour_spread(patch: Rgb8) -> float:
    """Spread of the colours off the one line that they share: CIELAB units, standard deviation.

    Skin, sclera and brown or blue irises lie along one line of the a*b* plane, from the skin's hue through
    grey to its opposite, in any light. Returns the smaller axis of the scatter.
    """
    soft = cv2.GaussianBlur(patch, (0, 0), GRAIN_BLUR)
    lab = to_lab((soft / 255).astype(np.float32))
    smaller, _ = np.linalg.eigvalsh(np.cov(lab[_ellipse(EYE_AND_LIDS), 1:].T))
    return float(np.sqrt(max(smaller, 0.0)))


def inner_contrast(patch: Rgb8) -> float:
    """Contrast between the lids, over the brightness of the skin: of the strip that has the least.

    Iris and sclera, or catchlight and pupil: something differs wherever one looks inside of an eye.
    """
    grey, skin = _soft_grey(patch)
    spans = [float(np.subtract(*np.percentile(grey[_ellipse(BETWEEN_LIDS, y)], (90, 10)))) for y in STRIPS]
    return min(spans) / skin


def alternations(patch: Rgb8) -> int:
    """How often light and dark take turns along the eye: two or three times for white, iris and white.

    The median of several rows; a catchlight adds two to some of them.
    """
    grey, skin = _soft_grey(patch)
    return int(np.median([_turns(grey[row, SPAN].astype(float), STEP * skin) for row in ROWS]))


def _turns(row: NDArray[np.float64], step: float) -> int:
    away = row - np.median(row)
    light = away[np.abs(away) > step] > 0
    return int(np.count_nonzero(light[1:] != light[:-1]))


def _soft_grey(patch: Rgb8) -> tuple[Grey, float]:
    """The patch without its finest grain, and the brightness of its skin."""
    grey = cv2.cvtColor(cv2.GaussianBlur(patch, (0, 0), FINE_BLUR), cv2.COLOR_RGB2GRAY)
    return grey, float(np.percentile(grey, LIT_SHARE)) + NIGHT


def _ellipse(semi_axes: tuple[float, float], below: float = 0.0) -> NDArray[np.bool_]:
    """Pixels of the patch inside an ellipse around its middle, `below` px lower."""
    y, x = np.indices((PATCH, PATCH)) - (PATCH - 1) / 2
    return np.asarray((x / semi_axes[0]) ** 2 + ((y - below) / semi_axes[1]) ** 2 <= 1)
