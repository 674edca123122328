"""One photo as the page's template wants it, and all of them one after another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from orch.app.src.report import FaceReport, PhotoReport
from orch.app.src.report_page.album import Album
from orch.app.src.report_page.pictures import Pair, PhotoPictures
from orch.app.src.report_page.words import seconds

STATES = ("failed", "partial", "edited", "to choose", "unchanged", "nothing to open")
"""What photos are on the page, those first that a person should look at."""


@dataclass(frozen=True)
class Row:
    """A photo on the page. identity: what the saved selection says of it besides the choice."""

    number: int
    photo: PhotoReport
    pictures: PhotoPictures
    identity: Mapping[str, Any]

    @property
    def state(self) -> str:
        return page_state(self.photo)

    @property
    def seconds(self) -> str:
        """Where the time went."""
        return ", ".join(f"{stage} {seconds(s)}" for stage, s in self.photo.stage_seconds.items())

    @property
    def default_pick(self) -> str | None:
        """The variation that is chosen before a person chooses."""
        return next((v.variation_id for v in self.photo.variations if v.output), None)

    @property
    def has_output(self) -> bool:
        return self.default_pick is not None

    @property
    def can_choose(self) -> int:
        """Faces that a person can leave out."""
        return sum(bool(eyes_to_open(face)) for face in self.photo.faces)

    @property
    def left_alone(self) -> tuple[FaceReport, ...]:
        """Faces of which no variation says anything."""
        worked_on = {edit.face_index for v in self.photo.variations for edit in v.faces}
        return tuple(face for face in self.photo.faces if face.face_index not in worked_on)

    @property
    def shows_left_alone(self) -> bool:
        """Whether why they were left alone is more than that their eyes are open."""
        eyes = [eye for face in self.left_alone for eye in (face.left_eye, face.right_eye)]
        return not self.has_output and any(eye.numbers.state != "open" for eye in eyes)

    def pair(self, variation_id: str, face_index: int) -> Pair | None:
        return self.pictures.pairs.get(variation_id, {}).get(face_index)

    def face(self, face_index: int) -> FaceReport:
        return next(face for face in self.photo.faces if face.face_index == face_index)


def page_state(photo: PhotoReport) -> str:
    """The photo's status; a dry run's photos are told apart by whether there is something to choose."""
    if photo.status != "planned":
        return photo.status
    return "to choose" if any(map(eyes_to_open, photo.faces)) else "nothing to open"


def eyes_to_open(face: FaceReport) -> int:
    return face.left_eye.to_open + face.right_eye.to_open


def rows(
    photos: Sequence[PhotoReport], identities: Mapping[str, Mapping[str, Any]], album: Album
) -> Iterator[Row]:
    """All photos in their order.

    Args:
        identities: path of a photo -> what a selection says of it; others have their name and path.
    """
    for number, photo in enumerate(photos):
        identity = identities.get(photo.path, {"photo": photo.photo, "path": photo.path})
        yield Row(number, photo, album.take(photo), identity)
