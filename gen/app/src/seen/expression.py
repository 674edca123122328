"""How wide a face's expression lets its eyes stand: a grin or a frown narrows them, a calm face does not.

Told from parts of the face that closing the eyes does not move. Muscles that squeeze the lids are
those that raise cheeks and nose wings and draw the brows down: Ekman and Friesen's action units 4, 6, 7, 9.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from contracts.face import SIDES, Side
from gen.app.src.eye_box import blurred
from gen.app.src.eyeball.anatomy import EyeAxes, eye_axes, head_axes
from gen.app.src.lid_frame import LidFrame
from gen.app.src.open_shape import OPENNESS_RANGE, OpenEye
from imaging import eye_mesh

FloatArray = NDArray[np.float64]

_NOSE_WINGS = (129, 358)
# Least squares of the logarithm of the aspect ratio of 38 pairs of open eyes (28 people) on both measures,
# chosen among twenty: they explain 64 % of the ratio's variance for people left out, a little too
# favourable a figure since the choice saw everybody. From the closed faces of 14 labelled pairs, each person
# left out of the fit, the ratio of the open one follows with a mean error of 0.025; the mean of all people
# errs by 0.029. Eyes opened by the rule with a share of 0.7 err by 0.030, without it by 0.032.
_MEAN_WINGS, _WINGS_POWER = 0.678, -2.47
"""Width across the nose wings, inter-ocular distances: 0.58 calm .. 0.81 in a broad laugh."""
_MEAN_BROW, _BROW_POWER = -0.337, -1.28
"""Height of the brow's lower edge below the corner line, inter-ocular distances: -0.44 raised .. -0.25."""
_SHARE = 0.4
"""Share of the expectation that is followed: part of it is the person's own nose and brow. The error on the
pairs hardly depends on it between 0.4 and 1, and who laughs with wide eyes loses less by a small one."""
_LIMITS = (0.75, 1.0)
"""Calm faces are not widened: an eye that is opened too little looks calm, one opened too far stares."""

_ROOT = np.array([[0.55, -0.2], [0.95, 0.4]])
"""Corners of the root of the nose beside an eye, eye coordinates."""
_CHEEK = np.array([[-0.6, 0.7], [0.4, 1.15]])
"""Skin that a scrunch leaves smooth: what it has of texture is grain, freckles and age."""
_PER_EYE = 60
"""Samples per eye width."""
_FINE, _COARSE = 1.0, 3.0
"""Blurs between which furrows lie, samples."""
_DARKEST = 0.01
"""Linear luminance; below it noise passes for contrast."""
_OTHER_TEXTURE = 1.5
"""Texture of the nose's root over that of the cheek in smooth faces; a quarter have less than 1.8."""
_SMOOTH, _SCRUNCHED = 0.04, 0.08
"""Furrows as contrast, natural logarithm: of 91 labelled faces without a wink 82 % have less than the
first, a third of the others have glasses; of 15 that wink, and so squeeze one eye shut, 12 have more."""
_SCRUNCH_CLOSES = 0.17
"""Share of the opening that a scrunched face takes. Broad laughs with open eyes take 0.4 (0.20 of the eye's
width against 0.35). Kept low: there is one labelled scrunch, and at 0.22 one of its eyes was no longer read
as open by other landmarks."""

_HIGHEST_LID = 0.85
"""Height of the upper lid over the middle of the iris, iris radii. Of 71 labelled faces with open eyes 68
have 0.82 and less, two 0.92; the one that stares 1.2."""


def expected_openness(mesh: FloatArray) -> float:
    """Height of a face's open eyes over that of an ordinary face's, 0.75..1, by its nose wings and brows.

    Args:
        mesh: (478, 3), upright, any scale; eyes open or closed.
    """
    axes = head_axes(mesh)
    spacing = _corner_spacing(mesh)
    wings = float((mesh[_NOSE_WINGS[1]] - mesh[_NOSE_WINGS[0]]) @ axes[0]) / spacing
    brow = float(np.mean([_brow(mesh, side, axes[1]) for side in SIDES])) / spacing
    power = _WINGS_POWER * (wings - _MEAN_WINGS) + _BROW_POWER * (brow - _MEAN_BROW)
    return float(np.clip(np.exp(_SHARE * power), *_LIMITS))


