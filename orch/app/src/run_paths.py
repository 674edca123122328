"""RunPathManager: the only maker of paths.

Finished pictures lie in Output_Images (or `--output`), documents in Output_Json beside them. All
else is intermediate: in a verbose run it is kept in the trees of the original design (face/ crop/
gen/ blend/ res/ and Output_Json), otherwise it lies in a private work folder that goes with the run.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Literal

from contracts.face import Side
from contracts.files import TEMPORARY_PREFIX, reference
from environments.places import CHECKOUT
from orch.app.src.run_ids import SHARED, photo_id

WORK_PREFIX = f"{TEMPORARY_PREFIX}work-"
"""Work folders start with this, so that leftovers of a killed run can be told and removed."""

SELECTED_PREFIX = "final_selected_"
"""Folders of picked pictures start with this."""

_LETTER: dict[Side, str] = {"left": "L", "right": "R"}


@dataclass(frozen=True)
class Layout:
    """Folders of one batch, absolute.

    Attributes:
        images: finished pictures.
        documents: reports and, in a verbose run, the JSON of the stages.
        variations: prompt variations.
        work: intermediates; equal to `images` in a verbose run.
    """

    images: Path
    documents: Path
    variations: Path
    work: Path

    @property
    def keeps_intermediates(self) -> bool:
        return self.work == self.images

    @property
    def stage_documents(self) -> Path:
        """Where the stages' JSON goes."""
        return self.documents if self.keeps_intermediates else self.work / "json"

    def for_photo(self, number: int) -> Layout:
        """The same with a work folder for one photo alone, which can go when the photo is done."""
        return self if self.keeps_intermediates else replace(self, work=self.work / str(number))

    def roots(self) -> dict[str, str]:
        """Named roots for requests; photos and models add theirs."""
        return {
            "work": str(self.work),
            "json": str(self.stage_documents),
            "out": str(self.images),
            "variations": str(self.variations),
        }

    def reference(self, path: Path) -> str:
        """`root:relative` for a path below one of the roots, for a request.

        Raises:
            ValueError: the path is below none of them.
        """
        text = path.as_posix()
        for root, folder in sorted(self.roots().items(), key=lambda item: -len(item[1])):
            below = f"{Path(folder).as_posix()}/"
            if text.startswith(below):
                return reference(root, text.removeprefix(below))
        raise ValueError(f"{path} is below none of the roots of this run")

    def report(self, batch_id: str) -> Path:
        return self.documents / f"report_{batch_id}.json"

    def page(self, batch_id: str) -> Path:
        """The report for people."""
        return self.documents / f"report_{batch_id}.html"

    def selection(self, batch_id: str) -> Path:
        """Faces that a dry run found, to be edited."""
        return self.documents / f"selection_{batch_id}.json"

    def selection_page(self, batch_id: str) -> Path:
        """The same to look at."""
        return self.documents / f"selection_{batch_id}.html"

    def selected(self, batch_id: str) -> Path:
        """Where the command `select` puts the pictures that a person picked."""
        return self.images / f"{SELECTED_PREFIX}{batch_id}"

    def journal(self, batch_id: str) -> Path:
        """What is done, for --resume."""
        return self.documents / f"journal_{batch_id}.jsonl"

    @property
    def seen_faces(self) -> Path:
        """Cache of what was seen in photos, by content; shared by all runs."""
        return self.documents / ".cache" / "faces"

    @property
    def seen_people(self) -> Path:
        """Cache of identity vectors, by content; shared by all runs."""
        return self.documents / ".cache" / "people"

    def developed(self, photo: Path) -> Path:
        """The PNG that is made of a photo that stages do not read."""
        digest = hashlib.sha256(str(photo).encode()).hexdigest()[:8]
        return self.work / "developed" / f"developed_{photo_id(photo.name)}_{digest}_{SHARED}.png"

    def log(self, stage: str, batch_id: str) -> Path:
        """What a stage process prints."""
        return self.work / "logs" / f"{stage}_{batch_id}.log"

    def variation(self, variation_id: str) -> Path:
        """Prompt variation, as a configuration that merges over the run's."""
        return self.variations / f"{variation_id}.json"


def layout_for(output: Path | None, batch_id: str, verbose: bool, project_root: Path = CHECKOUT) -> Layout:
    """Folders of a batch: the reference's places in the project, or all of them below `output`."""
    images = project_root / "Output_Images" if output is None else output
    beside = project_root if output is None else output
    return Layout(
        images=images,
        documents=beside / "Output_Json",
        variations=beside / "config" / f"prompt_variations_{batch_id}",
        work=images if verbose else images / f"{WORK_PREFIX}{batch_id}",
    )


