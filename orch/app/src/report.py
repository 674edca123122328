"""What a run says about itself: the contents of `report_{run}.json`.

Left and right are the viewer's. Coordinates are EXIF-upright pixels of the photo.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, Literal

from contracts.envelope import ErrorInfo, Notice, Refusal
from contracts.face import EyeState, Face, Pose, Side
from contracts.res import FaceRestoration
from orch.app.src.backends.backend_report import BackendReport

REPORT_FORMAT = "1"

Outcome = Literal["opened", "not_opened", "refused", "failed"]
"""opened: verified. not_opened: painted, but the look afterwards did not agree; left as it was.
refused: every strategy declined with a reason. failed: an error."""

SamePerson = Literal["confirmed", "not_checked", "differs"]
"""Of a donor and whom it lends eyes to. not_checked: no identity backend is installed."""

PhotoStatus = Literal["edited", "unchanged", "partial", "failed", "planned"]
"""partial: some faces failed with an error, the others are done. planned: a dry run."""


@dataclass(frozen=True)
class EyeNumbers:
    """What the face stage measured on one eye; `appearance` is None where it was not measured."""

    state: EyeState
    score: float
    area: float
    normalised_area: float
    aspect_ratio: float
    appearance: float | None
    decided_by: str


@dataclass(frozen=True)
class PlannedEye:
    """One eye before the work. reason: why it is left alone, or why it is undetermined."""

    numbers: EyeNumbers
    to_open: bool
    reason: str


@dataclass(frozen=True)
class FaceReport:
    """One detected face. strategies: to be tried in this order; `choice` says why these."""

    face_index: int
    bbox: tuple[float, float, float, float]
    confidence: float
    pose: Pose
    inter_ocular_distance: float
    age: float | None
    eyeglasses: float | None
    left_eye: PlannedEye
    right_eye: PlannedEye
    strategies: tuple[str, ...]
    choice: str


@dataclass(frozen=True)
class EyeVerdict:
    """One eye after the work.

    Attributes:
        iris_position: along the corner line, 0 at the viewer's left corner, 1 at the right one.
        seam: gradient along the border of the edit over what it was before.
        region: x1, y1, x2, y2 in the photo, exclusive end; nothing outside of it changed for this eye.
    """

    side: Side
    outcome: Outcome
    reason: str = ""
    after: EyeNumbers | None = None
    iris_position: float | None = None
    seam: float | None = None
    region: tuple[int, int, int, int] | None = None


@dataclass(frozen=True)
class FaceEdit:
    """What became of one face in one variation.

    Attributes:
        attempts: how often it was painted.
        donor: photo whose eyes were taken.
        iris_source: where the colour of the iris comes from, as the painter says; "" where it says nothing.
    """

    face_index: int
    strategy_used: str | None
    attempts: int
    eyes: tuple[EyeVerdict, ...]
    refused: tuple[Refusal, ...] = ()
    donor: str | None = None
    same_person: SamePerson = "not_checked"
    iris_source: str = ""
    warnings: tuple[Notice, ...] = ()
    error: ErrorInfo | None = None

    def opened(self) -> tuple[Side, ...]:
        return tuple(e.side for e in self.eyes if e.outcome == "opened")


@dataclass(frozen=True)
class WrittenFile:
    """A file that was written. recompression: what lossy encoding changed outside of the edits."""

    path: str
    sha256: str
    file_format: str = ""
    bit_depth: int | None = None
    recompression: Any = None
    warnings: tuple[Notice, ...] = ()


@dataclass(frozen=True)
class VariationReport:
    """One finished picture.

    Attributes:
        restoration: "succeeded", "not_wanted", or why faces were not restored.
        restored_faces: what became of each; regions are pixels of the finished picture.
        upscale: size of the finished picture over that of the photo.
    """

    variation_id: str
    run_id: str
    seed: int
    openness: float
    faces: tuple[FaceEdit, ...]
    output: WrittenFile | None = None
    restoration: str = "not_wanted"
    restored_faces: tuple[FaceRestoration, ...] = ()
    upscale: float = 1.0

    def strategies(self) -> tuple[str, ...]:
        """Those by which eyes of this picture were opened."""
        used = (face.strategy_used for face in self.faces if face.opened())
        return tuple(dict.fromkeys(name for name in used if name))

    def methods(self) -> tuple[str, ...]:
        """Everything by which this picture was edited: strategies, and restoration."""
        restored = any(face.outcome == "restored" for face in self.restored_faces)
        return (*self.strategies(), "restoration") if restored else self.strategies()

    def regions(self) -> tuple[tuple[int, int, int, int], ...]:
        """Where this picture differs from the photo (enlarged by `upscale`)."""
        opened = (eye for face in self.faces for eye in face.eyes if eye.outcome == "opened")
        eyes = tuple(_enlarged(eye.region, self.upscale) for eye in opened if eye.region)
        return eyes + tuple(face.region for face in self.restored_faces if face.region)


@dataclass(frozen=True)
class PhotoReport:
    """One photo.

    Attributes:
        stage_seconds: stage -> seconds that it worked for this photo.
        total_s: from its looks to its pictures, with the wait for stages that worked for others.
        resumed: done by an earlier call of the run, taken up with --resume.
    """

    photo: str
    path: str
    status: PhotoStatus
    reason: str = ""
    size: tuple[int, int] | None = None
    detector: str = ""
    faces: tuple[FaceReport, ...] = ()
    variations: tuple[VariationReport, ...] = ()
    copied_to: WrittenFile | None = None
    warnings: tuple[Notice, ...] = ()
    error: ErrorInfo | None = None
    stage_seconds: dict[str, float] = field(default_factory=dict)
    total_s: float = 0.0
    resumed: bool = False

    def output_paths(self) -> list[str]:
        """Every picture that was written for the photo."""
        written = [v.output for v in self.variations] + [self.copied_to]
        return [file.path for file in written if file]


@dataclass(frozen=True)
class RunReport:
    """The whole run.

    Attributes:
        overhead_s: seconds beyond the stages' own work and the writing of pictures.
        peak_rss_mb: of the largest process.
        problems: inputs that were not there.
        notices: what concerns no single photo.
        stopped: why the run ended before its last photo, None where it did not.
        not_done: photos that are left then.
        backends: every backend that was looked at, used or not.
    """

    format: str
    version: str
    contract: str
    run_id: str
    started: str
    exit_code: int
    stopped: ErrorInfo | None
    not_done: tuple[str, ...]
    total_s: float
    overhead_s: float
    peak_rss_mb: float
    settings: dict[str, Any]
    options: dict[str, Any]
    photos: tuple[PhotoReport, ...]
    problems: tuple[ErrorInfo, ...]
    notices: tuple[Notice, ...]
    backends: tuple[BackendReport, ...]
    stages: dict[str, Any]

    def output_paths(self) -> list[str]:
        return [path for photo in self.photos for path in photo.output_paths()]


@dataclass(frozen=True)
class RunDocuments:
    """Files about a run, None for those that were not written.

    Attributes:
        report: the whole report as JSON.
        page: the same for people, or what a dry run found.
        selection: of a dry run: faces to choose from.
    """

    report: str | None = None
    page: str | None = None
    selection: str | None = None


def _enlarged(box: tuple[int, int, int, int], factor: float) -> tuple[int, int, int, int]:
    """The box in a picture `factor` times as big; interpolation spreads an edit by up to 4 px before."""
    if factor == 1:
        return box
    x1, y1, x2, y2 = box
    return (
        max(0, math.floor((x1 - 4) * factor)),
        max(0, math.floor((y1 - 4) * factor)),
        math.ceil((x2 + 4) * factor),
        math.ceil((y2 + 4) * factor),
    )


def eye_numbers(face: Face, side: Side) -> EyeNumbers:
    """The numbers of one eye as they go into the report."""
    eye = face.eye(side)
    return EyeNumbers(
        state=eye.state,
        score=eye.score,
        area=eye.area,
        normalised_area=eye.normalised_area,
        aspect_ratio=eye.aspect_ratio,
        appearance=eye.appearance.score if eye.appearance else None,
        decided_by=eye.decided_by,
    )
