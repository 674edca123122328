"""What the cornea mirrors: the light source as a small bright patch, the bright surroundings as a veil."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gen.app.src.eyeball.grid import Plane
from gen.app.src.eyeball.light import SceneLight

FloatArray = NDArray[np.float64]

_CORNEA_RADIUS = 1.32
"""Radius of the cornea in iris radii: 7.8 mm over 5.9 mm."""
_FARTHEST = 0.52
"""A catchlight farther out than this, in iris radii, would sit on the limbus."""
_DARK, _LIT = 0.015, 0.06
"""Skin luminance below which a scene has no catchlight, and from which it has a whole one."""


@dataclass(frozen=True)
class Catchlight:
    """A mirrored light source in iris radii from the iris centre, the same for both eyes.

    Attributes:
        x, y: its middle, x right, y down.
        half_width, half_height: of a window-like patch.
        softness: width of its edge.
        level: linear luminance it reaches.
        veil: linear luminance of the mirrored surroundings in the upper half.
    """

    x: float
    y: float
    half_width: float
    half_height: float
    softness: float
    level: float
    veil: float


def catchlight_of(light: SceneLight, skin_luminance: float, rng: np.random.Generator) -> Catchlight:
    """The catchlight that a light direction puts onto a camera-looking cornea.

    A mirror shows the source where its normal halves the angle between the source and the viewer.
    """
    half = light.direction + np.array([0.0, 0.0, -1.0])
    half = half / max(float(np.linalg.norm(half)), 1e-6)
    x, y = (_CORNEA_RADIUS * half[:2]).tolist()
    # A camera would stand in front of a source right behind it; real ones stand above or beside it.
    y = min(y, -0.20)
    x = x + float(rng.uniform(-0.04, 0.04))
    reach = float(np.hypot(x, y))
    if reach > _FARTHEST:
        x, y = x * _FARTHEST / reach, y * _FARTHEST / reach
    size = (0.050 + 0.045 * light.ambient) * float(rng.uniform(0.9, 1.1))
    present = float(np.clip((skin_luminance - _DARK) / (_LIT - _DARK), 0.0, 1.0))
    level = float(np.clip(3.0 * skin_luminance**0.8, 0.0, 1.0)) * (1.15 - 0.45 * light.ambient) * present
    return Catchlight(
        x,
        y,
        half_width=size * 0.85,
        half_height=size * 1.1,
        softness=0.03 + 0.04 * light.ambient,
        level=min(level, 0.95),
        veil=(0.015 + 0.03 * light.ambient) * skin_luminance,
    )


def draw_catchlight(x: Plane, y: Plane, catchlight: Catchlight) -> tuple[Plane, Plane]:
    """Opacity of the patch, and the veil's linear luminance; x, y in iris radii from the iris centre."""
    dx = (x - catchlight.x) / catchlight.half_width
    dy = (y - catchlight.y) / catchlight.half_height
    # A superellipse: between a round lamp and a rectangular window.
    distance = (np.abs(dx) ** 3 + np.abs(dy) ** 3) ** (1 / 3) - 1.0
    edge = catchlight.softness / catchlight.half_width
    patch = 1.0 / (1.0 + np.exp(np.clip(distance / (0.45 * edge), -30.0, 30.0)))
    veil = catchlight.veil * np.exp(-(((x / 0.9) ** 2) + ((y + 0.35) / 0.45) ** 2))
    return patch.astype(np.float32), veil.astype(np.float32)
