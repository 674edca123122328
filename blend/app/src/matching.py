"""The last match of a painting to its crop: light, colour, and no colour where the photo has none.

Needs NumPy and OpenCV. Everything here is exactly zero where the painting equals the crop.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from imaging.colour import largest_channel, to_encoded, to_linear
from imaging.tone import Tone

FloatImage = NDArray[np.float32]
Mask = NDArray[np.bool_]

NOTICEABLE = 5 / 255
"""Change of an encoded value from which on content counts as replaced."""
ENTRY = 0.02
"""Eye widths from the edge of what was painted to where it counts fully."""
SMOOTHING = 0.06
"""Eye widths; light is compared without detail."""
RING = (0.05, 0.7)
"""Opacities between which the painting runs into its surroundings and should agree with them."""
LEAST_SHARE = 0.2
"""Share of the ring that must be painted for its light to be worth comparing."""
LARGEST_LOG_GAIN = 0.12
SMALLEST_LOG_GAIN = 0.02
"""Differences below are left: they are content, not light."""
DARKEST = 0.01
"""Linear light added on both sides of a ratio, so that black pixels do not decide it."""


@dataclass(frozen=True, eq=False)
class Change:
    """What a painting changed, in the crop frame.

    Attributes:
        entry: 0 exactly where painting and crop are equal, rising to 1 inside of what was painted.
        replaced: 0..1, how much of the content is new; 0 wherever `entry` is.
    """

    entry: FloatImage
    replaced: FloatImage


def change_of(crop: FloatImage, painted: FloatImage, eye_width: float) -> Change:
    """Compare a painting (size, size, 3) with its crop."""
    difference = largest_channel(np.abs(painted - crop))
    changed = (difference > 0).astype(np.uint8)
    depth = cv2.distanceTransform(changed, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    entry = np.clip(depth / max(2.0, ENTRY * eye_width), 0.0, 1.0).astype(np.float32)
    near = cv2.GaussianBlur(difference, (0, 0), max(1.0, ENTRY * eye_width))
    return Change(entry, entry * np.clip(near / np.float32(NOTICEABLE), 0.0, 1.0))


def matched_light(
    crop: FloatImage, painted: FloatImage, opacity: FloatImage, change: Change, eye_width: float
) -> FloatImage:
    """The painting with one gain per channel, in linear light, that makes its rim agree with the crop.

    A gain per eye rather than per pixel: a local correction would take the shading of the painted eye
    for a fault.
    """
    ring = (opacity > RING[0]) & (opacity < RING[1])
    painted_ring = ring & (change.entry > 0)
    if painted_ring.sum() < max(30.0, LEAST_SHARE * ring.sum()):
        return painted
    sigma = max(1.0, SMOOTHING * eye_width)
    before, after = to_linear(crop), to_linear(painted)
    smooth = [cv2.GaussianBlur(light, (0, 0), sigma)[painted_ring] + DARKEST for light in (before, after)]
    log_gain = np.median(np.log(smooth[0] / smooth[1]), axis=0)
    log_gain = np.sign(log_gain) * np.maximum(np.abs(log_gain) - SMALLEST_LOG_GAIN, 0.0)
    log_gain = np.clip(log_gain, -LARGEST_LOG_GAIN, LARGEST_LOG_GAIN)
    if not log_gain.any():
        return painted
    gained = to_encoded(after * np.exp(log_gain).astype(np.float32))
    result: FloatImage = painted + change.entry[:, :, None] * (gained - painted)
    return result


def matched_tone(crop: FloatImage, painted: FloatImage, change: Change, tone: Tone) -> FloatImage:
    """The painting in the single tone of a black and white, sepia or otherwise toned photo.

    A colour of the painting other than the photo gives to that lightness is dropped, whoever painted it.

    Args:
        tone: of the whole crop.
    """
    before, after = (
        np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2Lab), np.float32) for picture in (crop, painted)
    )
    toned = after.copy()
    # What a place has beyond the tone says nothing about another lightness: there is no colour in black.
    lightness = [np.maximum(picture[:, :, :1], 1.0) for picture in (before, after)]
    share = np.minimum(*lightness) / np.maximum(*lightness)
    beyond = before[:, :, 1:] - tone.colour_at(before[:, :, 0])
    toned[:, :, 1:] = tone.colour_at(after[:, :, 0]) + share * beyond
    encoded = np.clip(cv2.cvtColor(toned, cv2.COLOR_Lab2RGB), 0.0, 1.0)
    result: FloatImage = painted + change.entry[:, :, None] * (encoded - painted)
    return result
