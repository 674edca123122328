"""What the lids do to the light on the eyeball: shadow, occlusion, the wet line and the inner corner."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gen.app.src.eyeball.anatomy import EyeAxes, Globe
from gen.app.src.eyeball.aperture import Aperture
from gen.app.src.eyeball.grid import EyeGrid, Plane, soft_step
from gen.app.src.eyeball.light import SceneLight
from imaging.colour import LUMINANCE

FloatArray = NDArray[np.float64]

_LID_SHADOW, _LASH_SHADOW_DEPTH = 0.74, 0.074
"""Darkening right under the upper lid, and the depth over which it fades, eye widths."""
_LOWER_OCCLUSION, _LOWER_OCCLUSION_DEPTH = 0.34, 0.026
_LID_THICKNESS = 0.026
"""Visible thickness of the lower lid's margin, eye widths."""
_CARUNCLE_U, _CARUNCLE_WIDTH = 0.455, 0.050
"""Middle and half width of the caruncle along the corner line, eye widths."""


def globe_normals(grid: EyeGrid, axes: EyeAxes, globe: Globe) -> FloatArray:
    """Unit normals of the eyeball, shape (height, width, 3), in picture axes (x right, y down, z away)."""
    center = axes.to_eye(globe.center)
    radius = globe.radius / axes.width
    du, dv = (grid.u - center[0]) / radius, (grid.v - center[1]) / radius
    reach = np.hypot(du, dv)
    squeeze = np.where(reach > 0.96, 0.96 / np.maximum(reach, 1e-6), 1.0)
    du, dv = du * squeeze, dv * squeeze
    x = du * axes.along[0] + dv * axes.down[0]
    y = du * axes.along[1] + dv * axes.down[1]
    return np.stack([x, y, -np.sqrt(np.clip(1.0 - du * du - dv * dv, 0.0, 1.0))], axis=-1)


def lid_light(grid: EyeGrid, aperture: Aperture, light: SceneLight) -> Plane:
    """Share of the light that the lids and lashes let through, 0..1, shape (height, width)."""
    below_upper = np.maximum(grid.v - aperture.upper_at(grid.u), 0.0)
    above_lower = np.maximum(aperture.lower_at(grid.u) - grid.v, 0.0)
    # A high light throws the lashes' shadow farther down than one at eye level.
    depth = _LASH_SHADOW_DEPTH * (1.0 + 0.7 * max(0.0, -float(light.direction[1])))
    upper = 1.0 - _LID_SHADOW * np.exp(-((below_upper / depth) ** 1.25))
    lower = 1.0 - _LOWER_OCCLUSION * np.exp(-above_lower / _LOWER_OCCLUSION_DEPTH)
    corners = 1.0 - 0.30 * np.clip((np.abs(grid.u) - 0.30) / 0.20, 0.0, 1.0) ** 1.6
    return (upper * lower * corners).astype(np.float32)


def shadow_tint(share: Plane, skin: FloatArray) -> Plane:
    """Colour of light of which `share` is left: what the lids keep back they return in the skin's colour."""
    chroma = np.clip(skin / float(skin @ LUMINANCE), 0.3, 2.0)
    return (share[..., None] * chroma ** (0.35 * (1.0 - share[..., None]))).astype(np.float32)


def coverage(grid: EyeGrid, aperture: Aperture, softness: float) -> Plane:
    """How much of each sample the opening covers, 0..1; softness of its edge in eye widths."""
    inside = np.minimum(
        _slant(grid, aperture.u, aperture.upper, 1.0), _slant(grid, aperture.u, aperture.lower, -1.0)
    )
    within = np.minimum(inside, 0.5 - np.abs(grid.u))
    return soft_step(within.astype(np.float32), max(softness, 0.75 * grid.pixel))


def _slant(grid: EyeGrid, u: FloatArray, margin: FloatArray, sign: float) -> FloatArray:
    """Distance to a margin at a right angle to it, positive on the side that `sign` says."""
    slope = np.gradient(margin, u)
    distance = sign * (grid.v - np.interp(grid.u, u, margin))
    return distance / np.sqrt(1.0 + np.interp(grid.u, u, slope) ** 2)


def draw_caruncle(grid: EyeGrid, eye: Plane, aperture: Aperture, skin: FloatArray) -> Plane:
    """The pink flesh in the inner corner, with the fold beside it, over an eyeball in linear light."""
    middle = (aperture.upper_at(grid.u) + aperture.lower_at(grid.u)) / 2
    inside = soft_step(grid.u - (_CARUNCLE_U - _CARUNCLE_WIDTH), 0.022)
    flesh = skin * np.array([0.95, 0.62, 0.62])
    bump = 0.75 + 0.45 * np.exp(
        -(((grid.u - _CARUNCLE_U + 0.01) / 0.030) ** 2) - ((grid.v - middle - 0.004) / 0.022) ** 2
    )
    drawn = eye * (1.0 - 0.85 * inside[..., None]) + 0.85 * inside[..., None] * flesh * bump[..., None]
    fold = np.exp(-(((grid.u - (_CARUNCLE_U - _CARUNCLE_WIDTH - 0.016)) / 0.018) ** 2))
    return np.asarray(drawn * (1.0 - fold[..., None] * np.array([0.10, 0.24, 0.22])), np.float32)


def draw_lower_margin(
    grid: EyeGrid, aperture: Aperture, skin: FloatArray, light: SceneLight, contrast: float
) -> tuple[Plane, Plane]:
    """The lower lid's thickness, a moist pale band below the eyeball, and the lash roots under it.

    Returns:
        Linear RGB (height, width, 3) and opacity (height, width) on the drawing grid.
    """
    below = _slant(grid, aperture.u, aperture.lower, 1.0)
    taper = np.clip((0.5 - np.abs(grid.u)) / 0.14, 0.0, 1.0)
    thickness = _LID_THICKNESS * (0.35 + 0.65 * taper)
    # The band faces upwards: light from above finds it, and it shines where it is wet.
    lit = 0.93 + 0.20 * max(0.0, -float(light.direction[1]))
    band = soft_step(below + 0.006, 0.008) * soft_step(thickness - below, 0.010)
    roots = np.exp(-(((below - thickness - 0.004) / 0.011) ** 2)) * taper
    moist = skin * np.array([1.02, 0.88, 0.86]) * lit
    opacity = 0.40 * band * np.clip(taper * 1.6, 0.0, 1.0)
    dark = (0.12 + 0.34 * contrast) * roots
    total = opacity + dark * (1.0 - opacity)
    colour = opacity[..., None] * moist + (dark * (1.0 - opacity))[..., None] * skin * 0.10
    return (colour / np.maximum(total, 1e-4)[..., None]).astype(np.float32), total.astype(np.float32)


def draw_wet_line(
    grid: EyeGrid, eye: Plane, aperture: Aperture, skin: FloatArray, light: SceneLight
) -> Plane:
    """The tear line where the lower lid touches the eyeball: a thin, broken, paler line."""
    above_lower = (aperture.lower_at(grid.u) - grid.v - 0.006) / 0.006
    line = 0.30 * np.exp(-(above_lower**2)) * np.clip((0.44 - np.abs(grid.u)) / 0.10, 0.0, 1.0)
    toward = float(light.direction[0])
    line = line * (0.6 + 0.4 * np.cos(9.0 * (grid.u - 0.25 * toward)))
    return np.asarray(eye * (1.0 - line[..., None]) + line[..., None] * skin, np.float32)