class RunPathManager:
    """Paths of one photo in one role: shared by all variations, or one of them.

    Args:
        service_name: "shared", "original", "variation_01", ...; with several photos the photo's id
            goes before it ("IMG_7_jpg_original").
        input_path: the photo.
        verbose: whether intermediates are kept.
        timestamp: id of the batch, YYYYMMDD_HHMMSS or the person's run id.
        layout: folders; None takes those of the project.
        subfolder: folder of the photo below the folder that was given, mirrored in every tree.
    """

    def __init__(
        self,
        service_name: str,
        input_path: str | Path,
        verbose: bool,
        timestamp: str,
        layout: Layout | None = None,
        subfolder: str | PurePosixPath = "",
    ) -> None:
        self.service_name = service_name
        self.input_path = Path(input_path)
        self.verbose = verbose
        self.timestamp = timestamp
        self.layout = layout or layout_for(None, timestamp, verbose=True)
        self.subfolder = PurePosixPath(subfolder)

    @property
    def run_id(self) -> str:
        return f"{self.timestamp}_{self.service_name}"

    def get_face_json(self) -> Path:
        """FaceDocument of the photo."""
        return self._document(f"face_{self.run_id}.json")

    def get_face_debug(self) -> Path:
        """Picture of the detected eyes; it is only made for a person to keep."""
        return self.layout.images / "face" / self.subfolder / f"face_{self.run_id}.png"

    def get_identity_json(self) -> Path:
        """IdentityDocument of the photo."""
        return self._document(f"identity_{self.run_id}.json")

    def get_verification_json(self, attempt: int = 0) -> Path:
        """FaceDocument of the blended picture."""
        return self._document(f"verify_{self.run_id}{_retry(attempt)}.json")

    def get_restoration_json(self, when: Literal["before", "after"]) -> Path:
        """FaceDocument of the picture before or after restoring."""
        return self._document(f"restore_{when}_{self.run_id}.json")

    def get_crop_json(self, face_idx: int | None = None) -> Path:
        """CropDocument of one face; without a face, the list of all."""
        face = "" if face_idx is None else f"{face_idx}_"
        return self._document(f"crop_{face}{self.run_id}.json")

    def get_face_crop(self, face_idx: int) -> Path:
        return self._intermediate("crop", f"face_crop_{face_idx}_{self.run_id}.png")

    def get_face_mask(self, face_idx: int, side: Side | None = None) -> Path:
        """Mask of one eye, or of both."""
        letter = f"{_LETTER[side]}_" if side else ""
        return self._intermediate("crop", f"face_mask_{letter}{face_idx}_{self.run_id}.png")

    def get_prepared(self, face_idx: int, attempt: int = 0) -> Path:
        return self._generated("0_prepared", face_idx, attempt)

    def get_base_output(self, face_idx: int, attempt: int = 0) -> Path:
        return self._generated("1_base_output", face_idx, attempt)

    def get_refined(self, face_idx: int, attempt: int = 0) -> Path:
        return self._generated("2_refined", face_idx, attempt)

    def get_generated_eye(self, face_idx: int, variation_id: str | None = None, attempt: int = 0) -> Path:
        """The painted crop; `variation_id` asks the shared paths for that of a variation."""
        if variation_id is not None:
            return self.for_variation(variation_id).get_generated_eye(face_idx, attempt=attempt)
        return self._generated("3_final_result", face_idx, attempt)

    def get_alpha(self, face_idx: int, attempt: int = 0) -> Path:
        """Where the painted crop counts."""
        return self._generated("3_final_alpha", face_idx, attempt)

    def get_blended(self, attempt: int = 0) -> Path:
        """The whole photo with the painted eyes, lossless."""
        return self._intermediate("blend", f"final_result_{self.run_id}{_retry(attempt)}.png")

    def get_restored(self) -> Path:
        return self._intermediate("res", f"final_restore_{self.run_id}.png")

    def get_finished(self, extension: str) -> Path:
        """The finished picture before it goes to its place, where no half of it may ever be seen."""
        return self._intermediate("res", f"finished_{self.run_id}{extension}")

    def get_restoration_debug(self) -> Path:
        """Picture of each face before and after the network, also of those that were kept."""
        return self._intermediate("res", f"restored_faces_{self.run_id}.png")

    def get_final_output(self, extension: str = ".png", name: str | None = None) -> Path:
        """The finished picture; `name` replaces the name that the run id gives."""
        return self.layout.images / self.subfolder / (name or f"final_restore_{self.run_id}{extension}")

    def for_variation(self, variation_id: str) -> RunPathManager:
        """Paths of a variation of the same photo."""
        photo = self.service_name.removesuffix(SHARED)
        return RunPathManager(
            photo + variation_id, self.input_path, self.verbose, self.timestamp, self.layout, self.subfolder
        )

    def _document(self, name: str) -> Path:
        return self.layout.stage_documents / self.subfolder / name

    def _intermediate(self, stage: str, name: str) -> Path:
        return self.layout.work / stage / self.subfolder / name

    def _generated(self, prefix: str, face_idx: int, attempt: int) -> Path:
        return self._intermediate("gen", f"{prefix}_{face_idx}_{self.run_id}{_retry(attempt)}.png")


def _retry(attempt: int) -> str:
    return f"_retry_{attempt}" if attempt else ""
