"""`selection_{run}.json`: the faces that were found, and which of them a person wants opened.

A dry run writes it, a person edits it by hand or on the page beside it, and `--selection` obeys it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from contracts.codec import to_dict
from contracts.face import EyeState
from contracts.files import sha256_file, write_json
from orch.app.src.report import FaceReport, PhotoReport
from orch.app.src.selecting.files import read_choice

SELECTION_FORMAT: Literal["1"] = "1"

ABOUT = {
    "what": "The faces that a dry run found. Edit it, then run again with --selection and this file.",
    "open": "true: closed eyes of this face are opened; false: it stays as it is. The one key to edit.",
    "faces": "face_index counts left to right from 0; left and right are the viewer's; bbox is in px of the "
    "upright photo and tells the faces apart; note says what would be done with --selection left away.",
    "missing": "Photos and faces that are not in this file are treated as usual. To leave a photo alone, set "
    "all its faces to false.",
    "sha256": "Content of the photo. Where it has changed since, you are warned, and faces are found by "
    "their place.",
}


@dataclass(frozen=True)
class SelectedFace:
    """One face. open: whether its closed eyes are to be opened. note: for people, not read."""

    face_index: int
    open: bool
    left_eye: EyeState
    right_eye: EyeState
    bbox: tuple[float, float, float, float]
    note: str = ""


@dataclass(frozen=True)
class SelectedPhoto:
    """One photo. photo: as reports call it. path: absolute. size: upright width and height, px."""

    photo: str
    path: str
    sha256: str
    size: tuple[int, int]
    faces: tuple[SelectedFace, ...]

    def __post_init__(self) -> None:
        if min(self.size) < 1:
            raise ValueError("size must be positive")
        indices = [face.face_index for face in self.faces]
        if len(set(indices)) < len(indices):
            raise ValueError("two faces have the same face_index")


@dataclass(frozen=True)
class SelectionDocument:
    """The whole file. about: for people, not read."""

    format: Literal["1"]
    kind: Literal["faces"]
    about: dict[str, str]
    run_id: str
    photos: tuple[SelectedPhoto, ...]


def selection_of(run_id: str, photos: Iterable[PhotoReport]) -> SelectionDocument:
    """What a dry run found, ready to be edited; photos that could not be looked at are left out."""
    found = tuple(entry for photo in photos if (entry := selected_photo(photo)))
    return SelectionDocument(SELECTION_FORMAT, "faces", ABOUT, run_id, found)


def selected_photo(photo: PhotoReport) -> SelectedPhoto | None:
    """The entry of one photo, None where it failed or has gone since."""
    if photo.size is None or photo.error:
        return None
    try:
        digest = sha256_file(Path(photo.path))
    except OSError:  # gone since it was looked at: then there is nothing to select
        return None
    faces = tuple(map(_selected_face, photo.faces))
    return SelectedPhoto(photo.photo, photo.path, digest, photo.size, faces)


def _selected_face(face: FaceReport) -> SelectedFace:
    eyes = (("left", face.left_eye), ("right", face.right_eye))
    notes = [f"{side} eye: {'to open' if eye.to_open else eye.reason}" for side, eye in eyes]
    return SelectedFace(
        face_index=face.face_index,
        open=any(eye.to_open for _, eye in eyes),
        left_eye=face.left_eye.numbers.state,
        right_eye=face.right_eye.numbers.state,
        bbox=face.bbox,
        note="; ".join(notes),
    )


def write_selection(path: Path, document: SelectionDocument) -> None:
    """Write it, whole or not at all.

    Raises:
        StageError: DISK_FULL, OUTPUT_NOT_WRITABLE.
    """
    write_json(path, to_dict(document), lasting=True)


def read_selection(path: Path) -> SelectionDocument:
    """The file that `--selection` names.

    Raises:
        StageError: BAD_SELECTION where it is missing, no JSON or not of this kind.
    """
    return read_choice(SelectionDocument, "faces", path)
