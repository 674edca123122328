"""An iris seen whole, from one that corner and lids hide in part.

An iris looks alike all round: what is hidden has the colour of what is seen as far from the centre.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from gen.app.src.eye_box import blurred
from gen.app.src.lid_frame import LidFrame
from gen.app.src.sampling import sampled
from gen.app.src.transfer.limbus import Limbus
from imaging.colour import Image

FloatArray = NDArray[np.float64]
Plane = NDArray[np.float32]

# Lengths in iris radii.
_EDGE = 1.15
"""How far the picture of the iris reaches."""
_RINGS = 12
"""Rings along a radius."""
_FEWEST = 8
"""Samples of a ring that tell its colour."""
_CATCHLIGHTS = (0.55, 0.70)
"""Up to here what is bright is a catchlight; farther out it is lid or sclera."""
_BRIGHTER = 0.06
"""Encoded level by which a lid is brighter than the iris."""
_FADE = 0.05
"""Blur of the border between what is seen and what is filled in."""
_CELLS = (16, 128)
"""Least and most samples along a radius."""


@dataclass(frozen=True, eq=False)
class WholeIris:
    """A square picture of an iris that looks straight ahead.

    Attributes:
        picture: (n, n, 3), encoded, `_EDGE` radii to each side of the centre.
        seen: share of the iris that was seen.
    """

    picture: Image
    seen: float

    def at(self, x: FloatArray, y: FloatArray) -> Image:
        """Colours at a distance from the centre, iris radii; shape (..., 3)."""
        last = len(self.picture) - 1
        column, row = (((c / _EDGE + 1) * last / 2).astype(np.float32) for c in (x, y))
        border = cv2.BORDER_REPLICATE
        return np.asarray(
            cv2.remap(self.picture, column, row, cv2.INTER_CUBIC, borderMode=border), np.float32
        )


def whole_iris(picture: Image, frame: LidFrame, limbus: Limbus, visible: Plane) -> WholeIris:
    """The iris within `limbus`.

    Args:
        picture: (h, w, 3), encoded. frame: of the eye in it.
        visible: (h, w), 1 where the eyeball is seen for certain.
    """
    cells = int(np.clip(round(_EDGE * limbus.radius * frame.width), *_CELLS))
    steps = np.linspace(-_EDGE, _EDGE, 2 * cells + 1)
    x, y = np.meshgrid(steps, steps)
    places = frame.picture(limbus.u + x * limbus.across, limbus.v + y * limbus.radius)
    colours, seen = (sampled(plane, places) for plane in (picture, visible))
    reach = np.hypot(x, y)
    alike = _all_round(colours, seen > 0.5, reach)
    outer = np.clip((reach - _CATCHLIGHTS[0]) / (_CATCHLIGHTS[1] - _CATCHLIGHTS[0]), 0, 1)
    lid = np.clip((colours - alike).mean(axis=2) / _BRIGHTER - 1, 0, 1) * outer
    fade = _FADE * cells / _EDGE
    share = blurred((seen * (1 - blurred(lid.astype(np.float32), fade))).astype(np.float32), fade)[..., None]
    return WholeIris(
        np.asarray(alike + (colours - alike) * share, np.float32), float(share[reach < 1].mean())
    )


def _all_round(colours: Image, seen: NDArray[np.bool_], reach: FloatArray) -> Image:
    """For every sample the median colour of what is seen as far from the centre."""
    ring = (reach * _RINGS).astype(int)
    rings = np.arange(ring.max() + 1)
    samples = [colours[seen & (ring == k)] for k in rings]
    known = [k for k in rings if len(samples[k]) >= _FEWEST]
    if not known:
        return colours
    medians = np.array([np.median(samples[k], axis=0) for k in known])
    middles = (np.array(known) + 0.5) / _RINGS
    return np.stack([np.interp(reach, middles, channel) for channel in medians.T], axis=-1).astype(np.float32)
