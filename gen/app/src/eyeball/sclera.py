"""The white of the eye: level and tint from the skin around it, shaped by the light and the lids."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from contracts.face import Side
from gen.app.src.eye_box import box_around, grown, polygon_mask
from gen.app.src.eyeball.grid import EyeGrid, Plane, smooth_noise
from gen.app.src.eyeball.light import SceneLight
from imaging import eye_mesh
from imaging.colour import LUMINANCE

FloatArray = NDArray[np.float64]

# Measured on 70 open eyes: the brighter part of the sclera has 0.7-0.8 of the luminance of pale skin
# (0.45 in linear light), 1.1-1.2 of medium skin (0.27), 1.6-2 of dark skin (0.1): a power law. Under
# its lids a drawn sclera reaches `_SHOWN_SHARE` of this level. Between 0.80 and 0.90 there is no difference
# in how near 27 people come to their open frames: 0.001 of identity on average.
_LEVEL, _LEVEL_POWER = 0.85, 0.58
_BRIGHTEST, _BRIGHTEST_OVER_SKIN = 0.74, 2.3
"""Paper white is 0.8-0.9; over dark skin, or in the dark, nothing brighter than this was seen."""
_SHOWN_SHARE = 0.80
"""Share of its level that the brighter part of a drawn sclera reaches under its lids."""
_GAIN_LIMITS = (0.35, 1.9)
"""Limits of what a seen sclera says against the skin: a mirror of the sky, or an eye in deep shade. Of 82
labelled open eyes, one in ten is beyond the upper one."""
_TINT_LIMITS, _TINT_SHARE = (0.75, 1.30), 0.8
"""The same for each channel beside its luminance, and the share of it that is taken over."""
_BRIGHTER_PART = (0.75, 0.95)
"""Quantiles of luminance: the brighter part of a sclera without the highlights on it."""
_LEAST_PIXELS = 12
_TINT_POWER = 0.30
"""How much of the skin's colour the sclera shows: the scene's cast. What the lids throw onto it comes on top:
the logarithm of red to blue of drawn scleras, read again, is 0.40 of the skin's, as in 76 open eyes."""
_VESSEL_WIDTH = 60.0
"""Eye width in px from which vessels are resolved at all."""


def sclera_colour(skin: FloatArray, gain: float = 1.0) -> FloatArray:
    """Linear RGB of a sclera that faces the viewer, beside skin of this linear RGB.

    Args:
        gain: factor by which this person's sclera in this light is known to differ, see `white_gain`.
    """
    skin = np.maximum(np.asarray(skin, float), 1e-4)
    skin_luminance = float(skin @ LUMINANCE)
    tint = (skin / skin_luminance) ** _TINT_POWER
    level = min(_LEVEL * skin_luminance**_LEVEL_POWER, _BRIGHTEST, _BRIGHTEST_OVER_SKIN * skin_luminance)
    return np.asarray(tint / float(tint @ LUMINANCE) * min(level * gain, _BRIGHTEST))


def white_gain(seen: FloatArray, skin: FloatArray) -> float:
    """Gain of a sclera seen as this linear RGB beside skin of this linear RGB."""
    expected = float(sclera_colour(skin) @ LUMINANCE) * _SHOWN_SHARE
    return float(np.clip(float(seen @ LUMINANCE) / max(expected, 1e-4), *_GAIN_LIMITS))


def white_tint(seen: FloatArray, skin: FloatArray) -> FloatArray:
    """Factor per channel, shape (3,), from the tint of `sclera_colour` to that seen beside the skin."""
    ratio = np.maximum(seen, 1e-4) / sclera_colour(skin)
    tint = np.clip(ratio / float(seen @ LUMINANCE) * float(sclera_colour(skin) @ LUMINANCE), *_TINT_LIMITS)
    return np.asarray(tint**_TINT_SHARE, float)


def draw_sclera(
    grid: EyeGrid,
    colour: FloatArray,
    light: SceneLight,
    normals: FloatArray,
    width: float,
    rng: np.random.Generator,
) -> Plane:
    """Shaded sclera, shape (height, width, 3), linear light.

    Args:
        normals: unit normals of the eyeball at the grid's points.
        width: of the eye in crop px; vessels appear where they would be resolved.
    """
    shade = np.clip(light.irradiance(normals), 0.30, 1.25)
    surface = 1.0 + 0.03 * smooth_noise(grid.u.shape, (4, 8), 5, rng)
    drawn = (shade * surface)[..., None] * colour
    # Towards the corners the conjunctiva is thicker and shows its blood.
    pink = np.clip((np.abs(grid.u + 0.02) - 0.22) / 0.26, 0.0, 1.0)[..., None] ** 1.4
    drawn = drawn * (1.0 - pink * np.array([0.12, 0.25, 0.22]))
    resolved = float(np.clip(width / _VESSEL_WIDTH - 1.0, 0.0, 1.0))
    if resolved > 0.0:
        lines = np.exp(-((np.abs(smooth_noise(grid.u.shape, (5, 4), 5, rng)) / 0.05) ** 2))
        amount = 0.8 * resolved * lines * np.clip((np.abs(grid.u) - 0.20) / 0.2, 0.0, 1.0)
        drawn = drawn * (1.0 - amount[..., None] * np.array([0.10, 0.30, 0.26]))
    return np.asarray(drawn, np.float32)


def seen_white(linear: Plane, mesh: FloatArray, side: Side) -> FloatArray | None:
    """Linear RGB of the brighter part of an open eye's sclera, None where too little of it is seen.

    Args:
        linear: crop in linear light. mesh: (478, 3) in its frame.
    """
    polygon = eye_mesh.eye_polygon(mesh, side)
    width = eye_mesh.eye_width(mesh, side)
    box = box_around(polygon, 1.0, linear.shape[:2])
    opening = grown(polygon_mask(polygon, box), -0.03 * width) > 0.9
    iris = mesh[list(eye_mesh.IRIS[side]), :2]
    radius = float(np.linalg.norm(iris[1:] - iris[0], axis=1).mean())
    x, y = box.grid()
    beside = opening & (np.hypot(x - iris[0, 0], y - iris[0, 1]) > 1.12 * radius)
    if beside.sum() < _LEAST_PIXELS:
        return None
    pixels = linear[box.slices][beside].astype(float)
    level = pixels @ LUMINANCE
    low, high = np.quantile(level, _BRIGHTER_PART)
    return np.asarray(pixels[(level >= low) & (level <= high)].mean(axis=0))
