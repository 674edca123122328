"""The iris and the pupil: fibres, collarette and limbal ring around a mean colour."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from gen.app.src.eyeball.grid import Plane, soft_step
from gen.app.src.eyeball.light import SceneLight
from imaging.colour import LUMINANCE

FloatArray = NDArray[np.float64]

_PUPIL_LIMITS = (0.32, 0.44)
"""Radius of the pupil in iris radii, in bright and in dim scenes: 3.7 to 5.2 mm across."""
_PUPIL_WIDTHS, _PUPIL_ALBEDO, _PUPIL_SHARE = (60.0, 120.0), (0.030, 0.004), 0.4
"""A pupil's albedo by the eye's width in px: black where it is resolved; in small eyes lenses, sharpening and
compression mix the iris and its mirror images into it, of whose luminance it then has the last at most. Drawn
black, pupils of 26 people, most of them small, had 0.08 of the skin's luminance; true ones have 0.12."""
_TABLE = (16, 512)
"""Radial and angular cells of the fibre table."""


@dataclass(frozen=True)
class IrisLook:
    """What an iris looks like.

    Attributes:
        albedo: mean linear RGB in white light of unit strength, `REFERENCE_WHITE` being the sclera's.
        pupil: radius in iris radii.
        beside_open: an open eye of the face is seen, beside whose black pupil a paler one would look milky.
    """

    albedo: FloatArray
    pupil: float
    beside_open: bool = False

    def pupil_albedo(self, width: float) -> float:
        """Luminance albedo of the pupil. width: of the eye in crop px."""
        if self.beside_open:
            return _PUPIL_ALBEDO[-1]
        unresolved = float(np.interp(width, _PUPIL_WIDTHS, _PUPIL_ALBEDO))
        return max(_PUPIL_ALBEDO[-1], min(unresolved, _PUPIL_SHARE * float(self.albedo @ LUMINANCE)))


REFERENCE_WHITE = 0.62
"""Luminance albedo of the sclera, to which iris albedos relate."""


def pupil_radius(skin_luminance: float, rng: np.random.Generator) -> float:
    """Pupil in iris radii: smaller the brighter the scene, with a little individual variation."""
    bright, dim = _PUPIL_LIMITS
    brightness = float(np.clip((skin_luminance - 0.08) / 0.42, 0.0, 1.0))
    return dim + (bright - dim) * brightness + float(rng.uniform(-0.02, 0.02))


def draw_iris(
    x: Plane,
    y: Plane,
    look: IrisLook,
    white: FloatArray,
    light: SceneLight,
    width: float,
    rng: np.random.Generator,
) -> Plane:
    """Iris and pupil, shape (height, width, 3), linear light; meaningful where x^2 + y^2 <= 1.

    Args:
        x, y: picture coordinates from the iris centre in iris radii, x right, y down.
        white: linear RGB of the sclera beside it, which carries the light's level and cast.
        width: of the eye in crop px.
    """
    radius = np.hypot(x, y)
    # 0 at the pupil's edge .. 1 at the limbus.
    ring = np.clip((radius - look.pupil) / (1.0 - look.pupil), 0.0, 1.0)
    fibre = _fibres(x, y, ring, rng)
    albedo_luminance = float(look.albedo @ LUMINANCE)
    lightness = float(np.clip(albedo_luminance / 0.12, 0.0, 1.0))  # 0 dark brown .. 1 blue or grey

    collarette = np.exp(-(((ring - 0.30) / 0.16) ** 2))
    profile = 0.88 + (0.22 + 0.16 * lightness) * collarette - 0.30 * np.exp(-((ring / 0.07) ** 2))
    limbal = soft_step(ring - 0.84, 0.22)
    profile = profile * (1.0 - (0.58 + 0.14 * lightness) * limbal)
    profile = profile * np.clip(1.0 + (0.20 + 0.10 * lightness) * fibre * (1.0 - 0.6 * limbal), 0.3, 1.9)

    # Light that enters the cornea falls on the far side of the iris.
    across = x * light.direction[0] + y * light.direction[1]
    lit = np.clip(1.0 - 0.85 * across * (1.0 - 0.45 * light.ambient), 0.40, 2.0)

    warm = collarette[..., None] * np.array([0.20, 0.05, -0.12]) * lightness
    colour = look.albedo * (1.0 + warm) * (profile * lit)[..., None]
    pupil_edge = soft_step(radius - look.pupil, 0.035)[..., None]
    colour = look.pupil_albedo(width) * (1.0 - pupil_edge) + colour * pupil_edge
    return np.asarray(colour * (white / REFERENCE_WHITE), np.float32)


def _fibres(x: Plane, y: Plane, ring: Plane, rng: np.random.Generator) -> Plane:
    """Radial fibres of mean about 0 and standard deviation about 1, seamless around the iris."""
    rows, columns = _TABLE
    table = np.zeros(_TABLE, np.float32)
    for count, bends, weight in ((20, 3, 0.55), (48, 4, 0.60), (112, 5, 0.55)):
        cells = rng.standard_normal((bends, count)).astype(np.float32)
        around = np.concatenate([cells[:, -2:], cells, cells[:, :2]], axis=1)
        scale = columns / count
        wide = cv2.resize(around, (round(scale * (count + 4)), rows), interpolation=cv2.INTER_CUBIC)
        start = round(2 * scale)
        table += weight * wide[:, start : start + columns]
    table = np.concatenate([table, table[:, :1]], axis=1)
    angle = (np.arctan2(y, x) / (2 * np.pi) + 0.5) * columns
    row = (ring * (rows - 1)).astype(np.float32)
    return np.asarray(cv2.remap(table, angle.astype(np.float32), row, cv2.INTER_LINEAR))
