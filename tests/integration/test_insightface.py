"""InsightFace on the labelled photos, through the real stage process and through a whole run."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from contracts.codec import from_dict
from contracts.face import Face, FaceDocument, Side
from environments.store import environment_python
from tests.photos import CHECKOUT, PHOTOS, LabelledPhoto, labelled_photos, needs_photos
from tests.running import finish
from tests.serving import answers

PACK = Path(os.environ.get("OTE_TEST_INSIGHTFACE", PHOTOS.parent / "models" / "insightface"))
LABEL: dict[Side, str] = {"left": "L", "right": "R"}

pytestmark = [
    needs_photos,
    pytest.mark.heavy,
    pytest.mark.skipif(
        not list(PACK.glob("*.onnx")),
        reason="no InsightFace pack is here (set OTE_TEST_INSIGHTFACE to its folder)",
    ),
]


@pytest.fixture(scope="module")
def documents(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[LabelledPhoto, FaceDocument]]:
    folder = tmp_path_factory.mktemp("insightface")
    photos = [photo for photo in labelled_photos() if photo.faces]
    items = [
        {
            "item_id": str(number),
            "photo": f"in:{photo.path.relative_to(PHOTOS).as_posix()}",
            "outputs": {"json": f"out:{number}.json"},
        }
        for number, photo in enumerate(photos)
    ]
    result = answers(
        environment_python(CHECKOUT / "face", "insightface"),
        "face.app.src.detect_face_micro",
        stage="face",
        backend="insightface",
        items=items,
        roots={"in": str(PHOTOS), "out": str(folder), "models": str(PACK.parent)},
        params={"weights": {"buffalo_l": f"models:{PACK.name}"}},
        patience_s=900.0,
    )
    assert [item["error"] for item in result["items"] if item["error"]] == []
    return [
        (photo, from_dict(FaceDocument, json.loads((folder / f"{number}.json").read_text())))
        for number, photo in enumerate(photos)
    ]


def _faces(photo: LabelledPhoto, document: FaceDocument) -> list[tuple[Face, dict[str, str]]]:
    """Faces with their labels; none where the numbers differ."""
    labels = photo.faces or ()
    return list(zip(document.faces, labels)) if len(labels) == len(document.faces) else []


def test_nearly_every_face_is_found(documents: list[tuple[LabelledPhoto, FaceDocument]]) -> None:
    labelled = sum(len(photo.faces or ()) for photo, _ in documents)
    found = sum(len(_faces(*pair)) for pair in documents)
    assert found >= 0.97 * labelled


def test_eye_states_with_the_mesh_as_arbiter(documents: list[tuple[LabelledPhoto, FaceDocument]]) -> None:
    eyes = [
        (face.eye(side).state, label[LABEL[side]])
        for pair in documents
        for face, label in _faces(*pair)
        for side in LABEL
    ]
    decided = [(state, label) for state, label in eyes if state != "undetermined"]
    assert len(eyes) >= 170
    assert len(eyes) - len(decided) < 0.08 * len(eyes)
    assert sum(state == label for state, label in decided) >= 0.97 * len(decided)


def test_a_run_with_the_pack_opens_eyes(tmp_path: Path) -> None:
    config = {"processing": {"detector": "insightface"}, "models": {"insightface": str(PACK)}}
    (tmp_path / "config.json").write_text(json.dumps(config))
    photo = PHOTOS / "pairs" / "vid_d0_closed.jpg"
    run = finish(
        "--input",
        str(photo),
        "--config",
        str(tmp_path / "config.json"),
        output=tmp_path / "out",
        cwd=tmp_path,
    )
    report = run.photo(photo.name)
    assert (report["status"], report["detector"]) == ("edited", "insightface")
    assert {use["backend"] for use in run.report["backends"] if use["stage"] == "face" and use["chosen"]} == {
        "insightface"
    }
