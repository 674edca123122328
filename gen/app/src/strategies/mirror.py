"""Opens one closed eye with the person's other, open eye, mirrored and turned to the same gaze."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from contracts.face import Side
from contracts.gen import PaintedEye
from gen.app.src import refusals
from gen.app.src.eye_box import convex_hull
from gen.app.src.eyeball.tone import PhotoTone
from gen.app.src.in_front.eyeglasses import GLASSES, Rims, find_rims
from gen.app.src.lids import brow_lift
from gen.app.src.open_shape import OPENNESS_RANGE, OpenEye, open_eye_of, open_shapes
from gen.app.src.seen.brows import with_seen_brows
from gen.app.src.seen.irises import with_seen_irises
from gen.app.src.seen.lid_lines import with_seen_lids
from gen.app.src.strategy import EyeScene, FaceView, FloatArray, Painting, Refused
from gen.app.src.transfer.eye_transfer import transfer_eye
from gen.app.src.transfer.fit import missing_skin, opening_below_brow
from gen.app.src.transfer.gaze_shift import iris_room, shifted_mesh, with_shifted_iris
from gen.app.src.transfer.mesh_mirror import mirrored
from gen.app.src.transfer.paint_layers import PaintLayers
from gen.app.src.transfer.relight import SAME_PHOTO
from imaging import eye_mesh
from imaging.colour import to_linear
from imaging.gaze import iris_position

YAW_LIMIT = 24.0
"""Degrees; further round, one eye is seen from the side and the other from the front."""
_NARROWEST = 0.75
"""Width of the open eye relative to the closed one's."""
_SKIN_BESIDE = 0.5
"""Eye widths from the open eye's outer corner to the outline of the face; with less there is no skin to go
with the eye, but hair, background, or light that grazes the face's edge."""
_HEIGHT_SHARES = (0.9, 1.1)
"""What the depth of the mesh is off by at most: placed eyes have 0.94 to 1.03 of the open ones' height."""
_CONVERGENCE = 0.08
"""By how much the right iris lies further right between its corners than the left one in open eyes that
look at one point: median of the labelled photos."""


class Mirror:
    """The strategy; see `gen.app.src.strategy.Strategy`."""

    name = "mirror"

    def refuse(self, scene: EyeScene) -> str | None:
        if len(scene.sides) != 1:
            return "both eyes are closed, there is none to mirror"
        closed = scene.sides[0]
        open_side = _other(closed)
        yaw = abs(scene.document.pose.yaw)
        if yaw > YAW_LIMIT:
            return f"the head is turned by {yaw:.0f} degrees, its halves do not look alike"
        return (
            refusals.too_small(scene)
            or refusals.covered(scene)
            or refusals.not_open(scene.face, [open_side], "the person's")
            or _too_narrow(scene, open_side, closed)
            or _at_the_edge(scene, open_side)
            or refusals.hard_side_light(scene)
            or refusals.low_brow(mirrored(scene.face).mesh, scene, "the open eye")
        )

    def paint(self, scene: EyeScene) -> Painting:
        closed = scene.sides[0]
        scene = replace(scene, face=with_seen_irises(with_seen_brows(scene.face), [_other(closed)]))
        source = mirrored(scene.face)
        shift = gaze_shift(scene.mesh, _other(closed))
        eye = open_eye_of(source.mesh, closed)
        if not iris_room(eye, shift):
            raise Refused("the open eye looks too far aside to be mirrored")
        source = _turned(source, closed, shift)
        rims, source_rims = find_rims(scene.face), find_rims(source)
        face, shape = _with_room(scene.face, source, closed, rims)
        as_high = max(scene.params.openness * height_share(eye, shape), OPENNESS_RANGE[0])
        openness = min(as_high, opening_below_brow(shape))
        tone = PhotoTone(to_linear(scene.crop)) if scene.greyscale or scene.sepia else None
        layers = PaintLayers(face.crop)
        layers.add(
            transfer_eye(
                face,
                source,
                closed,
                shape,
                openness,
                tone,
                rims,
                source_rims,
                SAME_PHOTO,
            )
        )
        opening = shape.aspect_ratio * openness
        painting = layers.painting((PaintedEye(closed, round(opening, 3), "other_eye"),))
        return brow_lift.over_raised(painting, scene.crop, face.crop)


def _with_room(face: FaceView, source: FaceView, side: Side, rims: Rims) -> tuple[FaceView, OpenEye]:
    """The face with room for the open eye below its brow, and where the eye lies in it."""
    face = with_seen_lids(face, [side])
    shape = open_shapes(source.mesh, face.mesh, [side])[side]
    rise = min(missing_skin(shape), brow_lift.MOST)
    # A brow behind glasses stays: their frame would go up with it.
    if not rise or rims.evidence >= GLASSES:
        return face, shape
    face = brow_lift.with_raised_brow(face, side, rise)
    return face, open_shapes(source.mesh, face.mesh, [side])[side]


def gaze_shift(mesh: FloatArray, open_side: Side) -> float:
    """Shift of the mirrored iris to the viewer's right, eye widths, that makes both eyes look one way."""
    seen = iris_position(mesh, open_side)
    wanted = seen + (_CONVERGENCE if open_side == "left" else -_CONVERGENCE)
    return wanted - (1 - seen)


def height_share(seen: OpenEye, placed: OpenEye) -> float:
    """Factor that makes the placed eye as high as the open one: a turned head changes widths, not heights."""
    share = seen.width * seen.aspect_ratio / (placed.width * placed.aspect_ratio)
    return float(np.clip(share, *_HEIGHT_SHARES))


def _turned(source: FaceView, side: Side, shift: float) -> FaceView:
    eye = open_eye_of(source.mesh, side)
    crop = with_shifted_iris(source.crop, eye, shift, unmirror=True)
    return replace(source, crop=crop, mesh=shifted_mesh(source.mesh, side, shift))


def _other(side: Side) -> Side:
    return "right" if side == "left" else "left"


def _too_narrow(scene: EyeScene, open_side: Side, closed: Side) -> str | None:
    share = eye_mesh.eye_width(scene.mesh, open_side) / eye_mesh.eye_width(scene.mesh, closed)
    if share < _NARROWEST:
        return f"the open eye has only {100 * share:.0f} % of the closed one's width"
    return None


def _at_the_edge(scene: EyeScene, open_side: Side) -> str | None:
    outline = convex_hull(scene.mesh[: eye_mesh.IRIS["left"][0]]).astype(np.float32)
    outer, _ = eye_mesh.corners(scene.mesh, open_side)
    room = cv2.pointPolygonTest(outline, (float(outer[0]), float(outer[1])), True)
    if room < _SKIN_BESIDE * eye_mesh.eye_width(scene.mesh, open_side):
        return "the open eye lies at the edge of the face"
    return None
