"""Obeying `--selection`: which faces of a photo a person wants left closed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from contracts.codec import to_dict
from contracts.envelope import Notice
from contracts.face import Face
from contracts.files import sha256_file
from orch.app.src.fingerprints import fingerprint
from orch.app.src.selecting.selection import SelectedFace, SelectedPhoto, read_selection

SAME_FACE = 0.5
"""Intersection over union of two boxes from which they are one face. Measured: faces found again in photos
scaled to 60 % lie above 0.93 (77 faces), neighbours in groups at 0."""

LEFT_CLOSED = "left closed by selection"

PHOTO_CHANGED = "SELECTION_PHOTO_CHANGED"
PHOTO_UNKNOWN = "SELECTION_PHOTO_UNKNOWN"
FACE_UNKNOWN = "SELECTION_FACE_UNKNOWN"

Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class PhotoMarks:
    """What the selection says of one photo. entry: None where it says nothing."""

    file_name: str
    entry: SelectedPhoto | None
    notices: tuple[Notice, ...] = ()

    def refusal(self, face: Face, image_size: tuple[int, int]) -> str:
        """Why a face is left alone, "" where it is not. image_size: upright width and height, px."""
        selected = self._same(face, image_size)
        return LEFT_CLOSED if selected and not selected.open else ""

    def unknown_faces(self, faces: tuple[Face, ...], image_size: tuple[int, int]) -> tuple[Notice, ...]:
        """A notice about faces that the selection does not know."""
        if self.entry is None:
            return ()
        unknown = [str(f.face_index) for f in faces if self._same(f, image_size) is None]
        if not unknown:
            return ()
        said = f"face {', '.join(unknown)} is not in {self.file_name}: treated as usual"
        return (Notice(FACE_UNKNOWN, said),)

    def _same(self, face: Face, image_size: tuple[int, int]) -> SelectedFace | None:
        """The selected face at the same place; another detector may number the faces otherwise."""
        if self.entry is None or not self.entry.faces:
            return None
        here, there = _relative(face.bbox, image_size), self.entry.size
        best = max(self.entry.faces, key=lambda f: _overlap(here, _relative(f.bbox, there)))
        return best if _overlap(here, _relative(best.bbox, there)) >= SAME_FACE else None


class Marks:
    """What a selection file says of each photo.

    Attributes:
        content: equal exactly where it says the same.

    Raises:
        StageError: BAD_SELECTION.
    """

    def __init__(self, path: Path) -> None:
        self._file_name = path.name
        self._by_path: dict[str, SelectedPhoto] = {}
        self._by_content: dict[str, SelectedPhoto] = {}
        photos = read_selection(path).photos  # once: what comes through a pipe cannot be read again
        self.content = fingerprint(to_dict(photos))
        for entry in photos:
            self._by_path[entry.path] = entry
            self._by_content.setdefault(entry.sha256, entry)

    def of(self, photo: Path) -> PhotoMarks:
        """Found by its place, else (a folder that was moved) by its content."""
        digest = _digest(photo)
        entry = self._by_path.get(str(photo)) or self._by_content.get(digest)
        if entry is None:
            return PhotoMarks(self._file_name, None, (self._notice(PHOTO_UNKNOWN, "treated as usual"),))
        if entry.sha256 != digest:
            words = "faces are found again by their place"
            return PhotoMarks(self._file_name, entry, (self._notice(PHOTO_CHANGED, words),))
        return PhotoMarks(self._file_name, entry)

    def _notice(self, code: str, consequence: str) -> Notice:
        what = "is not in" if code == PHOTO_UNKNOWN else "has changed since"
        return Notice(code, f"the photo {what} {self._file_name}: {consequence}")


def _digest(photo: Path) -> str:
    """Content of a photo; "" where it has just gone, which is told when it is worked on."""
    try:
        return sha256_file(photo)
    except OSError:
        return ""


def _relative(box: Box, size: tuple[int, int]) -> Box:
    """In units of the picture, so that a scaled copy has the same faces."""
    width, height = size
    return box[0] / width, box[1] / height, box[2] / width, box[3] / height


def _overlap(a: Box, b: Box) -> float:
    """Intersection over union, 0..1."""
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    shared = width * height
    return shared / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared)
