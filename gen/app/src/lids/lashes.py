"""Lashes of the open eye: the subject's own, turned up, and fine drawn ones where hairs would be seen.

Planes say which share of the light passes, 0..1, in a window of the crop; frame as in `lash_removal`.
`mascara`: how much mascara the lashes wear, 0 none .. 1 heavy, or false lashes (`mascara.mascara_of`).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gen.app.src.eye_box import blurred
from gen.app.src.eyeball.aperture import Aperture
from gen.app.src.eyeball.grid import EyeGrid, Plane, drawing_grid, soft_step
from gen.app.src.lids.hairs import HAIR_WIDTH, draw_hair, upper_lash
from gen.app.src.lids.lash_removal import LashField
from gen.app.src.lids.mascara import contrast_with, draw_tufts

FloatArray = NDArray[np.float64]

_FORESHORTENED = 0.55
"""Raised lashes point towards the viewer: they appear this much shorter than hanging ones."""
_OWN_LENGTH, _MADE_UP_LENGTH = 0.10, 0.17
"""Above the margin bare and made-up ones fade over this length, eye widths: what hangs lower was shadow."""
_HAIRS, _LOWER_HAIRS = 120, 50
_HAIRS_FROM = (45.0, 90.0)
"""Eye width in px from which single hairs show, and show fully; below it they are part of the line."""
_LINE_DEPTH = 0.016
"""Half depth of the lash line in eye widths."""


def light_past_lashes(
    field: LashField,
    grid: EyeGrid,
    line: FloatArray,
    aperture: Aperture,
    mascara: float,
    blur: float,
    rng: np.random.Generator,
) -> Plane:
    """The lash line, the subject's own lashes turned up, and drawn ones where they would be seen.

    Args:
        grid: of the window, one sample per pixel. line: v of the closed line at the aperture's u.
        blur: sigma of drawn parts, px.
    """
    fine = drawing_grid(grid.axes, grid.box)
    contrast = contrast_with(field.contrast, mascara)
    bare = field.contrast * draw_hairs(fine, aperture, field.contrast, rng)
    hairs = np.maximum(bare, contrast * draw_tufts(fine, aperture, mascara, rng))
    drawn = lash_line(fine, aperture, contrast, mascara) * (1 - hairs)
    passed = blurred(np.asarray(fine.down(drawn), np.float32), blur)
    return np.asarray(passed * own_lashes(field, grid, line, aperture, mascara), np.float32)


def own_lashes(
    field: LashField, grid: EyeGrid, line: FloatArray, aperture: Aperture, mascara: float
) -> Plane:
    """The hanging lashes mirrored about the closed line and laid on the open upper margin.

    They bring the subject's own density, make-up, sharpness and grain.

    Args:
        line: v of the closed line at the aperture's u.
        grid: of the window, one sample per pixel.
    """
    u = grid.u.astype(float)
    above = aperture.upper_at(u) - grid.v
    on_lid = soft_step(above + 0.012, 0.012)
    source_v = np.interp(u, aperture.u, line) + np.abs(above) / _FORESHORTENED
    length = _OWN_LENGTH + (_MADE_UP_LENGTH - _OWN_LENGTH) * mascara
    fades = np.exp(-((np.maximum(above, 0.0) / length) ** 2)) * soft_step(0.54 - np.abs(u), 0.06)
    passed = grid.sample(field.transmission, u, source_v)
    return np.asarray(1.0 - (1.0 - passed) * fades * on_lid, np.float32)


def lash_line(grid: EyeGrid, aperture: Aperture, contrast: float, mascara: float) -> Plane:
    """The dark line of lash roots along the upper margin: thin inside, thicker at the outer third.

    Args:
        grid: drawing grid. contrast: 0 fair .. 1 black lashes.
    """
    u = grid.u
    from_margin = grid.v - aperture.upper_at(u)
    weight = _along(u, 0.55, 0.95, 1.0, 0.75, 0.15)
    bare = _along(u, 0.9, 1.25, 1.0, 0.75, 0.4)
    thicker = _LINE_DEPTH * mascara * _along(u, 0.45, 0.7, 0.35, 0.15, 0.0)
    depth = 0.002 + _LINE_DEPTH * bare + thicker
    line = np.exp(-(np.abs((from_margin + 0.004 + 0.4 * thicker) / depth) ** 2.2))
    return (1.0 - contrast * weight * line).astype(np.float32)


def _along(u: Plane, outer: float, third: float, middle: float, inner: float, corner: float) -> FloatArray:
    """A profile along the lid from its values at five places."""
    return np.interp(
        u, [-0.54, -0.5, -0.33, 0.0, 0.30, 0.47, 0.51], [0.0, outer, third, middle, inner, corner, 0.0]
    )


def draw_hairs(grid: EyeGrid, aperture: Aperture, contrast: float, rng: np.random.Generator) -> Plane:
    """Opacity of single lashes, upper and lower, 0..1, on the drawing grid; none on small eyes.

    Args:
        contrast: 0 fair .. 1 black lashes; dark ones look longer.
    """
    start, full = _HAIRS_FROM
    strength = float(np.clip((grid.axes.width - start) / (full - start), 0.0, 1.0))
    canvas = np.zeros(grid.u.shape, np.uint8)
    if strength > 0.0:
        for _ in range(_HAIRS):
            draw_hair(canvas, grid, *_upper_hair(aperture, contrast, rng))
        lower = np.zeros_like(canvas)
        for _ in range(_LOWER_HAIRS):
            draw_hair(lower, grid, *_lower_hair(aperture, rng))
        canvas = np.maximum(canvas, (lower * 0.45).astype(np.uint8))
    return np.asarray(canvas * (strength / 255.0), np.float32)


def _upper_hair(aperture: Aperture, contrast: float, rng: np.random.Generator) -> tuple[FloatArray, float]:
    """Points of one upper lash in the eye's frame, and its width there."""
    root = float(rng.uniform(-0.48, 0.42))
    length = float(np.interp(root, [-0.5, -0.35, 0.0, 0.3, 0.45], [0.085, 0.10, 0.085, 0.065, 0.04]))
    length *= float(rng.uniform(0.55, 1.1)) * (0.65 + 0.45 * contrast)
    # Lashes fan out: away from the nose outside, a little towards it inside.
    lean = float(np.interp(root, [-0.5, 0.05, 0.45], [-1.0, 0.0, 0.45])) + float(rng.normal(0.0, 0.14))
    return upper_lash(aperture, root, length, lean), HAIR_WIDTH * float(rng.uniform(0.7, 1.1))


def _lower_hair(aperture: Aperture, rng: np.random.Generator) -> tuple[FloatArray, float]:
    root = float(rng.uniform(-0.46, 0.30))
    length = 0.045 * float(rng.uniform(0.5, 1.1)) * float(np.interp(root, [-0.5, -0.2, 0.3], [1.1, 1.0, 0.7]))
    lean = float(np.interp(root, [-0.5, 0.1, 0.4], [-0.9, 0.0, 0.35])) + float(rng.normal(0.0, 0.18))
    t = np.linspace(0.0, 1.0, 5)
    v = float(aperture.lower_at(np.array(root))) + 0.028 + length * t
    return np.stack([root + length * lean * t, v], axis=-1), 0.7 * HAIR_WIDTH
