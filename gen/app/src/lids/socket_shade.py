"""The shade that lids leave on the skin around an open eye: in the fold above, at the outer corner, below.

Planes are shares of the light that reaches the skin, 0..1, in a box of the crop, in the eye's own frame
(`anatomy.EyeAxes`: u from the outer to the inner corner, v down, in eye widths).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gen.app.src.eye_box import blurred
from gen.app.src.eyeball.aperture import Aperture
from gen.app.src.eyeball.grid import EyeGrid, Plane, soft_step
from imaging.colour import luminance

FloatArray = NDArray[np.float64]

# Depths are natural logarithms of light. Above the upper margin 73 open eyes have a median of -0.35 from 0.05
# to 0.13 eye widths on, of -0.2 at 0.17 and of none from 0.25 on, beside their skin; every second one shows a
# crease, half of them between 0.12 and 0.19. Closed lids that are lifted show neither. A part of it is taken:
# creases lie differently, and what is drawn where the subject has none would show.
_CREASE_U = (-0.62, -0.45, -0.20, 0.05, 0.30, 0.48)
_CREASE_ABOVE = (0.110, 0.120, 0.135, 0.135, 0.110, 0.070)
"""Where the crease lies along the eye, and how far above the upper margin."""
_CREASE_WIDTH, _CREASE_DEPTH = 0.035, 0.18
_LID_DEPTH, _LID_FADE = 0.25, 0.045
"""Between margin and crease the lid has rolled in under the skin above, which keeps its light back; half
width of the passage to that skin."""
_BESIDE_FADE = 0.06
"""Half width of the passage to the skin below it, beside the corners."""
_FOLD_ENDS, _FOLD_FADE = (-0.58, 0.44), 0.16
"""u between which the fold is, and half the length over which it begins and ends."""
_CREASE_ROOM = 0.6
"""The crease lies at most so far up between the upper margin and what stays where it is, under the brow."""

_CORNER_U = (-0.76, -0.66, -0.60, -0.54, -0.46, -0.32, -0.10)
_CORNER_SHARE = (0.0, 0.35, 0.8, 1.0, 0.9, 0.5, 0.0)
_CORNER_SPREAD = 0.10
_CORNER_SLOPE = 0.9
"""The upper lid goes on beyond the outer corner, so much downwards."""
# Depth of the shade there that opened lids lack beside other frames of 14 people, and beside the truth of 18
# portraits closed by warping: 0.85 on average in both, 0.3 where the closed corner is as light as the cheek,
# 1.1 where it is darker by 1.7. What darkens it, a deep socket, long lashes, liner, stays when the eye opens.
# A person left out of the fit is met with an error of 0.6, by one depth for all with 0.7.
_DEEPEST_CORNER, _BARE_CORNER, _CORNER_SCALE = 1.3, -0.2, 0.8
"""Depth that is neared, darkness of the closed corner up to which there is none, and how fast."""
_ORDINARY_CORNER = 1.2
"""Darkness of closed corners on average, for those that the picture's edge cuts off."""
_CLOSED_CORNER, _CHEEK = ((-0.62, -0.42), (-0.05, 0.05)), ((-0.40, 0.40), (0.25, 0.45))
"""Where that is seen: u, and how far below the closed line."""
_CALM = 0.02
"""Blur of grain and single lashes, eye widths."""
_DARKEST = 1e-4
"""Linear luminance."""

_LOWER_SHADE, _LOWER_ENDS = 0.30, 0.40
"""Darkening of the skin right under the lower lid, and the depth at which it ends, eye widths. Lashes and
lid keep light back, and the socket is hollow: 66 open eyes are darker there than their cheek by 0.4, half of
which closed eyes show as well. With less or none opened eyes are less like the true ones."""

_SHADE_COLOUR = np.array([0.80, 1.03, 1.24])
"""How deep the shade of skin is in red, green and blue, of its depth in luminance: skin throws red back. At
the outer corner 0.75, 1.05 and 1.28 beside other frames of 14 people, 0.85, 1.02 and 1.20 beside the truth of
18 portraits."""


