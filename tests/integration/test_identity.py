"""The embedded identity backend on the labelled photos, through its real stage process."""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from contracts.codec import from_dict, to_dict
from contracts.envelope import Item, Request
from contracts.execution import execute
from contracts.face import FaceDocument, FaceParams
from contracts.identity import IdentityDocument, identity_distance
from environments.store import environment_python
from face.app.src import detect_face_micro as face
from tests.photos import CHECKOUT, PHOTOS, LabelledPhoto, labelled_photos, needs_photos
from tests.serving import answers

pytestmark = [needs_photos, pytest.mark.heavy]

ALSO_SEEN = {"man_surprised": "vid_d18", "wink_36_dark-skinned_man": "vid_Obama_speaking"}
"""Photos of a pair's person that are not labelled as such: of the same video, and of another day."""


@dataclass(frozen=True)
class Known:
    """One face of a labelled photo: whose, and its vector."""

    person: str
    photo: str
    vector: tuple[float, ...]


@pytest.fixture(scope="module")
def documents(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[LabelledPhoto, IdentityDocument]]:
    folder = tmp_path_factory.mktemp("identity")
    photos = [photo for photo in labelled_photos() if photo.faces]
    roots = {"in": str(PHOTOS), "out": str(folder)}
    references = [f"in:{photo.path.relative_to(PHOTOS).as_posix()}" for photo in photos]
    items = tuple(
        Item(str(number), photo=photo, outputs={"json": f"out:face_{number}.json"})
        for number, photo in enumerate(references)
    )
    request = Request("r", "r", "face", "facemesh", items, roots, params=to_dict(FaceParams()))
    assert execute(face.STAGE, request, {}).status == "succeeded"
    result = answers(
        environment_python(CHECKOUT / "face", "identity"),
        "face.app.src.detect_face_micro",
        stage="face",
        backend="identity",
        items=[
            {
                "item_id": str(number),
                "photo": photo,
                "inputs": {"face_json": f"out:face_{number}.json"},
                "outputs": {"json": f"out:{number}.json"},
            }
            for number, photo in enumerate(references)
        ],
        roots=roots,
        params={},
        patience_s=600.0,
    )
    assert [item["error"] for item in result["items"] if item["error"]] == []
    return [
        (photo, from_dict(IdentityDocument, json.loads((folder / f"{number}.json").read_text())))
        for number, photo in enumerate(photos)
        if len(_found(folder / f"face_{number}.json").faces) == len(photo.faces or ())
    ]


def _found(path: Path) -> FaceDocument:
    return from_dict(FaceDocument, json.loads(path.read_text()))


def _person(photo: LabelledPhoto, face_index: int) -> str:
    """The pair, and in a group the place from the left."""
    name = photo.pair or ALSO_SEEN.get(photo.path.stem, photo.path.stem)
    return f"{name} {face_index}"


@pytest.fixture(scope="module")
def faces(documents: list[tuple[LabelledPhoto, IdentityDocument]]) -> list[Known]:
    return [
        Known(_person(photo, known.face_index), photo.path.stem, known.vector)
        for photo, document in documents
        for known in document.faces
    ]


def test_no_two_strangers_are_within_the_cut(
    documents: list[tuple[LabelledPhoto, IdentityDocument]], faces: list[Known]
) -> None:
    cut = documents[0][1].cut
    strangers = [(a, b) for a, b in itertools.combinations(faces, 2) if a.person != b.person]
    near = [(a.photo, b.photo) for a, b in strangers if identity_distance(a.vector, b.vector) < cut]
    assert len(strangers) >= 3000
    assert near == []


def test_people_are_told_with_closed_and_with_open_eyes(
    documents: list[tuple[LabelledPhoto, IdentityDocument]], faces: list[Known]
) -> None:
    cut, burst_cut = documents[0][1].cut, documents[0][1].burst_cut
    distances = {
        (a.person, a.photo, b.photo): identity_distance(a.vector, b.vector)
        for a, b in itertools.combinations(faces, 2)
        if a.person == b.person
    }
    assert len(distances) >= 20
    assert sum(d < cut for d in distances.values()) >= 0.7 * len(distances), distances
    assert max(distances.values()) < burst_cut, distances


def test_vectors_are_of_one_space(documents: list[tuple[LabelledPhoto, IdentityDocument]]) -> None:
    assert {document.space for _, document in documents} == {"dlib_resnet_v1"}
    assert {len(face.vector) for _, document in documents for face in document.faces} == {128}
    assert {len(document.scene) for _, document in documents} == {8 * 8 * 3}
