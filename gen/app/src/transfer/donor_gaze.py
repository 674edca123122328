"""Where a donor's eyes look, and turning them: no sideways stare is copied into a face.

Horizontal gaze only: an iris that is moved up or down would need lids that follow.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from contracts.face import SIDES, Side
from gen.app.src.eyeball.anatomy import Globe, eye_axes, globes
from gen.app.src.open_shape import open_eye_of
from gen.app.src.seen.open_eyes import open_side
from gen.app.src.strategy import EyeScene, FaceView, FloatArray, Refused
from gen.app.src.transfer.gaze_shift import corner_gap, iris_room, shifted_mesh, with_shifted_iris
from imaging.gaze import iris_position

_ASIDE = 0.08
"""Eye widths off the camera from which a look is one aside: of 51 labelled faces with open eyes those that
look into the camera are measured within 0.06, the first that does not at 0.14."""
_LEAST_GAP = 0.5
"""Iris radii of sclera between iris and corner; nearer to it, lids and lashes hide a part of the iris, and
the mesh sees it whole nevertheless. Eyes that look into the camera have 0.7 and more."""
_LEAST_SHIFT = 0.03
"""Eye widths; less cannot be told from the mesh's noise."""


def aimed(donor: FaceView, scene: EyeScene) -> FaceView:
    """The donor with its eyes turned where they should look in the scene.

    That is where the person's open eye looks, where there is one, and else the camera; eyes that look
    nearly there stay as they are, and so do those whose iris would leave the opening.

    Raises:
        Refused: an iris is turned into the corner, so that it is not seen whole.
    """
    seen = _aside(donor.mesh, SIDES)
    other = open_side(scene)
    shift = _aside(scene.mesh, (other,)) - seen if other is not None else _to_the_camera(seen)
    if abs(shift) < _LEAST_SHIFT:
        return donor
    eyes = {side: open_eye_of(donor.mesh, side) for side in scene.sides}
    if any(corner_gap(eye) < _LEAST_GAP for eye in eyes.values()):
        raise Refused("the donor's eyes look far aside")
    if not all(iris_room(eye, shift) for eye in eyes.values()):
        return donor
    crop, mesh = donor.crop, donor.mesh
    for side, eye in eyes.items():
        crop = with_shifted_iris(crop, eye, shift, unmirror=False)
        mesh = shifted_mesh(mesh, side, shift)
    return replace(donor, crop=crop, mesh=mesh)


def _to_the_camera(aside: float) -> float:
    return -aside if abs(aside) > _ASIDE else 0.0


def _aside(mesh: FloatArray, sides: tuple[Side, ...]) -> float:
    """How far eyes look to the viewer's right of the camera, eye widths; mean over the sides."""
    placed = globes(mesh)
    return float(np.mean([iris_position(mesh, side) - _camera(mesh, side, placed) for side in sides]))


def _camera(mesh: FloatArray, side: Side, placed: Mapping[Side, Globe]) -> float:
    """Iris position of an eye that looks into the camera, as in `iris_position`."""
    u = float(eye_axes(mesh, side).to_eye(placed[side].center)[0])
    return 0.5 + (u if side == "left" else -u)