def scrunched_openness(level: NDArray[np.float32], mesh: FloatArray) -> float:
    """Share of the opening that is left where a scrunch furrows the root of the nose, 0.83..1.

    Not to be asked where glasses are worn: their bridge lies there.

    Args:
        level: linear luminance of the crop. mesh: (478, 3) in its frame.
    """
    tone = np.log(np.maximum(level, _DARKEST)).astype(np.float32)
    axes = [eye_axes(mesh, side) for side in SIDES]
    root, cheek = (float(np.mean([_texture(tone, eye, patch) for eye in axes])) for patch in (_ROOT, _CHEEK))
    furrows = float(np.sqrt(max(root**2 - (_OTHER_TEXTURE * cheek) ** 2, 0.0)))
    return 1 - _SCRUNCH_CLOSES * float(np.clip((furrows - _SMOOTH) / (_SCRUNCHED - _SMOOTH), 0, 1))


def openness_without_stare(eyes: Sequence[OpenEye]) -> float:
    """Share of their opening at which eyes show no white above the iris, at most 1.

    Args:
        eyes: of one face; the iris stays where it is, see `open_shape.with_openness`.
    """
    frames = [LidFrame.of(eye) for eye in eyes]
    iris = [frame.local(eye.iris[0, :2]) for frame, eye in zip(frames, eyes)]
    radii = [eye.iris_radius / eye.width for eye in eyes]
    lids = [frame.upper_at(u) for frame, (u, _) in zip(frames, iris)]
    above = np.mean([(v - lid) / radius for lid, (_, v), radius in zip(lids, iris, radii)])
    if above <= _HIGHEST_LID:
        return 1.0
    wanted = np.mean([v - _HIGHEST_LID * radius for (_, v), radius in zip(iris, radii)])
    return float(np.clip(wanted / np.mean(lids), OPENNESS_RANGE[0], 1.0))


def _corner_spacing(mesh: FloatArray) -> float:
    """Distance of the middles of both corner lines, in space."""
    left, right = (_middle(mesh, side) for side in SIDES)
    return float(np.linalg.norm(right - left))


def _middle(mesh: FloatArray, side: Side) -> FloatArray:
    region = eye_mesh.eye_region(mesh, side)
    return np.asarray((region[eye_mesh.OUTER_CORNER] + region[eye_mesh.INNER_CORNER]) / 2)


def _brow(mesh: FloatArray, side: Side, down: FloatArray) -> float:
    """Mean height of a brow's lower edge, without its ends, below the corner line."""
    brow = eye_mesh.eye_region(mesh, side)[list(eye_mesh.BROW_EDGE)[1:-1]]
    return float((brow - _middle(mesh, side)).mean(axis=0) @ down)


def _texture(tone: NDArray[np.float32], axes: EyeAxes, corners: FloatArray) -> float:
    """Typical contrast of fine structures in a rectangle of eye coordinates, natural logarithm.

    The median, so that a shadow's edge or a single hair does not count.
    """
    u, v = (np.arange(low, high, 1 / _PER_EYE) for low, high in corners.T)
    points = axes.to_crop(np.stack(np.meshgrid(u, v), axis=-1)).astype(np.float32)
    smooth = blurred(tone, 0.45 * axes.width / _PER_EYE) if axes.width > _PER_EYE else tone
    patch = cv2.remap(
        smooth, points[..., 0], points[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    fine, coarse = (cv2.GaussianBlur(patch, (0, 0), blur) for blur in (_FINE, _COARSE))
    edge = round(_COARSE)
    return float(np.sqrt(np.median((fine - coarse)[edge:-edge, edge:-edge] ** 2)))
