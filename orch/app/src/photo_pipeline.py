"""One photo, from the first look to the finished pictures."""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from contracts.envelope import Notice
from contracts.face import FaceDocument
from contracts.files import atomic_path, sha256_file
from orch.app.src.asking import Asker
from orch.app.src.cropping import crop_faces
from orch.app.src.documents import read_document
from orch.app.src.donors import DonorShelf, read_donors
from orch.app.src.face_work import FaceWork
from orch.app.src.finishing import Finished, WriteFinal
from orch.app.src.inputs import Photo
from orch.app.src.output_names import OutputNames
from orch.app.src.painting import Painter
from orch.app.src.plan import FacePlan, PhotoPlan, Selection, plan_photo
from orch.app.src.prompt_variations import vary_prompts
from orch.app.src.report import FaceEdit, PhotoReport, VariationReport, WrittenFile
from orch.app.src.requests import RequestMaker
from orch.app.src.restoration import NOT_WANTED, Restored, restore
from orch.app.src.run_ids import ORIGINAL, SHARED
from orch.app.src.run_paths import RunPathManager
from orch.app.src.selection_marks import Marks
from orch.app.src.settings import Settings
from orch.app.src.variations import Variation, gen_params, variations


@dataclass
class PhotoPipeline:
    """Everything that the photos of a run share.

    Attributes:
        donor_photos: read once, when the first photo has eyes to open.
        marks: of the selection file, None without one.
        dry_run: stop after the plan.
        notices: what concerns the whole run: donors and prompts that could not be used.
    """

    settings: Settings
    requests: RequestMaker
    ask: Asker
    names: OutputNames
    write_final: WriteFinal
    selection: Selection
    marks: Marks | None = None
    num_variations: int = 0
    donor_photos: tuple[Path, ...] = ()
    dry_run: bool = False
    notices: list[Notice] = field(default_factory=list)

    def process(self, photo: Photo, number: int) -> PhotoReport:
        """Open the eyes of one photo.

        Args:
            number: unique among the photos of the run.

        Raises:
            StageError: an output cannot be written. What stages do wrong is in the report instead.
        """
        started = time.monotonic()
        self.ask.reset()
        layout = self.requests.layout.for_photo(number)
        service = f"{photo.photo_id}_{SHARED}" if photo.photo_id else SHARED
        verbose = self.settings.processing.verbose
        paths = RunPathManager(service, photo.path, verbose, self.requests.batch_id, layout, photo.subfolder)
        try:
            report = self._look_and_open(photo, paths)
        finally:
            if not layout.keeps_intermediates:
                shutil.rmtree(layout.work, ignore_errors=True)
        return replace(report, stage_seconds=self.ask.seconds, total_s=round(time.monotonic() - started, 4))

    def _look_and_open(self, photo: Photo, paths: RunPathManager) -> PhotoReport:
        debug = self.settings.processing.verbose or self.settings.processing.debug
        seen = self.ask(self.requests.face(photo.path, paths, debug)).items[0]
        report = PhotoReport(photo.name, str(photo.path), "failed", error=seen.error, warnings=seen.warnings)
        if seen.error:
            return report
        document = read_document(FaceDocument, paths.get_face_json())
        model = self.settings.generation.model
        marks = self.marks.of(photo.path) if self.marks else None
        plan = plan_photo(document, self.selection, model, bool(self.donor_photos), marks)
        report = replace(
            report,
            size=document.image_size,
            detector=document.detector,
            faces=plan.report,
            warnings=(*seen.warnings, *plan.notices),
        )
        if self.dry_run:
            return replace(report, status="planned")
        if not plan.faces:
            return self._unchanged(photo, paths, report, _nothing_to_do(plan))
        report = replace(report, variations=self._open(photo, paths, plan, len(document.faces)))
        return self._concluded(photo, paths, report)

    def _open(
        self, photo: Photo, paths: RunPathManager, plan: PhotoPlan, company: int
    ) -> tuple[VariationReport, ...]:
        faces, lost = crop_faces(photo.path, paths, plan.faces, self.requests, self.ask)
        work = [self._work(face, v, paths, company) for v in self._variations for face in faces]
        pictures = Painter(photo.path, paths, self.requests, self.ask, work).open_eyes()
        restored = restore(paths, pictures, work, self.requests, self.ask)
        return tuple(
            self._finished(photo, paths, v, [*_edits(work, v), *lost], restored.get(v.variation_id))
            for v in self._variations
        )

    def _work(self, face: FacePlan, variation: Variation, paths: RunPathManager, company: int) -> FaceWork:
        return FaceWork(
            plan=face,
            variation_id=variation.variation_id,
            paths=paths.for_variation(variation.variation_id),
            seed=variation.seed,
            params=gen_params(self.settings, variation),
            donors=self._shelf.ranked(face.face, company),
            first_donor=variation.number,
        )

    def _finished(
        self,
        photo: Photo,
        shared: RunPathManager,
        variation: Variation,
        edits: list[FaceEdit],
        restored: Restored | None,
    ) -> VariationReport:
        paths = shared.for_variation(variation.variation_id)
        report = VariationReport(
            variation_id=variation.variation_id,
            run_id=paths.run_id,
            seed=variation.seed,
            openness=variation.openness,
            faces=tuple(sorted(edits, key=lambda edit: edit.face_index)),
            restoration=restored.note if restored else NOT_WANTED,
        )
        if restored is None:
            return report
        target = self.names.final(paths, photo, variation.variation_id)
        seconds = dict(self.ask.seconds)
        with self.ask.timed("write"):
            written = self.write_final(Finished(photo.path, restored.picture, target, report, seconds))
        return replace(report, output=written)

    def _concluded(self, photo: Photo, paths: RunPathManager, report: PhotoReport) -> PhotoReport:
        errors = [face.error for v in report.variations for face in v.faces if face.error]
        if any(v.output for v in report.variations):
            return replace(report, status="partial" if errors else "edited")
        if errors:
            return replace(report, status="failed", error=errors[0])
        return self._unchanged(photo, paths, report, "no eye could be opened")

    def _unchanged(
        self, photo: Photo, paths: RunPathManager, report: PhotoReport, reason: str
    ) -> PhotoReport:
        copied = None
        if self.settings.output.copy_unchanged:
            target = self.names.copy(paths.for_variation(ORIGINAL), photo)
            with atomic_path(target) as temporary:
                shutil.copyfile(photo.path, temporary)
            copied = WrittenFile(str(target), sha256_file(target))
        return replace(report, status="unchanged", reason=reason, copied_to=copied)

    @cached_property
    def _shelf(self) -> DonorShelf:
        shelf = read_donors(self.donor_photos, self.requests, self.ask, self.settings.processing.verbose)
        self.notices += shelf.notices
        return shelf

    @cached_property
    def _variations(self) -> list[Variation]:
        varied = vary_prompts(self.requests, self.ask, self.num_variations)
        self.notices += varied.notices
        return variations(self.settings, varied.prompts, self.num_variations)


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