def on_skin(share: Plane, coloured: bool) -> Plane:
    """Shade on skin, shares of light per channel, shape (height, width, 3).

    Args:
        share: of luminance, 0..1, (height, width).
        coloured: not so in photos of one hue, which shade does not change.
    """
    return np.asarray(share[..., None] ** (_SHADE_COLOUR if coloured else np.ones(3)), np.float32)


def fold_shade(grid: EyeGrid, aperture: Aperture, ceiling: float) -> Plane:
    """Of the skin above the upper margin: the lid in the fold, and the crease where that begins.

    Args:
        ceiling: v above which the lid does not move, see `motion.lid_ceiling`.
    """
    u = grid.u.astype(float)
    above = aperture.upper_at(u) - grid.v
    room = float(aperture.upper.min()) - ceiling
    lower = min(1.0, _CREASE_ROOM * max(room, 0.0) / max(_CREASE_ABOVE))
    crease = lower * np.interp(u, _CREASE_U, _CREASE_ABOVE)
    line = np.exp(-(((above - crease) / _CREASE_WIDTH) ** 2))
    beside = np.clip((np.abs(u) - 0.40) / 0.10, 0.0, 1.0)  # there is no eye there to end it
    lid = soft_step(above + 0.02 * (1 - beside), 0.02 + _BESIDE_FADE * beside)
    lid = lid * soft_step(crease - above, _LID_FADE)
    outer, inner = _FOLD_ENDS
    along = soft_step(u - outer, _FOLD_FADE) * soft_step(inner - u, _FOLD_FADE)
    return np.asarray(np.exp(-along * (_CREASE_DEPTH * line + _LID_DEPTH * lid)), np.float32)


def closed_corner_darkness(picture: Plane, grid: EyeGrid, line: FloatArray, line_u: FloatArray) -> float:
    """How much darker the outer corner of the closed eye is than the cheek, natural logarithm.

    Args:
        picture: the box with the closed eye, linear RGB (height, width, 3).
        grid: of the box, one sample per pixel.
        line: v of the closed line at `line_u`.
    """
    tone = np.log(np.maximum(blurred(luminance(picture), max(_CALM * grid.axes.width, 0.3)), _DARKEST))
    below = grid.v - np.interp(grid.u, line_u, line)

    def patch(bounds: tuple[tuple[float, float], tuple[float, float]]) -> FloatArray:
        (outer, inner), (top, bottom) = bounds
        inside = (grid.u > outer) & (grid.u < inner) & (below > top) & (below < bottom)
        return np.asarray(tone[inside], float)

    corner, cheek = patch(_CLOSED_CORNER), patch(_CHEEK)
    return float(cheek.mean() - corner.mean()) if corner.size and cheek.size else _ORDINARY_CORNER


def corner_shade(grid: EyeGrid, aperture: Aperture, darkness: float) -> Plane:
    """Around the outer corner, where the upper lid hangs over the lower one and the lashes are longest.

    Args:
        darkness: of the closed eye's corner, see `closed_corner_darkness`.
    """
    u = grid.u.astype(float)
    lid = aperture.upper_at(u) + _CORNER_SLOPE * np.maximum(-0.5 - u, 0.0)
    near = np.exp(-(((grid.v - lid) / _CORNER_SPREAD) ** 2))
    beyond = max(darkness - _BARE_CORNER, 0.0)
    deepest = _DEEPEST_CORNER * (1.0 - float(np.exp(-beyond / _CORNER_SCALE)))
    depth = deepest * np.interp(u, _CORNER_U, _CORNER_SHARE)
    return np.asarray(np.exp(-depth * near), np.float32)


def lower_lid_shade(grid: EyeGrid, aperture: Aperture) -> Plane:
    """Of the skin under the lower lid."""
    below = np.clip((grid.v - aperture.lower_at(grid.u)) / _LOWER_ENDS, 0.0, 1.0)
    beside = np.clip((0.56 - np.abs(grid.u)) / 0.24, 0.0, 1.0)
    across = beside * beside * (3.0 - 2.0 * beside)
    return np.asarray(1.0 - _LOWER_SHADE * across * (1.0 - below) ** 2.5, np.float32)
