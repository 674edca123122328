"""Whether a picture has colours, one hue, or none, by its statistics in CIE Lab.

Needs NumPy and OpenCV. In a black and white picture, toned or faded or not, a pixel's colour follows
from its lightness; in a colour picture it does not. Pictures are averaged down first, so that JPEG's
chroma noise does not count as colour.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from imaging.colour import to_lab

FloatImage = NDArray[np.float32]

LOOK_SIZE = 64
"""Longer side, px, that a picture is averaged down to."""
LIGHTNESS_USED = (8.0, 97.0)
"""Black and clipped pixels have no reliable hue."""
DEGREE = 3

# Over 88 photos of faces, black and white ones (plain, toned, faded) have a residual of at most 4.2 around
# the eyes and colour ones (also colourised ones) of at least 4.7; median chroma separates 4.6 from 7.4.
LARGEST_GREY_CHROMA = 5.5
LARGEST_GREY_CHROMA_95 = 9.0
LARGEST_TONED_RESIDUAL = 4.4
LARGEST_TONED_RESIDUAL_PHOTO = 8.0


@dataclass(frozen=True, eq=False)
class Tone:
    """How a picture's colour follows from its lightness.

    Attributes:
        curve: (DEGREE + 1, 2) polynomial of L/100, highest power first, to a and b.
        residual: 95th percentile of the distance in a, b from the curve.
        chroma, chroma_95: median and 95th percentile of the chroma.
    """

    curve: NDArray[np.float64]
    residual: float
    chroma: float
    chroma_95: float

    def colour_at(self, lightness: FloatImage) -> FloatImage:
        """a and b on the curve, shape (..., 2)."""
        return (
            (np.vander(lightness.ravel() / 100, DEGREE + 1) @ self.curve)
            .astype(np.float32)
            .reshape(*lightness.shape, 2)
        )


def tone_of(srgb: FloatImage) -> Tone:
    """Measure a picture (height, width, 3), sRGB-encoded 0..1."""
    factor = min(1.0, LOOK_SIZE / max(srgb.shape[:2]))
    size = [max(1, round(length * factor)) for length in (srgb.shape[1], srgb.shape[0])]
    small = np.asarray(cv2.resize(srgb, size, interpolation=cv2.INTER_AREA), np.float32)
    lab = to_lab(small).reshape(-1, 3)
    usable = (lab[:, 0] > LIGHTNESS_USED[0]) & (lab[:, 0] < LIGHTNESS_USED[1])
    if usable.mean() > 0.05:
        lab = lab[usable]
    powers = np.vander(lab[:, 0] / 100, DEGREE + 1)
    curve = np.linalg.lstsq(powers, lab[:, 1:].astype(np.float64), rcond=None)[0]
    distance = np.linalg.norm(lab[:, 1:] - powers @ curve, axis=1)
    chroma = np.linalg.norm(lab[:, 1:], axis=1)
    return Tone(
        np.asarray(curve, np.float64),
        float(np.percentile(distance, 95)),
        float(np.median(chroma)),
        float(np.percentile(chroma, 95)),
    )


def is_greyscale(face: Tone) -> bool:
    """A face without colour, also one in a faded or slightly tinted picture."""
    return (
        face.chroma < LARGEST_GREY_CHROMA
        and face.chroma_95 < LARGEST_GREY_CHROMA_95
        and face.residual < LARGEST_TONED_RESIDUAL
    )


def may_be_toned(face: Tone) -> bool:
    """A face in one hue: sepia, cyanotype, a tinted scan, or evenly lit skin."""
    return not is_greyscale(face) and face.residual < LARGEST_TONED_RESIDUAL


def is_toned(face: Tone, photo: Tone) -> bool:
    """A face in one hue within a picture of one hue; skin alone may look single-hued."""
    return may_be_toned(face) and photo.residual < LARGEST_TONED_RESIDUAL_PHOTO
