"""What is to be done with a photo: which eyes of which faces, and by which strategies.

Faces are numbered left to right from 0. Only eyes that are surely closed are edited.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from contracts.envelope import Notice
from contracts.face import SIDES, Face, FaceDocument, Side
from orch.app.src import strategies
from orch.app.src.report import FaceReport, PlannedEye, eye_numbers
from orch.app.src.selecting.marks import PhotoMarks


@dataclass(frozen=True)
class Selection:
    """Which faces a person wants edited. faces: None for all. min_age: younger ones are left alone."""

    faces: frozenset[int] | None = None
    ignored: frozenset[int] = frozenset()
    min_age: float | None = None

    def refusal(self, face: Face) -> str:
        """Why a face is left alone, "" where it is not."""
        if self.faces is not None and face.face_index not in self.faces:
            return "not among --faces"
        if face.face_index in self.ignored:
            return "named by --ignore-faces"
        if self.min_age is not None and face.age is not None and face.age < self.min_age:
            return f"about {face.age:.0f} years old, --min-age is {self.min_age:g}"
        return ""


@dataclass(frozen=True)
class FacePlan:
    """One face with eyes to open."""

    face: Face
    eyes: tuple[Side, ...]
    strategies: tuple[str, ...]

    @property
    def face_index(self) -> int:
        return self.face.face_index


@dataclass(frozen=True)
class PhotoPlan:
    """faces: those with eyes to open. report: all faces, as the report tells them."""

    faces: tuple[FacePlan, ...]
    report: tuple[FaceReport, ...]
    notices: tuple[Notice, ...]


def plan_photo(
    document: FaceDocument,
    selection: Selection,
    model: str,
    donor_of: Callable[[Face], str] = lambda face: "",
    marks: PhotoMarks | None = None,
    sdxl: bool = False,
) -> PhotoPlan:
    """Decide for every eye of a photo.

    Args:
        model: `generation.model`.
        donor_of: why there is a donor for a face, "" where there is none.
        marks: what a selection file says of the photo, None without one.
        sdxl: whether SDXL was chosen for this run.
    """
    plans, reports = [], []
    for face in document.faces:
        refusal = selection.refusal(face) or (marks.refusal(face, document.image_size) if marks else "")
        planned = {side: _planned_eye(face, side, refusal) for side in SIDES}
        eyes = tuple(side for side in SIDES if planned[side].to_open)
        chain = (
            strategies.choose(model, face, eyes, donor_of(face), sdxl) if eyes else strategies.Chain((), "")
        )
        if eyes:
            plans.append(FacePlan(face, eyes, chain.names))
        reports.append(_face_report(face, planned, chain))
    notices = _notices(document, selection)
    if marks:
        notices += [*marks.notices, *marks.unknown_faces(document.faces, document.image_size)]
    return PhotoPlan(tuple(plans), tuple(reports), tuple(notices))


def _planned_eye(face: Face, side: Side, refusal: str) -> PlannedEye:
    eye = face.eye(side)
    if eye.state == "open":
        reason = "it is open"
    elif eye.state == "undetermined":
        reason = f"undetermined: {eye.reason}" if eye.reason else "undetermined"
    else:
        reason = refusal
    return PlannedEye(eye_numbers(face, side), to_open=not reason, reason=reason)


def _face_report(face: Face, planned: dict[Side, PlannedEye], chain: strategies.Chain) -> FaceReport:
    return FaceReport(
        face_index=face.face_index,
        bbox=face.bbox,
        confidence=face.confidence,
        pose=face.pose,
        inter_ocular_distance=face.inter_ocular_distance,
        age=face.age,
        eyeglasses=face.eyeglasses,
        left_eye=planned["left"],
        right_eye=planned["right"],
        strategies=chain.names,
        choice=chain.reason,
    )


def _notices(document: FaceDocument, selection: Selection) -> list[Notice]:
    notices = []
    present = {face.face_index for face in document.faces}
    strangers = sorted(((selection.faces or frozenset()) | selection.ignored) - present)
    if strangers:
        named = ", ".join(map(str, strangers))
        notices.append(
            Notice("FACES_UNKNOWN", f"no face {named} here: there are {len(present)}, numbered from 0")
        )
    if selection.min_age is not None and any(face.age is None for face in document.faces):
        notices.append(
            Notice("AGE_UNKNOWN", f"detector {document.detector} tells no ages: --min-age left nobody out")
        )
    return notices
