"""Giving a drawn eye the contrast of the person's own open eye: its darks and its brights beside the skin.

A photo's contrast, sharpening and make-up show nowhere as in an eye, and the open eye is right there.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from contracts.face import Side
from gen.app.src.eye_box import Box, Mask, blurred, box_around, grown, polygon_mask
from gen.app.src.seen.open_eyes import skin_around
from imaging import eye_mesh
from imaging.colour import LUMINANCE, Image, luminance

FloatArray = NDArray[np.float64]

_QUANTILES = (0.02, 0.15, 0.5, 0.85, 0.98)
"""Pupil and lash line, lid shadow and iris, the middle, sclera, catchlight."""
_RIM = 0.05
"""Eye widths around the opening that count as eye: the lash line and the lower lid's."""
_FEATHER = 0.03
_SHARE = 0.8
"""How far the drawn eye follows; the open one may lie in another light."""
LIGHT_SHARE = 0.4
"""Power of the light on the skin, side over side, that the eyes follow: 0.43 for irises, 0.32 for the white,
0.28 for pupils in 42 labelled faces with both eyes open (correlations 0.54, 0.28 and 0.29): sockets are lit
less unevenly than the skin."""
_DARKER, _BRIGHTER = (-1.3, -1.0, -0.5, -0.25, -0.15), 0.5
"""Natural logarithm of the most that the tones are changed: in a narrowed eye most of what is seen is lash
and shadow, which says nothing about its sclera."""
_LEAST_PIXELS = 40


def with_tones_of(
    painted: Image, linear: Image, mesh: FloatArray, side: Side, opening: FloatArray, other: Side
) -> tuple[Box, Image]:
    """The drawn eye with the open eye's tones, in a box of the crop.

    Args:
        painted: the crop with the drawn eye, linear RGB.
        linear: the crop as it was.
        side: of the drawn eye.
        opening: its outline, (n, 2), crop px.
        other: the open eye.
    """
    width = eye_mesh.eye_width(mesh, side)
    box = box_around(opening, 3 * _RIM * width + 2, painted.shape[:2])
    view = painted[box.slices]
    mask = _eye_mask(opening, box, width)
    own = eye_mesh.eye_polygon(mesh, other)
    own_width = eye_mesh.eye_width(mesh, other)
    own_box = box_around(own, 3 * _RIM * own_width + 2, linear.shape[:2])
    skin, other_skin = skin_level(linear, mesh, side), skin_level(linear, mesh, other)
    wanted = _tones(linear[own_box.slices], _eye_mask(own, own_box, own_width), other_skin)
    present = _tones(view, mask, skin)
    if wanted is None or present is None:
        return box, view
    light = (1 - LIGHT_SHARE) * float(np.log(other_skin / skin))
    darkest, brightest = np.array(_DARKER) + min(light, 0.0), _BRIGHTER + max(light, 0.0)
    change = np.clip(_SHARE * (wanted + light - present), darkest, brightest)
    tone = np.log(np.maximum(luminance(view), 1e-4) / skin)
    factor = np.exp(np.interp(tone, present, change)).astype(np.float32)
    soft = blurred(mask, _FEATHER * width)
    return box, np.asarray(view * (1 + (factor - 1) * soft)[..., None], np.float32)


def _eye_mask(outline: FloatArray, box: Box, width: float) -> Mask:
    return grown(polygon_mask(outline, box), _RIM * width)


def _tones(picture: Image, mask: Mask, skin: float) -> FloatArray | None:
    """Quantiles of the logarithm of luminance over the skin's; ascending, None for too few pixels."""
    seen = luminance(picture)[mask > 0.5]
    if seen.size < _LEAST_PIXELS:
        return None
    tones = np.quantile(np.log(np.maximum(seen, 1e-4) / skin), _QUANTILES)
    return np.asarray(tones + 1e-4 * np.arange(len(tones)))


def skin_level(linear: Image, mesh: FloatArray, side: Side) -> float:
    """Linear luminance of the skin around an eye."""
    return max(float(skin_around(linear, mesh, side) @ LUMINANCE), 1e-3)
