"""Turning an eye ahead whose iris lies in the corner, where the corner and the lids hide a part of it.

`gaze_shift` moves what is seen; here the iris is completed first, and put in front of sclera that reaches
where the iris itself shows the lids to be: so near to the corner the mesh's outline is off.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from gen.app.src.eye_box import Box, Mask, blurred, box_around, grown, polygon_mask
from gen.app.src.lid_frame import LidFrame
from gen.app.src.open_shape import OpenEye
from gen.app.src.transfer.gaze_shift import CORNER_FADE, with_sclera_behind
from gen.app.src.transfer.limbus import Limbus
from gen.app.src.transfer.whole_iris import whole_iris
from imaging import eye_mesh
from imaging.colour import Image, to_linear

FloatArray = NDArray[np.float64]

_LEAST_SEEN = 0.4
"""Share of an iris that has to be seen to tell the rest."""

# Lengths in eye widths.
_RIM = 0.015
"""Feather along the lids."""
_LASHES = 0.03
"""From the lids inwards."""
_BEYOND = 0.10
"""How far outside of the mesh's outline the iris may be seen."""
_LIMBUS = 0.14
"""Least width of the limbus, iris radii; it is as soft as the picture's edges."""
_LEAST_FADE = 0.02
_SHADE, _SHADE_REACH = 0.4, 0.06
"""How far new sclera takes the skin's tone at its rim in the corner, and how far from there: it lies in the
lids' shade, and the corner is flesh."""
_SKIN_BELOW = (0.09, 0.15)
"""Below the lower lid."""
_NEAR_MIDDLE = 0.4
"""Off the middle of the corner line; skin beyond it lies in the corners' folds."""
_WHITEST = 0.6
"""Quantile of luminance beside the iris from which it is sclera."""
_DARKEST = 4e-3
"""Linear level; below it noise passes for colour."""
_LEAST_CONTRAST = 2.0
"""Between skin and iris, natural logarithms summed over the channels."""
_REACH = 1.12
"""How far beyond the ellipse its blurred edge is still the iris."""
_SIDE = 0.04
"""Over which what holds for the corner's side ends at the iris's centre."""


@dataclass(frozen=True, eq=False)
class _Corner:
    """Where the iris lies. between: what is seen between the lids, 0..1. skin: encoded RGB below the eye."""

    between: Mask
    skin: Image


def with_iris_from_corner(
    picture: Image, eye: OpenEye, limbus: Limbus, shift: float, blur: float
) -> Image | None:
    """A picture whose eye is turned by `shift` eye widths, None where the iris cannot be told well enough.

    Args:
        picture: (h, w, 3), encoded. eye: in it. limbus: outline of its iris.
        shift: towards the viewer's right.
        blur: sigma of the picture's edges, px.
    """
    frame = LidFrame.of(eye)
    outline = eye.region[list(eye_mesh.POLYGON)]
    box = box_around(outline, (_BEYOND + 0.05) * frame.width, picture.shape[:2])
    x, y = box.grid()
    u, v = np.moveaxis(frame.local(np.stack([x, y], axis=-1).astype(float)), -1, 0)
    whole = Box(0, 0, picture.shape[1], picture.shape[0])
    visible = grown(polygon_mask(outline, whole), -_LASHES * frame.width)
    iris = whole_iris(picture, frame, limbus, visible)
    towards = 1.0 if shift > 0 else -1.0
    aperture = polygon_mask(outline, box)
    corner = _between_lids(picture[box.slices], aperture, visible[box.slices], frame, limbus, u, v)
    if iris.seen < _LEAST_SEEN or corner is None:
        return None
    # The corner's side of the iris; beyond its centre the mesh's outline is right.
    at_corner = np.clip(towards * (limbus.u - u) / _SIDE, 0, 1).astype(np.float32)

    def seen_at(u_there: FloatArray) -> Image:
        at = frame.picture(u_there, frame.between_lids(u, v, u_there))
        seen = cv2.remap(picture, at[..., 0], at[..., 1], cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(seen, np.float32)

    gap = 0.5 + towards * limbus.u - limbus.across
    fade = float(np.clip(gap, _LEAST_FADE, CORNER_FADE))
    eyeball = with_sclera_behind(seen_at, u, limbus.u, limbus.across, shift, fade)
    x_iris, y_iris = (u - limbus.u - shift) / limbus.radius, (v - limbus.v) / limbus.radius
    edge = max(_LIMBUS, 2 * blur / frame.width / limbus.radius)
    disc = np.clip(0.5 + (1 - np.hypot(x_iris, y_iris)) / edge, 0, 1).astype(np.float32)
    eyeball += (iris.at(x_iris, y_iris) - eyeball) * disc[..., None]
    seen = aperture + (corner.between - aperture) * at_corner
    inwards = np.clip(2 * blurred(seen, _SHADE_REACH * frame.width) - 1, 0, 1)
    eyeball += (corner.skin - eyeball) * (_SHADE * (1 - inwards) * at_corner * (1 - disc))[..., None]
    aperture, between = (blurred(m, _RIM * frame.width) for m in (aperture, seen))
    share = np.maximum(between, aperture * disc)[..., None]
    result = np.array(picture, np.float32)
    result[box.slices] += (eyeball - result[box.slices]) * share
    return result


def _between_lids(
    picture: Image,
    outline: Mask,
    inside: Mask,
    frame: LidFrame,
    limbus: Limbus,
    u: FloatArray,
    v: FloatArray,
) -> _Corner | None:
    """What the colours tell; None where skin is as dark as the iris.

    Args:
        picture: the eye's surroundings. outline: by the mesh. inside: of it, away from the lids.
        u, v: of every pixel.
    """
    colour = np.log(np.maximum(to_linear(blurred(picture, _RIM * frame.width)), _DARKEST))
    reach = limbus.reach(u, v)
    lower = np.interp(u, frame.lower[:, 0], frame.lower[:, 1])
    below = (v - lower > _SKIN_BELOW[0]) & (v - lower < _SKIN_BELOW[1]) & (np.abs(u) < _NEAR_MIDDLE)
    beside = (inside > 0.5) & (reach > _REACH)
    within = (inside > 0.5) & (reach < 0.8)
    if not (below.any() and beside.any() and within.any()):
        return None
    level = colour.mean(axis=2)
    white = beside & (level > np.quantile(level[beside], _WHITEST))
    iris, sclera, skin = (np.median(colour[where], axis=0) for where in (within, white, below))
    if np.abs(skin - iris).sum() < _LEAST_CONTRAST:
        return None
    to_iris, to_sclera, to_skin = (np.abs(colour - c).sum(axis=2) for c in (iris, sclera, skin))
    is_iris = ((to_iris < to_skin) & (reach < _REACH)).astype(np.float32)
    is_skin = ((to_skin < to_iris) & (to_skin < to_sclera)).astype(np.float32)
    near = grown(outline, _BEYOND * frame.width)
    iris_seen = np.minimum(grown(is_iris, _RIM * frame.width), near)
    between = np.maximum(outline * (1 - is_skin), iris_seen)
    return _Corner(between, np.asarray(np.median(picture[below], axis=0), np.float32))
