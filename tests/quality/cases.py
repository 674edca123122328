"""What is examined: photos with labels, and where there is one, a picture of the same eyes open."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

from contracts.face import EyeState, Side
from tests.photos import PHOTOS, LabelledPhoto, labelled_photos
from tests.quality.judging import Place

PLACES = PHOTOS.parent / "scorer" / "truth.json"
"""Where the labelled faces are, by a detector that is not the product's."""

NO_PERSON = "no person"
_NOT_PERSONS = ("painting", "statue", "cat")

Half = Literal["A", "B"]


@dataclass(frozen=True)
class LabelledFace:
    """Where a face is and which of its eyes are open, by the viewer's sides."""

    place: Place
    states: tuple[tuple[Side, EyeState], ...]

    def state(self, side: Side) -> EyeState:
        return dict(self.states)[side]

    @property
    def is_wink(self) -> bool:
        return {state for _, state in self.states} == {"open", "closed"}

    @property
    def is_open(self) -> bool:
        return all(state == "open" for _, state in self.states)


@dataclass(frozen=True)
class Truth:
    """The same faces with open eyes. same_frame: differs from the photo in the eyes only, pixel by pixel."""

    picture: Path
    places: tuple[Place, ...]
    same_frame: bool


@dataclass(frozen=True)
class Case:
    """One photo.

    Attributes:
        name: unique, usable as a file name.
        category: column of the tables.
        person: the same for all photos of one person or group.
        faces: left to right; None where nobody labelled them.
        glasses: somebody wears some.
    """

    name: str
    category: str
    person: str
    photo: Path
    faces: tuple[LabelledFace, ...] | None
    truth: Truth | None = None
    glasses: bool = False

    @property
    def half(self) -> Half:
        """Persons are split in two halves, so that work on one can be tested on the other."""
        return "A" if hashlib.sha256(self.person.encode()).digest()[0] % 2 else "B"

    def eyes(self, state: EyeState) -> Iterator[tuple[int, Side]]:
        """Face index and side of every eye with this label."""
        for index, face in enumerate(self.faces or ()):
            yield from ((index, side) for side, labelled in face.states if labelled == state)


def labelled_cases() -> list[Case]:
    """The labelled photos, where they are; the open frame of a pair is the truth of the closed one."""
    if not (PHOTOS / "manifest.json").is_file() or not PLACES.is_file():
        return []
    places: dict[str, dict[str, Any]] = json.loads(PLACES.read_text(encoding="utf-8"))
    cases = [_labelled(photo, places[photo.path.stem]["faces"]) for photo in labelled_photos()]
    truths = {
        case.person: Truth(case.photo, tuple(face.place for face in case.faces), same_frame=False)
        for case in reversed(cases)
        if case.faces and all(face.is_open for face in case.faces)
    }
    return [
        case if case.faces and all(f.is_open for f in case.faces) else _with_truth(case, truths)
        for case in cases
    ]


def _with_truth(case: Case, truths: dict[str, Truth]) -> Case:
    truth = truths.get(case.person)
    fits = truth is not None and len(truth.places) == len(case.faces or ())
    return Case(**{**vars(case), "truth": truth if fits else None})


def _labelled(photo: LabelledPhoto, found: list[dict[str, Any]]) -> Case:
    not_person = photo.category == "open" and any(word in photo.shows for word in _NOT_PERSONS)
    faces = None
    if photo.faces and not not_person:
        faces = tuple(
            LabelledFace(_place(face["face15"]), _states(labels))
            for face, labels in zip(found, photo.faces, strict=True)
        )
    return Case(
        name=photo.path.stem,
        category=NO_PERSON if not_person else photo.category,
        person=photo.pair or photo.path.stem,
        photo=photo.path,
        faces=faces,
        glasses="glasses" in photo.shows,
    )


def _place(numbers: list[float]) -> Place:
    left, top, right, bottom, x1, y1, x2, y2 = numbers[:8]
    return Place((left, top, right, bottom), ((x1, y1), (x2, y2)))


def _states(labels: dict[str, str]) -> tuple[tuple[Side, EyeState], ...]:
    return ("left", cast(EyeState, labels["L"])), ("right", cast(EyeState, labels["R"]))
