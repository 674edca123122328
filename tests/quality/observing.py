"""What is seen on one result: every face held against its labels, its truth and its former self."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from contracts.face import SIDES, Side
from imaging.photo import read_photo
from tests.quality import eye_measures, opening
from tests.quality.appearance import Appearance, features
from tests.quality.cases import Case
from tests.quality.eye_measures import EyeSeen, Picture
from tests.quality.frame_shift import frame_shift
from tests.quality.judging import Look, Reading, Readings
from tests.quality.matching import matched
from tests.quality.product import Result
from tests.quality.seam import seam
from tests.quality.similarity import aligned, similarity
from tests.running import variation_of


@dataclass(frozen=True)
class FaceSeen:
    """One labelled face.

    Attributes:
        found: whether the product found it; None where it is not the product's result.
        gaze_mismatch, gaze_mismatch_true: of edited faces, in the result and in the truth.
        identity_*: distances between photo, result and truth, of faces with a closed eye.
    """

    index: int
    found: bool | None
    gaze_mismatch: float | None = None
    gaze_mismatch_true: float | None = None
    identity_before_after: float | None = None
    identity_before_true: float | None = None
    identity_after_true: float | None = None


@dataclass(frozen=True)
class Observation:
    """One result.

    Attributes:
        false_faces: found by the product beyond the labelled ones; None where nobody counted.
        pixels_outside: changed beyond the ellipses of the labelled closed eyes; None like false_faces.
        tinted: share of the edited pixels that got colour in a grey photo; None in a photo of colours.
    """

    result: Result
    eyes: tuple[EyeSeen, ...] = ()
    faces: tuple[FaceSeen, ...] = ()
    false_faces: int | None = None
    pixels_outside: int | None = None
    tinted: float | None = None

    @property
    def case(self) -> Case:
        return self.result.case


@dataclass(frozen=True)
class Judges:
    """What they read, and the one that looks at pixels; None where it had too little to learn from."""

    readings: Readings
    appearance: Appearance | None

    def evidence(self, picture: Picture, reading: Reading, side: Side, case: Case) -> opening.Evidence:
        """What every judge measured on one eye."""
        axis = reading.axis(side)
        look = None
        if self.appearance:
            look = self.appearance.openness(features(picture, axis), case.half)
        return {
            opening.BLINK: reading.blink[side] if reading.blink else None,
            opening.ASPECT_RATIO: reading.aspect_ratio(side),
            opening.APPEARANCE: look,
        }


def looks_at(results: Sequence[Result]) -> set[Look]:
    """Every face of every picture that has to be read."""
    looks: set[Look] = set()
    for result in results:
        case = result.case
        for face in case.faces or ():
            looks |= {(case.photo, face.place), (result.shown, face.place)}
        if case.truth:
            looks |= {(case.truth.picture, place) for place in case.truth.places}
    return looks


def observe(result: Result, judges: Judges) -> Observation:
    """Measure one result."""
    case = result.case
    before, after = rgb(case.photo), rgb(result.shown)
    tint = eye_measures.tinted(before, after)
    if case.faces is None:
        return Observation(result, tinted=tint)
    reported = matched(case.faces, result.report) if result.report else [None] * len(case.faces)
    eyes = [
        _eye(result, judges, index, side, reported[index])
        for index in range(len(case.faces))
        for side in SIDES
    ]
    faces = [_face(result, judges, index, reported[index]) for index in range(len(case.faces))]
    surplus = (
        len(result.report["faces"]) - sum(seen is not None for seen in reported) if result.report else None
    )
    return Observation(result, tuple(eyes), tuple(faces), surplus, _outside(result, judges), tint)


@lru_cache(maxsize=8)
def rgb(path: Path) -> Picture:
    return read_photo(path).as_rgb8()


def truth_in_frame(case: Case, index: int, readings: Readings) -> Picture | None:
    """The truth of one face laid on the photo; None where there is none or it cannot be laid."""
    if case.truth is None or case.faces is None:
        return None
    truth = rgb(case.truth.picture)
    if case.truth.same_frame:
        return truth
    mesh = readings[case.photo, case.faces[index].place].mesh
    true_mesh = readings[case.truth.picture, case.truth.places[index]].mesh
    if mesh is None or true_mesh is None:
        return None
    return aligned(truth, true_mesh, mesh, rgb(case.photo).shape)


def _eye(
    result: Result, judges: Judges, index: int, side: Side, reported: Mapping[str, Any] | None
) -> EyeSeen:
    case = result.case
    face = (case.faces or ())[index]
    eye = EyeSeen(index, side, face.state(side), **_said(result, reported, side))
    before, after = rgb(case.photo), rgb(result.shown)
    own, new = judges.readings[case.photo, face.place], judges.readings[result.shown, face.place]
    axis = own.axis(side)
    eye = replace(eye, touched=eye_measures.touched(before, after, axis))
    if eye.label != "closed":
        return eye
    truth, other_exposure = truth_in_frame(case, index, judges.readings), True
    if truth is not None and case.truth:
        other_exposure = not case.truth.same_frame
        eye = replace(
            eye,
            before=similarity(before, truth, axis, other_exposure),
            after=similarity(after, truth, axis, other_exposure),
        )
    if not eye.touched:
        return eye
    evidence = [
        judges.evidence(picture, reading, side, case) for picture, reading in ((before, own), (after, new))
    ]
    region = eye_measures.ellipse(before.shape, axis)
    return replace(
        eye,
        opened=opening.opened(*evidence),
        seam=seam(before, after, region, axis.width),
        iris_difference=eye_measures.iris_difference(before, after, own, new, side) if face.is_wink else None,
        frame_shift=frame_shift(before, after, axis) if case.glasses else None,
    )


def _said(result: Result, reported: Mapping[str, Any] | None, side: Side) -> dict[str, Any]:
    """What the product says of an eye: state, strategy, and why it was not opened."""
    if result.report is None:
        return {}
    if reported is None:
        return {"reason": "its face was not found"}
    planned = reported[f"{side}_eye"]
    said = {"state": planned["numbers"]["state"], "reason": planned["reason"]}
    for face in variation_of(result.report)["faces"] if result.report["variations"] else ():
        if face["face_index"] == reported["face_index"]:
            for eye in face["eyes"]:
                if eye["side"] == side:
                    said |= {"strategy": face["strategy_used"] or "", "reason": eye["reason"]}
    return said


def _face(result: Result, judges: Judges, index: int, reported: Mapping[str, Any] | None) -> FaceSeen:
    case = result.case
    face = (case.faces or ())[index]
    seen = FaceSeen(index, (reported is not None) if result.report else None)
    if face.is_open:
        return seen
    own, new = judges.readings[case.photo, face.place], judges.readings[result.shown, face.place]
    true = judges.readings[case.truth.picture, case.truth.places[index]] if case.truth else None
    edited = result.picture is not None
    return replace(
        seen,
        gaze_mismatch=eye_measures.gaze_mismatch(new) if edited else None,
        gaze_mismatch_true=eye_measures.gaze_mismatch(true) if true and edited else None,
        identity_before_after=own.distance(new) if edited else None,
        identity_before_true=own.distance(true) if true else None,
        identity_after_true=new.distance(true) if true else None,
    )


def _outside(result: Result, judges: Judges) -> int | None:
    """In the photo's own depth."""
    if result.picture is None:
        return None
    case = result.case
    before, after = read_photo(case.photo).pixels, read_photo(result.picture).pixels
    allowed = np.zeros(before.shape[:2], bool)
    for index, side in case.eyes("closed"):
        place = (case.faces or ())[index].place
        allowed |= eye_measures.ellipse(before.shape, judges.readings[case.photo, place].axis(side))
    return int(((before != after).any(axis=2) & ~allowed).sum())
