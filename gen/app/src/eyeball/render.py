"""One eyeball between its lids, drawn in the scene's light."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gen.app.src.eyeball.anatomy import EyeAxes, Globe
from gen.app.src.eyeball.aperture import Aperture
from gen.app.src.eyeball.catchlight import Catchlight, draw_catchlight
from gen.app.src.eyeball.grid import EyeGrid, Plane, soft_step
from gen.app.src.eyeball.iris import IrisLook, draw_iris
from gen.app.src.eyeball.light import SceneLight
from gen.app.src.eyeball.sclera import draw_sclera
from gen.app.src.eyeball.shading import (
    coverage,
    draw_caruncle,
    draw_wet_line,
    globe_normals,
    lid_light,
    shadow_tint,
)

FloatArray = NDArray[np.float64]

_LIMBUS_EDGE = 0.075
"""Half width of the limbus, where iris turns into sclera, in iris radii: 0.9 mm from end to end."""
_EDGE_SOFTNESS = 0.006
"""Half width of the opening's edge in eye widths: the lids are not knives."""


@dataclass(frozen=True)
class Eyeball:
    """Everything that an eyeball's picture depends on.

    Attributes:
        globe: its place; `globe.center` is where the iris is drawn.
        skin: linear RGB of the skin around the eye, which carries the level and cast of the light.
        white: linear RGB of the sclera where it faces the viewer.
        cast: linear RGB of an ordinary sclera in this light, to which the iris' colour relates.
    """

    axes: EyeAxes
    globe: Globe
    aperture: Aperture
    iris: IrisLook
    catchlight: Catchlight
    light: SceneLight
    skin: FloatArray
    white: FloatArray
    cast: FloatArray
    seed: int


def draw_eyeball(eye: Eyeball, grid: EyeGrid) -> tuple[Plane, Plane]:
    """Linear RGB (height, width, 3) and coverage (height, width) on the drawing grid."""
    rng = np.random.default_rng(eye.seed)
    normals = globe_normals(grid, eye.axes, eye.globe)
    drawn = draw_sclera(grid, eye.white, eye.light, normals, eye.axes.width, rng)

    x, y = _iris_coordinates(grid, eye)
    iris = draw_iris(x, y, eye.iris, eye.cast, eye.light, eye.axes.width, rng)
    limbus = soft_step(1.0 - np.hypot(x, y), _LIMBUS_EDGE)[..., None]
    drawn = drawn * (1.0 - limbus) + iris * limbus

    drawn = draw_caruncle(grid, drawn, eye.aperture, eye.skin)
    drawn = drawn * shadow_tint(lid_light(grid, eye.aperture, eye.light), eye.skin)
    drawn = draw_wet_line(grid, drawn, eye.aperture, eye.skin, eye.light)

    patch, veil = draw_catchlight(x, y, eye.catchlight)
    tint = eye.white / max(float(eye.white.max()), 1e-6)
    drawn = drawn + (veil * limbus[..., 0])[..., None] * tint
    drawn = drawn * (1.0 - patch[..., None]) + patch[..., None] * eye.catchlight.level * tint**0.5

    return drawn.astype(np.float32), coverage(grid, eye.aperture, _EDGE_SOFTNESS)


def _iris_coordinates(grid: EyeGrid, eye: Eyeball) -> tuple[Plane, Plane]:
    """Picture coordinates from the iris centre, in iris radii."""
    center = eye.axes.to_eye(eye.globe.center)
    scale = eye.axes.width / eye.globe.iris_radius
    du, dv = (grid.u - center[0]) * scale, (grid.v - center[1]) * scale
    x = du * eye.axes.along[0] + dv * eye.axes.down[0]
    y = du * eye.axes.along[1] + dv * eye.axes.down[1]
    return x.astype(np.float32), y.astype(np.float32)
