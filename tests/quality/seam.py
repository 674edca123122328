"""Whether the border of an edit can be seen: how steep it is, beside how steep its surroundings are."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
Mask = NDArray[np.bool_]

EDITED = 2
"""8-bit levels beyond which a pixel counts as edited; rounding and grain stay below."""
RING, SURROUNDINGS = 0.03, 0.12
"""Half width of the border, and width of the skin around it, eye widths."""
HOLES = 0.04
LEAST_AREA = 0.02
"""Squared eye widths; smaller edits have no border to speak of."""
LEAST_GRADIENT = 0.5
"""8-bit levels a pixel: smoother is smooth."""


def seam(before: Picture, after: Picture, region: Mask, eye_width: float) -> float | None:
    """Gradient along the border over that of the untouched skin around it, relative to the same before.

    1 is unnoticeable, above it shows, below it is smoother than it was.

    Args:
        region: pixels around one eye, shape (height, width).

    Returns:
        None where too little was edited.
    """
    rows, columns = (np.flatnonzero(region.any(axis=axis)) for axis in (1, 0))
    margin = int(np.ceil((SURROUNDINGS + RING) * eye_width)) + 2
    top, left = max(rows[0] - margin, 0), max(columns[0] - margin, 0)
    window = np.s_[top : rows[-1] + margin, left : columns[-1] + margin]
    first, second = before[window].astype(np.float32), after[window].astype(np.float32)
    differs = ((np.abs(first - second).max(axis=2) > EDITED) & region[window]).astype(np.uint8)
    edited = cv2.morphologyEx(differs, cv2.MORPH_CLOSE, _disc(HOLES * eye_width))
    if edited.sum() < LEAST_AREA * eye_width**2:
        return None
    grown = cv2.dilate(edited, _disc(RING * eye_width))
    ring = (grown > 0) & (cv2.erode(edited, _disc(RING * eye_width)) == 0)
    around = (cv2.dilate(grown, _disc(SURROUNDINGS * eye_width)) > 0) & (grown == 0)
    if not around.any():
        return None
    steepness = [_steepness(picture, ring, around) for picture in (first, second)]
    return steepness[1] / steepness[0]


def _steepness(picture: NDArray[np.float32], ring: Mask, around: Mask) -> float:
    grey = picture.mean(axis=2)
    gradient = np.hypot(
        cv2.Sobel(grey, cv2.CV_32F, 1, 0, scale=1 / 8), cv2.Sobel(grey, cv2.CV_32F, 0, 1, scale=1 / 8)
    )
    means = [max(float(gradient[where].mean()), LEAST_GRADIENT) for where in (ring, around)]
    return means[0] / means[1]


def _disc(radius: float) -> NDArray[np.uint8]:
    size = 2 * max(1, round(radius)) + 1
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size)), np.uint8)
