"""Moving the irises of a mesh onto the limbus in the picture.

The mesh is off by up to a third of the iris where eyes look aside or the head is turned. A disc that is
turned round a wrong centre takes its catchlight to the wrong side.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from contracts.face import Side
from gen.app.src.eye_box import blurred, box_around, grown, polygon_mask
from gen.app.src.open_shape import open_eye_of
from gen.app.src.sampling import sampled
from gen.app.src.strategy import FaceView
from imaging import eye_mesh
from imaging.colour import luminance, to_linear

FloatArray = NDArray[np.float64]

_REACH, _STEP = 0.42, 0.06
"""How far the centre is looked for along the corner line, and how finely, iris radii."""
_LOWEST = 0.3
"""The same downwards. Never upwards: the mesh rather is too high, and the upper lid's shade draws circles
up."""
_RADII = (0.88, 0.94, 1.0, 1.06, 1.12, 1.18)
"""Of the mesh's radius."""
_ARC = np.radians(np.r_[np.arange(-40, 41, 8), np.arange(140, 221, 8)])
"""The sides of the limbus; lids cover it above and below."""
_ACROSS = 0.16
"""Half the distance between the two circles that are compared, radii."""
_HOLD = 0.8
"""Cost of leaving the mesh's centre, per square radius, in natural logarithms of luminance."""
_BRIGHTEST = 1.2
"""Most that one place counts, natural logarithm: catchlights are no sclera."""
_WHITE, _DULLEST = 0.85, 0.8
"""Quantile of what is seen between the lids that is sclera; how much darker, natural logarithm, none is."""
_LEAST_SEEN = 0.3
"""Share of the arcs between the lids; with less the mesh stays."""
_ONE_SIDED = 0.15
"""Shift along the corner line, radii, from which the limbus has to be seen on both sides."""
_LIDS = -0.03
"""Eye widths from the lids inwards in which lashes lie."""
_LEAST_RADIUS = 4.0
"""px; the limbus of smaller irises is no edge but a slope."""


def with_seen_irises(face: FaceView, sides: Sequence[Side]) -> FaceView:
    """The face with the iris points of its open eyes moved, as a whole, onto the limbus that is seen."""
    mesh = face.mesh.copy()
    for side in sides:
        mesh[list(eye_mesh.IRIS[side]), :2] += iris_shift(face, side)
    return replace(face, mesh=mesh)


def iris_shift(face: FaceView, side: Side) -> FloatArray:
    """From the mesh's iris centre to the one that is seen, (x, y) in crop px.

    The circle over which luminance rises most from inside to outside: Daugman, "High confidence visual
    recognition of persons by a test of statistical independence", 1993.
    """
    eye = open_eye_of(face.mesh, side)
    radius = eye.iris_radius
    if radius < _LEAST_RADIUS:
        return np.zeros(2)
    box = box_around(eye.region[eye_mesh.FIRST_RING], radius, face.crop.shape[:2])
    level = np.log(np.maximum(luminance(to_linear(blurred(face.crop[box.slices], 0.06 * radius))), 4e-3))
    lids = polygon_mask(eye.region[list(eye_mesh.POLYGON)], box)
    visible = grown(lids, _LIDS * eye.width)
    white = float(np.quantile(level[visible > 0.5], _WHITE)) if (visible > 0.5).any() else 0.0
    steps = np.arange(-_REACH, _REACH + _STEP / 2, _STEP)
    ends = eye.region[[eye_mesh.OUTER_CORNER, eye_mesh.INNER_CORNER], :2]
    along = (ends[1] - ends[0]) / eye.width
    down = np.array([-along[1], along[0]]) * np.sign(along[0])
    lower = steps[(steps > -_STEP / 2) & (steps < _LOWEST)]
    shifts = (steps[:, None, None] * along + lower[:, None] * down).reshape(-1, 2)
    circle = np.stack([np.cos(_ARC), np.sin(_ARC)], axis=-1)
    best, found = -np.inf, np.zeros(2)
    middle = eye.iris[0, :2] - box.origin
    for scale in _RADII:
        rims = [scale + across for across in (-_ACROSS, 0.0, _ACROSS)]
        points = [middle + radius * (shifts[:, None] + rim * circle) for rim in rims]
        inside, seen, outside = (_at(plane, at) for plane, at in zip((level, visible, level), points))
        seen *= _at(visible, points[2])
        sclera = np.clip(1 + (outside - white) / _DULLEST, 0, 1)  # and no iris beyond a pupil
        rise = (np.clip(outside - inside, -_BRIGHTEST, _BRIGHTEST) * sclera * seen).sum(axis=1)
        score = rise / np.maximum(seen.sum(axis=1), 1e-6) - _HOLD * (shifts**2).sum(axis=1)
        one_sided = np.minimum(*(part.mean(axis=1) for part in np.split(seen, 2, axis=1))) < _LEAST_SEEN
        score[one_sided & (np.abs(shifts @ along) > _ONE_SIDED)] = -np.inf
        score[seen.mean(axis=1) < _LEAST_SEEN] = -np.inf
        if score.max() > best:
            best, found = float(score.max()), shifts[int(score.argmax())]
    return np.asarray(found * radius, float)


def _at(plane: NDArray[np.float32], points: FloatArray) -> FloatArray:
    return sampled(plane, points).astype(float)
