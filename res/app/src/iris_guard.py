"""Did restoring change the colour of an iris? Needs NumPy and OpenCV."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from contracts.face import Side
from imaging.colour import to_encoded, to_linear
from imaging.eye_mesh import IRIS, eye_polygon

FloatArray = NDArray[np.float64]
FloatImage = NDArray[np.float32]
Mask = NDArray[np.bool_]

LIGHTNESS_WEIGHT = 0.5
"""Restoring rightly changes contrast, but not hue."""
DISC = 0.85
"""Of the iris's radius: its dark rim mixes with the sclera."""
LEAST_PIXELS = 20


def iris_change(before: FloatImage, after: FloatImage, mesh: FloatArray, side: Side) -> float | None:
    """Distance of the iris's median colours in CIE Lab, lightness weighted by `LIGHTNESS_WEIGHT`.

    Medians over the visible disc pass over the pupil and the catchlight; they are taken in linear light.

    Args:
        before, after: (height, width, 3), sRGB-encoded 0..1, of the same face.
        mesh: (478, 2 or 3) in the pictures' frame, as the eye is in `before`.

    Returns:
        None where too little of the iris is seen.
    """
    disc = visible_iris(mesh, side, before.shape[:2])
    if np.count_nonzero(disc) < LEAST_PIXELS:
        return None
    difference = _median_lab(after, disc) - _median_lab(before, disc)
    return float(np.linalg.norm(difference * (LIGHTNESS_WEIGHT, 1.0, 1.0)))


def visible_iris(mesh: FloatArray, side: Side, shape: tuple[int, ...]) -> Mask:
    """The disc of the iris between the lids."""
    center, *limbus = mesh[list(IRIS[side]), :2]
    radius = DISC * float(np.linalg.norm(np.asarray(limbus) - center, axis=1).mean())
    y, x = np.ogrid[: shape[0], : shape[1]]
    between_lids = np.zeros(shape, np.uint8)
    cv2.fillPoly(between_lids, [np.round(eye_polygon(mesh, side)).astype(np.int32)], 1)
    disc: Mask = ((x - center[0]) ** 2 + (y - center[1]) ** 2 <= radius**2) & (between_lids > 0)
    return disc


def _median_lab(srgb: FloatImage, where: Mask) -> FloatArray:
    median = np.median(to_linear(srgb)[where], axis=0).astype(np.float32)
    lab = cv2.cvtColor(to_encoded(median.reshape(1, 1, 3)), cv2.COLOR_RGB2Lab)
    return np.asarray(lab.reshape(3), np.float64)
