"""Where a donor's eyes look, and turning them: no sideways stare is copied into a face.

Horizontal gaze only: an iris that is moved up or down would need lids that follow.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from contracts.face import SIDES, Side
from gen.app.src.eyeball.anatomy import Globe, eye_axes, globes
from gen.app.src.lid_frame import LidFrame
from gen.app.src.open_shape import OpenEye, open_eye_of
from gen.app.src.seen.open_eyes import open_side
from gen.app.src.strategy import EyeScene, FaceView, FloatArray, Refused
from gen.app.src.transfer.corner_turn import with_iris_from_corner
from gen.app.src.transfer.gaze_shift import corner_gap, iris_room, shifted_mesh, with_shifted_iris
from gen.app.src.transfer.limbus import Limbus, seen_limbus
from gen.app.src.transfer.texture_match import eye_blur
from imaging import eye_mesh
from imaging.colour import Image
from imaging.gaze import iris_position

_ASIDE = 0.08
"""Eye widths off the camera from which a look is one aside: of 51 labelled faces with open eyes those that
look into the camera are measured within 0.06, the first that does not at 0.14."""
_LEAST_GAP = 0.5
"""Iris radii of sclera between iris and corner by the mesh; nearer to it, lids and lashes hide a part of the
iris, and the mesh sees it whole nevertheless. Eyes that look into the camera have 0.7 and more."""
_ALIKE, _OWN_TURN = 0.05, 0.5
"""Eye widths by which both eyes' looks differ in eleven of 15 labelled pairs of eyes, and the share of a
greater difference that is taken back: the rest is the mesh's, whose corners follow the irises."""
_LEAST_SHIFT = 0.03
"""Eye widths; less cannot be told from the mesh's noise."""


def aimed(donor: FaceView, scene: EyeScene) -> FaceView:
    """The donor with its eyes turned where they should look in the scene.

    That is where the person's open eye looks, where there is one, and else the camera; eyes that look
    nearly there stay as they are, and so do those whose iris would leave the opening.

    Raises:
        Refused: an iris is turned into the corner, and too little of it is seen to tell the rest, or it
            would have to stay there.
    """
    other = open_side(scene)
    wanted = None if other is None else _aside(scene.mesh, (other,))
    if abs(_turn(donor.mesh, wanted)) < _LEAST_SHIFT:
        return donor
    limbi = {side: seen_limbus(donor, side) for side in SIDES}
    mesh = donor.mesh
    for side, limbus in limbi.items():
        mesh = _with_iris_on(mesh, side, limbus) if limbus else mesh
    shifts = _turns(mesh, _turn(mesh, wanted))
    eyes = {side: open_eye_of(mesh, side) for side in scene.sides}
    in_corner = [side for side in eyes if corner_gap(open_eye_of(donor.mesh, side)) < _LEAST_GAP]
    if not all(iris_room(eye, shifts[side]) for side, eye in eyes.items()):
        if in_corner:
            raise Refused("the donor's eyes look far aside")
        return donor
    crop = donor.crop
    for side, eye in eyes.items():
        shift = shifts[side]
        if abs(shift) < _LEAST_SHIFT:
            continue
        if side in in_corner:
            crop = _from_corner(crop, eye, limbi[side], shift, eye_blur(donor, side))
        else:
            crop = with_shifted_iris(crop, eye, shift, unmirror=False)
        mesh = shifted_mesh(mesh, side, shift)
    return replace(donor, crop=crop, mesh=mesh)


def _turn(mesh: FloatArray, wanted: float | None) -> float:
    """By how much the eyes of a mesh have to be turned, eye widths; wanted: None for the camera."""
    seen = _aside(mesh, SIDES)
    if wanted is None:
        return -seen if abs(seen) > _ASIDE else 0.0
    return wanted - seen


def _turns(mesh: FloatArray, shift: float) -> dict[Side, float]:
    """Shift of each iris where both eyes turn by `shift` on average.

    An eye that looks towards the nose is turned farther than the other; turned back alike, both would squint.
    """
    apart = _aside(mesh, ("right",)) - _aside(mesh, ("left",))
    own = _OWN_TURN * (apart - float(np.clip(apart, -_ALIKE, _ALIKE)))
    return {"left": shift + own / 2, "right": shift - own / 2}


def _from_corner(crop: Image, eye: OpenEye, limbus: Limbus | None, shift: float, blur: float) -> Image:
    turned = None if limbus is None else with_iris_from_corner(crop, eye, limbus, shift, blur)
    if turned is None:
        raise Refused("the donor's eyes look far aside")
    return turned


def _with_iris_on(mesh: FloatArray, side: Side, limbus: Limbus) -> FloatArray:
    """The mesh (478, 3) with the iris of one side moved, as a whole, onto the one that is seen."""
    eye = open_eye_of(mesh, side)
    center = LidFrame.of(eye).picture(np.array(limbus.u), np.array(limbus.v))
    moved = np.array(mesh, float)
    moved[list(eye_mesh.IRIS[side]), :2] += center - eye.iris[0, :2]
    return moved


def _aside(mesh: FloatArray, sides: tuple[Side, ...]) -> float:
    """How far eyes look to the viewer's right of the camera, eye widths; mean over the sides."""
    placed = globes(mesh)
    return float(np.mean([iris_position(mesh, side) - _camera(mesh, side, placed) for side in sides]))


def _camera(mesh: FloatArray, side: Side, placed: Mapping[Side, Globe]) -> float:
    """Iris position of an eye that looks into the camera, as in `iris_position`."""
    u = float(eye_axes(mesh, side).to_eye(placed[side].center)[0])
    return 0.5 + (u if side == "left" else -u)
