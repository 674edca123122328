"""How visible the border of an edit is. Needs NumPy and OpenCV."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from imaging.colour import largest_channel

FloatImage = NDArray[np.float32]

VISIBLE = 2 / 255
"""Change of an encoded value that counts as edited."""
RING = 0.03
"""Half width of the border, eye widths."""
CLOSING = 0.04
SMALLEST_AREA = 0.02
"""Of the squared eye width; edits below have no border to speak of."""
SMALLEST_GRADIENT = 1 / 255


def seam_ratio(before: FloatImage, after: FloatImage, eye_width: float) -> float | None:
    """Mean gradient along the border of what was edited, after over before; 1 is unnoticeable.

    Args:
        before, after: (height, width, 3), encoded 0..1.
        eye_width: px of these pictures.

    Returns:
        None where nothing visible was edited.
    """
    differs = (largest_channel(np.abs(after - before)) > VISIBLE).astype(np.uint8)
    edited = cv2.morphologyEx(differs, cv2.MORPH_CLOSE, _disc(CLOSING * eye_width))
    if edited.sum() < max(9.0, SMALLEST_AREA * eye_width**2):
        return None
    disc = _disc(RING * eye_width)
    ring = cv2.dilate(edited, disc) > cv2.erode(edited, disc)
    gradients = [_gradient(picture)[ring].mean() for picture in (before, after)]
    return float(gradients[1] / max(gradients[0], SMALLEST_GRADIENT))


def _gradient(picture: FloatImage) -> FloatImage:
    """Magnitude per pixel of the mean channel."""
    grey = picture.mean(axis=2)
    return np.asarray(
        np.hypot(cv2.Sobel(grey, -1, 1, 0, scale=1 / 8), cv2.Sobel(grey, -1, 0, 1, scale=1 / 8)), np.float32
    )


def _disc(radius: float) -> NDArray[np.uint8]:
    size = 2 * max(1, int(radius)) + 1
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size)), np.uint8)
