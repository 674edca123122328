"""The second pass: one photo, from what was seen in it to the finished pictures."""

from __future__ import annotations

import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from contracts.error_codes import ErrorCode, StageError
from contracts.face import Face, FaceDocument
from contracts.files import atomic_path, sha256_file
from orch.app.src.asking.asker import Asker
from orch.app.src.asking.requests import RequestMaker
from orch.app.src.donors.settled import RunDonors
from orch.app.src.inputs.photos import Photo
from orch.app.src.looking.face_cache import FaceCache
from orch.app.src.looking.looker import PhotoLook, paths_of
from orch.app.src.opening.cropping import crop_faces
from orch.app.src.opening.face_work import FaceWork
from orch.app.src.opening.painting import Painter
from orch.app.src.opening.plan import FacePlan, PhotoPlan, Selection, plan_photo
from orch.app.src.opening.restoration import NOT_WANTED, Restored, restore
from orch.app.src.opening.variations import Variation, gen_item_params
from orch.app.src.outputs.finishing import Finished, write_finished
from orch.app.src.outputs.names import OutputNames
from orch.app.src.report import FaceEdit, PhotoReport, VariationReport, WrittenFile
from orch.app.src.run_ids import ORIGINAL
from orch.app.src.run_paths import RunPathManager
from orch.app.src.selecting.marks import Marks
from orch.app.src.settings import Settings


@dataclass(frozen=True)
class PhotoPipeline:
    """Everything that the photos of a run share; photos go through it side by side.

    Attributes:
        cache: where the looks' face documents lie.
        variations: the original first.
        donors: settled after the first pass.
        marks: of the selection file, None without one.
        dry_run: stop after the plan.
    """

    settings: Settings
    requests: RequestMaker
    ask: Asker
    cache: FaceCache
    names: OutputNames
    selection: Selection
    variations: Sequence[Variation]
    donors: RunDonors
    marks: Marks | None = None
    dry_run: bool = False

    def process(self, look: PhotoLook) -> PhotoReport:
        """Open the eyes of one photo that was looked at.

        Raises:
            StageError: an output cannot be written. What stages do wrong is in the report instead.
        """
        seen = self.cache.get(look.seen)
        if seen is None:
            raise StageError(
                ErrorCode.INTERNAL,
                f"the faces of {look.photo.name} are no longer in {self.cache.folder}",
                "run again with --resume, and leave that folder alone meanwhile",
                retryable=True,
            )
        started = time.monotonic()
        paths = paths_of(look, self.requests)
        flow = _Flow(self, look, paths, self.ask.afresh(), seen.document)
        try:
            report = flow.done(look.failed())
        finally:
            if not paths.layout.keeps_intermediates:
                shutil.rmtree(paths.layout.work, ignore_errors=True)
        seconds = {
            stage: round(look.seconds.get(stage, 0.0) + flow.ask.seconds.get(stage, 0.0), 4)
            for stage in [*look.seconds, *flow.ask.seconds]
        }
        total_s = round(look.took + time.monotonic() - started, 4)
        return replace(report, stage_seconds=seconds, total_s=total_s)


@dataclass
class _Flow:
    """One photo on its way."""

    run: PhotoPipeline
    look: PhotoLook
    paths: RunPathManager
    ask: Asker
    document: FaceDocument

    @property
    def photo(self) -> Photo:
        return self.look.photo

    def done(self, report: PhotoReport) -> PhotoReport:
        run, document = self.run, self.document
        marks = run.marks.of(self.photo.path) if run.marks else None
        sdxl = run.requests.has("gen", "sdxl")
        plan = plan_photo(
            document, run.selection, run.settings.generation.model, self._why_donor, marks, sdxl
        )
        report = replace(
            report,
            size=document.image_size,
            detector=document.detector,
            faces=plan.report,
            warnings=(*report.warnings, *plan.notices),
        )
        if run.dry_run:
            return replace(report, status="planned")
        if not plan.faces:
            return self._unchanged(report, _nothing_to_do(plan))
        if not self.paths.get_face_json().exists():  # a verbose run keeps the stage's own
            run.cache.lend(self.look.seen, self.paths.get_face_json())
        with run.requests.darkroom.developed(self.photo.path, self.ask.developing) as developed:
            return self._concluded(replace(report, variations=self._open(plan, developed.path)))

    def _why_donor(self, face: Face) -> str:
        return self.run.donors.reason(self.look, face.face_index)

    def _open(self, plan: PhotoPlan, photo: Path) -> tuple[VariationReport, ...]:
        """photo: as stages read it."""
        paths, requests = self.paths, self.run.requests
        faces, lost = crop_faces(photo, paths, plan.faces, requests, self.ask)
        variations = self.run.variations
        work = [self._work(face, variation) for variation in variations for face in faces]
        pictures = Painter(photo, paths, requests, self.ask, work).open_eyes()
        restored = restore(paths, pictures, work, requests, self.ask)
        return tuple(
            self._finished(photo, v, [*_edits(work, v), *lost], restored.get(v.variation_id))
            for v in variations
        )

    def _work(self, face: FacePlan, variation: Variation) -> FaceWork:
        return FaceWork(
            plan=face,
            variation_id=variation.variation_id,
            paths=self.paths.for_variation(variation.variation_id),
            seed=variation.seed,
            params=gen_item_params(self.run.settings, variation),
            donors=self.run.donors.of(self.look, face.face_index, self.paths, self.ask),
            first_donor=variation.number,
        )

    def _finished(
        self, photo: Path, variation: Variation, edits: list[FaceEdit], restored: Restored | None
    ) -> VariationReport:
        paths = self.paths.for_variation(variation.variation_id)
        report = VariationReport(
            variation_id=variation.variation_id,
            run_id=paths.run_id,
            seed=variation.seed,
            openness=variation.openness,
            faces=tuple(sorted(edits, key=lambda edit: edit.face_index)),
            restoration=restored.note if restored else NOT_WANTED,
            restored_faces=restored.faces if restored else (),
            upscale=restored.upscale if restored else 1.0,
        )
        if restored is None:
            return report
        target = self.run.names.final(paths, self.photo, variation.variation_id)
        finished = Finished(photo, restored.picture, paths, target, report)
        return replace(report, output=write_finished(finished, self.run.requests, self.ask))

    def _concluded(self, report: PhotoReport) -> PhotoReport:
        errors = [face.error for v in report.variations for face in v.faces if face.error]
        if any(v.output for v in report.variations):
            return replace(report, status="partial" if errors else "edited")
        if errors:
            return replace(report, status="failed", error=errors[0])
        return self._unchanged(report, "no eye could be opened")

    def _unchanged(self, report: PhotoReport, reason: str) -> PhotoReport:
        copied = None
        if self.run.settings.output.copy_unchanged:
            target = self.run.names.copy(self.paths.for_variation(ORIGINAL), self.photo)
            with atomic_path(target, lasting=True) as temporary:
                shutil.copyfile(self.photo.path, temporary)
            copied = WrittenFile(str(target), sha256_file(target))
        return replace(report, status="unchanged", reason=reason, copied_to=copied)


def _edits(work: list[FaceWork], variation: Variation) -> list[FaceEdit]:
    return [w.edit() for w in work if w.variation_id == variation.variation_id]


def _nothing_to_do(plan: PhotoPlan) -> str:
    if not plan.report:
        return "no face was found"
    states = {eye.numbers.state for face in plan.report for eye in (face.left_eye, face.right_eye)}
    if "closed" in states:
        return "the faces with closed eyes were left out by choice"
    if "undetermined" in states:
        return "no eye is surely closed"
    return "no closed eyes"
