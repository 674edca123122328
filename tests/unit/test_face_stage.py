"""The face stage from outside, on the samples: its command lines, its answers, its refusals."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from contracts.codec import from_dict, to_dict
from contracts.envelope import Item, Request, Result
from contracts.execution import execute
from contracts.face import SIDES, FaceDocument, FaceItemData, FaceParams
from contracts.stage_main import build_parser, describe, stage_main
from environments.places import CHECKOUT
from face.app.src import detect_face_micro as face

SAMPLES = CHECKOUT / "Input_Images"
STATES = {
    "portrait_both_closed.jpg": ("closed", "closed"),
    "portrait_one_closed.jpg": ("open", "closed"),
    "portrait_open.jpg": ("open", "open"),
    "glasses_one_closed.jpg": ("closed", "open"),
    "glasses_open.jpg": ("open", "open"),
}


def _run(tmp_path: Path, *items: Item, **params: Any) -> Result:
    roots = {"in": str(SAMPLES), "work": str(tmp_path)}
    request = Request("r", "r", "face", "facemesh", items, roots, params=to_dict(FaceParams(**params)))
    return execute(face.STAGE, request, {})


def _document(path: Path) -> FaceDocument:
    return from_dict(FaceDocument, json.loads(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize(("name", "states"), STATES.items())
def test_the_samples_are_read_right(name: str, states: tuple[str, str]) -> None:
    faces, image = face.analyze_faces(SAMPLES / name)
    assert len(faces) == 1
    assert tuple(faces[0][f"{side}_eye"]["state"] for side in SIDES) == states
    assert [faces[0][f"{side}_eye"]["closed"] for side in SIDES] == [s == "closed" for s in states]
    assert image.dtype == np.uint8 and image.shape[2] == 3
    eye = faces[0]["left_eye"]
    assert eye["area"] == pytest.approx(face.polygon_area(eye["points"]), abs=0.6)
    assert len(eye["points"]) == len(eye["indices"]) == 16
    assert len(faces[0]["mesh"]) == 478


def test_a_higher_threshold_closes_more_eyes() -> None:
    def closed(threshold: float) -> int:
        faces, _ = face.analyze_faces(SAMPLES / "portrait_one_closed.jpg", threshold)
        return sum(faces[0][f"{side}_eye"]["closed"] for side in SIDES)

    counts = [closed(threshold) for threshold in (10, 180, 260, 320)]
    assert counts == sorted(counts)
    assert counts[0] == 0 and counts[2] == 1


def test_a_document_is_written_and_summed_up(tmp_path: Path) -> None:
    outputs = {"json": "work:face.json", "debug": "work:face.png"}
    result = _run(tmp_path, Item("a", "in:portrait_one_closed.jpg", outputs=outputs))
    assert (result.status, result.exit_code) == ("succeeded", 0)
    data = from_dict(FaceItemData, result.items[0].data)
    assert (data.faces, data.closed_eyes, data.undetermined_eyes, data.document) == (1, 1, 0, None)
    document = _document(tmp_path / "face.json")
    assert document.faces[0].requires_processing
    assert document.threshold == 260.0
    assert set(result.items[0].outputs) == {"json", "debug"}
    assert set(result.versions.models) == set(face.STAGE.backends["facemesh"].needs)
    picture = cv2.imread(str(tmp_path / "face.png"))
    assert picture is not None
    assert (picture.shape[1], picture.shape[0]) == document.image_size


def test_without_a_json_output_the_document_comes_inline(tmp_path: Path) -> None:
    result = _run(tmp_path, Item("a", "in:glasses_open.jpg"))
    assert len(from_dict(FaceDocument, result.items[0].data["document"]).faces) == 1


def test_known_faces_are_read_again_where_they_were(tmp_path: Path) -> None:
    """The look after painting: numbers stay, nothing is searched, the new state is seen."""
    first = Item("a", "in:portrait_both_closed.jpg", outputs={"json": "work:first.json"})
    again = Item(
        "b",
        "in:portrait_open.jpg",
        inputs={"face_json": "work:first.json"},
        outputs={"json": "work:again.json"},
        params={"only_faces": [7]},
    )
    _run(tmp_path, first)
    document = json.loads((tmp_path / "first.json").read_text(encoding="utf-8"))
    document["faces"][0]["face_index"] = 7
    (tmp_path / "first.json").write_text(json.dumps(document), encoding="utf-8")
    assert _run(tmp_path, again).status == "succeeded"
    face_again = _document(tmp_path / "again.json").faces[0]
    assert face_again.face_index == 7
    assert (face_again.left_eye.state, face_again.right_eye.state) == ("open", "open")
    for side in SIDES:
        appearance = face_again.eye(side).appearance
        assert appearance is not None and appearance.score > 0.5


def test_a_face_that_is_gone_is_left_out(tmp_path: Path) -> None:
    _run(tmp_path, Item("a", "in:portrait_open.jpg", outputs={"json": "work:first.json"}))
    photo = cv2.imread(str(SAMPLES / "portrait_open.jpg"))
    cv2.imwrite(str(tmp_path / "grey.png"), np.full_like(photo, 128))
    result = _run(tmp_path, Item("b", "work:grey.png", inputs={"face_json": "work:first.json"}))
    assert result.items[0].status == "succeeded"
    assert result.items[0].data["faces"] == 0


def test_no_face_is_an_answer(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (300, 400, 3), np.uint8)
    cv2.imwrite(str(tmp_path / "noise.png"), noise)
    result = _run(tmp_path, Item("a", "work:noise.png"))
    assert result.status == "succeeded" and result.items[0].data["faces"] == 0


def test_one_bad_photo_does_not_take_the_others_along(tmp_path: Path) -> None:
    (tmp_path / "text.jpg").write_text("no photo", encoding="utf-8")
    items = [Item("a", "work:text.jpg"), Item("b", "work:missing.jpg"), Item("c", "in:portrait_open.jpg")]
    result = _run(tmp_path, *items)
    assert result.status == "succeeded"
    codes = [item.error.code if item.error else "" for item in result.items]
    assert codes == ["INPUT_002", "INPUT_001", ""]


@pytest.mark.parametrize(
    ("inputs", "params"),
    [
        ({"face_json": "work:missing.json"}, {}),
        ({"face_json": "work:broken.json"}, {}),
        ({"face_json": "work:empty.json"}, {"only_faces": [3]}),
    ],
)
def test_a_bad_face_json_is_a_bad_request(
    tmp_path: Path, inputs: dict[str, str], params: dict[str, Any]
) -> None:
    (tmp_path / "broken.json").write_text("{", encoding="utf-8")
    empty = FaceDocument("", "", (1, 1), "facemesh", 260.0)
    (tmp_path / "empty.json").write_text(json.dumps(to_dict(empty)), encoding="utf-8")
    result = _run(tmp_path, Item("a", "in:portrait_open.jpg", inputs=inputs, params=params))
    assert result.error is not None and result.error.code == "CONTRACT_001"


def test_the_photo_is_turned_as_its_orientation_says(tmp_path: Path) -> None:
    from PIL import Image

    with Image.open(SAMPLES / "portrait_one_closed.jpg") as upright:
        exif = upright.getexif()
        exif[274] = 6  # stored turned to the left: to be shown turned by 90 degrees clockwise
        upright.transpose(Image.Transpose.ROTATE_90).save(tmp_path / "turned.jpg", exif=exif, quality=95)
    straight, _ = face.analyze_faces(SAMPLES / "portrait_one_closed.jpg")
    turned, image = face.analyze_faces(tmp_path / "turned.jpg")
    assert image.shape[0] > image.shape[1]
    assert np.abs(np.subtract(turned[0]["bbox"], straight[0]["bbox"])).max() < 12
    assert turned[0]["right_eye"]["state"] == "closed"


def test_a_person_gets_a_table_and_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copy(SAMPLES / "portrait_one_closed.jpg", tmp_path / "one.jpg")
    arguments = [
        str(tmp_path / "one.jpg"),
        "--threshold",
        "250",
        "--out-json",
        str(tmp_path / "f.json"),
        "--out-image",
        str(tmp_path / "f.png"),
    ]
    assert stage_main(face.STAGE, arguments) == 0
    printed = capsys.readouterr().out
    assert "1 face" in printed and "closed" in printed and "open" in printed
    assert _document(tmp_path / "f.json").threshold == 250.0
    assert (tmp_path / "f.png").is_file()


def test_several_photos_get_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(SAMPLES)
    parsed = build_parser(face.STAGE).parse_args(
        ["portrait_open.jpg", "glasses_open.jpg", "--out-json", str(tmp_path / "all")]
    )
    request = face.request_from(parsed)
    assert [item.outputs["json"] for item in request.items] == [
        "json:face_portrait_open.jpg.json",
        "json:face_glasses_open.jpg.json",
    ]
    assert request.roots["json"] == str(tmp_path / "all")


def test_a_person_names_the_pack_by_its_folder(tmp_path: Path) -> None:
    parsed = build_parser(face.STAGE).parse_args(["photo.jpg", "--weights", str(tmp_path / "my pack")])
    request = face.request_from(parsed)
    assert request.params["weights"] == {"buffalo_l": "weights:my pack"}
    assert request.roots["weights"] == str(tmp_path)


@pytest.mark.parametrize("option", [["--threshold", "0"], ["--smallest-face", "0"]])
def test_senseless_options_are_refused(option: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert stage_main(face.STAGE, ["photo.jpg", *option]) == 2
    assert "must be positive" in capsys.readouterr().err


def test_describe_names_the_networks_of_the_manifest() -> None:
    manifest = json.loads((CHECKOUT / "face" / "models.json").read_text(encoding="utf-8"))
    backends = describe(face.STAGE)["backends"]
    needs = [*backends["facemesh"]["needs"], *backends["insightface"]["needs"]]
    assert sorted(needs) == sorted(entry["name"] for entry in manifest["models"])


def test_the_networks_are_those_of_the_manifest() -> None:
    from contracts.model_manifest import read_manifest

    entries = read_manifest(CHECKOUT / "face" / "models.json").models
    assert [entry.name for entry in entries if not entry.in_repository] == ["buffalo_l"]
    for entry in entries[:-1]:
        assert entry.state(CHECKOUT / "face") == "ok", entry.name
        assert entry.commercial_use and entry.in_repository


def test_nothing_is_left_in_the_users_home_and_no_telemetry_is_begun(tmp_path: Path) -> None:
    kept = {k: v for k, v in os.environ.items() if "TELEMETRY" not in k and not k.startswith("XDG_")}
    code = "from face.app.src.onnx_models import DETECTOR, open_network; open_network(DETECTOR)"
    variables = {**kept, "HOME": str(tmp_path), "PYTHONPATH": str(CHECKOUT)}
    subprocess.run([sys.executable, "-c", code], env=variables, check=True, timeout=60)
    assert list(tmp_path.rglob("*")) == []
