"""Opens eyes with the same person's own open eyes from another photo: the most faithful way."""

from __future__ import annotations

from dataclasses import replace

from contracts.envelope import Notice
from contracts.face import SIDES
from contracts.gen import PaintedEye
from gen.app.src import refusals
from gen.app.src.eyeball.tone import PhotoTone
from gen.app.src.in_front.eyeglasses import GLASSES, find_rims
from gen.app.src.open_shape import BOTH_CLOSED, ONE_CLOSED, OPENNESS_RANGE, open_eye_of, open_shapes
from gen.app.src.seen.brows import with_seen_brows
from gen.app.src.seen.expression import expected_openness, openness_without_stare
from gen.app.src.seen.irises import with_seen_irises
from gen.app.src.strategy import EyeScene, FaceView, Painting, Refused
from gen.app.src.transfer.donor_gaze import aimed
from gen.app.src.transfer.eye_transfer import transfer_eye
from gen.app.src.transfer.fit import opening_below_brow
from gen.app.src.transfer.paint_layers import PaintLayers
from gen.app.src.transfer.texture_match import eye_blur, face_blur
from imaging import eye_mesh
from imaging.colour import to_linear

YAW_LIMIT = 25.0
"""Degrees between donor and target; further apart, an eye shows a side that the other photo does not."""
SMALLEST_DONOR = 0.5
"""Width of the donor's eyes relative to the target's; enlarged more than twice they are a blur."""
_SHARP_EYE = 0.65
"""Blur of open eyes relative to that of the face around them, median of the labelled photos: lashes and
limbus are the sharpest edges of a face."""
_BLUR_WARNING, _BLUR_LIMIT = 1.8, 3.5
"""Blur of the donor's eyes, as they arrive in the target, relative to eyes as sharp as the target's face."""
_BLURRED_EYE = 0.05
"""Blur in eye widths from which an eye looks out of focus; sharper ones are not to blame for a target
whose grain passes for sharpness."""


class Donor:
    """The strategy; see `gen.app.src.strategy.Strategy`."""

    name = "donor"

    def refuse(self, scene: EyeScene) -> str | None:
        donor = scene.donor
        if donor is None:
            return "there is no donor photo"
        if scene.params.donor_same_person is False:
            return "the donor is another person"
        return (
            refusals.too_small(scene)
            or refusals.hidden_by_turn(scene)
            or refusals.covered(scene)
            or refusals.not_open(donor, SIDES if len(scene.sides) > 1 else scene.sides, "the donor's")
            or refusals.turned_apart(scene.document, donor.document, YAW_LIMIT)
            or _too_coarse(scene, donor)
            or refusals.unusable_gaze(donor, "the donor's")
            or refusals.low_brow(donor.mesh, scene, "the donor's eye")
        )

    def paint(self, scene: EyeScene) -> Painting:
        donor = scene.donor
        if donor is None:
            raise Refused("there is no donor photo")
        blur = relative_blur(scene.face, donor) if _out_of_focus(donor) else 1.0
        if blur > _BLUR_LIMIT:
            raise Refused(f"the donor is {blur:.1f} times as blurred as this photo")
        rims, donor_rims = find_rims(scene.face), find_rims(donor)
        if donor_rims.evidence >= GLASSES > rims.evidence:
            raise Refused("the donor wears glasses, this face does not")
        tone = PhotoTone(to_linear(scene.crop)) if scene.greyscale or scene.sepia else None
        open_sides = [side for side in SIDES if side not in scene.sides]
        scene = replace(scene, face=with_seen_irises(with_seen_brows(scene.face), open_sides))
        donor = aimed(with_seen_irises(with_seen_brows(donor), SIDES), scene)
        shapes = open_shapes(
            donor.mesh, scene.mesh, SIDES, BOTH_CLOSED if len(scene.sides) > 1 else ONE_CLOSED
        )
        rooms = (opening_below_brow(shapes[side]) for side in scene.sides)
        calm = _calm_openness(scene, donor)
        openness = min(max(calm * scene.params.openness, OPENNESS_RANGE[0]), *rooms)
        layers = PaintLayers(scene.crop)
        eyes = []
        for side in scene.sides:
            layers.add(transfer_eye(scene.face, donor, side, shapes[side], openness, tone, rims, donor_rims))
            opening = shapes[side].aspect_ratio * openness
            eyes.append(PaintedEye(side, round(opening, 3), "donor"))
        warnings: tuple[Notice, ...] = ()
        if blur > _BLUR_WARNING:
            warnings = (Notice("DONOR_BLURRED", f"the donor is {blur:.1f} times as blurred as this photo"),)
        return layers.painting(tuple(eyes), warnings)


def relative_blur(target: FaceView, donor: FaceView) -> float:
    """How many times as blurred as the target the donor's eyes are, at the target's size."""
    wanted = _SHARP_EYE * face_blur(target)
    arriving = (
        eye_blur(donor, side) * eye_mesh.eye_width(target.mesh, side) / eye_mesh.eye_width(donor.mesh, side)
        for side in SIDES
    )
    return min(arriving) / wanted


def _calm_openness(scene: EyeScene, donor: FaceView) -> float:
    """Share of the donor's opening that goes with the expression of this face, at most 1.

    A stare stays in the donor's photo, and the calm eyes of a laughing person are narrowed.
    """
    expected = expected_openness(scene.mesh) / expected_openness(donor.mesh)
    return min(expected, 1.0) * openness_without_stare([open_eye_of(donor.mesh, side) for side in SIDES])


def _out_of_focus(face: FaceView) -> bool:
    return all(eye_blur(face, side) > _BLURRED_EYE * eye_mesh.eye_width(face.mesh, side) for side in SIDES)


def _too_coarse(scene: EyeScene, donor: FaceView) -> str | None:
    """The donor's eyes have far fewer pixels than the target's, in the photos."""
    for side in scene.sides:
        wanted = eye_mesh.eye_width(scene.mesh, side) / scene.document.scale
        given = open_eye_of(donor.mesh, side).width / donor.document.scale
        if given < SMALLEST_DONOR * wanted:
            return f"the donor's {side} eye is {given:.0f} px wide, this one {wanted:.0f}"
    return None
