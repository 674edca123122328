"""The InsightFace backend on made packs: what is read from them, and what is said of broken ones."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
from PIL import Image

from contracts.codec import from_dict, to_dict
from contracts.envelope import Item, ItemResult, Request
from contracts.error_codes import StageError
from contracts.face import SIDES, FaceDocument, FaceParams
from contracts.stage import Job
from face.app.src.backends.insightface import open_session
from face.app.src.insight import landmarks_106
from face.app.src.insight.pack import Pack
from face.app.src.insight.pack_folder import CPU, CUDA
from tests.tiny_models.insightface import write_pack

SAMPLE = Path(__file__).resolve().parents[3] / "Input_Images" / "portrait_both_closed.jpg"


def landmarks(openness: float = 0.2) -> np.ndarray:
    """106 points of which only the eyes are where eyes are; `openness` is the lids' aspect ratio."""
    points = np.zeros((106, 2), np.float32)
    for side, x in (("left", -0.3), ("right", 0.3)):
        ring = landmarks_106.CONTOUR[side]
        angles = np.linspace(np.pi, -np.pi, len(ring), endpoint=False)
        first = x + 0.15 * np.cos(angles)
        points[list(ring)] = np.stack([first, -0.25 - 0.15 * openness * np.sin(angles)], axis=1)
    return points


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("packs") / "made"
    write_pack(folder, landmarks())
    return folder


def seen(pack: Path, photo: Path, folder: Path, **params: Any) -> tuple[FaceDocument, ItemResult]:
    """The document of one photo."""
    weights = {"buffalo_l": f"models:{pack.name}"}
    request = Request(
        request_id="r",
        run_id="r",
        stage="face",
        backend="insightface",
        items=(Item("photo", photo=f"in:{photo.name}", outputs={"json": "out:face.json"}),),
        roots={"in": str(photo.parent), "out": str(folder), "models": str(pack.parent)},
        params=to_dict(FaceParams(weights=weights, **params)),
    )
    (result,) = open_session("cpu").run(Job(request))
    assert result.error is None, result.error
    return from_dict(FaceDocument, json.loads((folder / "face.json").read_text())), result


def test_a_pack_says_landmarks_age_gender_and_identity(pack: Path, tmp_path: Path) -> None:
    document, _ = seen(pack, SAMPLE, tmp_path, identity=True)
    assert document.detector == "insightface"
    face = document.faces[0]
    assert (face.age, face.gender) == (37.0, "male")
    assert face.identity is not None and np.linalg.norm(face.identity) == pytest.approx(1.0, abs=1e-3)
    assert len(face.mesh) == 478
    names = {found.name: len(found.points) for found in face.landmarks}
    assert names == {"2d106": 106, "2d106_left_eye_reference": 6, "2d106_right_eye_reference": 6}
    for side in SIDES:
        eye = face.eye(side)
        assert eye.landmark_set == "2d106" and eye.indices == landmarks_106.CONTOUR[side]
        assert len(eye.points) == 8 and eye.area > 0


def test_without_being_asked_nobody_is_identified(pack: Path, tmp_path: Path) -> None:
    assert all(face.identity is None for face in seen(pack, SAMPLE, tmp_path)[0].faces)


def test_a_pack_of_detector_and_landmarks_is_enough(tmp_path: Path) -> None:
    write_pack(tmp_path / "small", landmarks(), leave_out=("genderage", "recognition"))
    face = seen(tmp_path / "small", SAMPLE, tmp_path, identity=True)[0].faces[0]
    assert (face.age, face.gender, face.identity) == (None, None, None)


def test_where_the_mesh_sees_no_face_no_eye_is_called_closed(pack: Path, tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (400, 400, 3), np.uint8)
    Image.fromarray(noise).save(tmp_path / "noise.png")
    document, _ = seen(pack, tmp_path / "noise.png", tmp_path)
    assert document.faces
    assert {face.eye(side).state for face in document.faces for side in SIDES} == {"undetermined"}


def test_the_pack_is_loaded_once(pack: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    opened: list[Path] = []
    original = Pack.__init__

    def counted(self: Pack, folder: Path, device: str) -> None:
        opened.append(folder)
        original(self, folder, device)

    monkeypatch.setattr(Pack, "__init__", counted)
    session = open_session("cpu")
    for _ in range(2):
        request = Request(
            "r", "r", "face", "insightface",
            items=(Item("photo", photo=f"in:{SAMPLE.name}"),),
            roots={"in": str(SAMPLE.parent), "models": str(pack.parent)},
            params=to_dict(FaceParams(weights={"buffalo_l": f"models:{pack.name}"})),
        )  # fmt: skip
        assert [item.error for item in session.run(Job(request))] == [None]
    assert opened == [pack]
    assert set(session.versions().models) == {"detection", "landmarks", "genderage", "recognition"}


def test_an_empty_folder_and_a_missing_one_say_what_belongs_there(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(StageError, match=r"no \.onnx file") as error:
            Pack(folder, "cpu")
        assert error.value.code == "MODEL_001" and "2d106det.onnx" in error.value.hint


def test_a_damaged_file_and_a_missing_model_are_told(tmp_path: Path) -> None:
    write_pack(tmp_path / "a", landmarks(), leave_out=("detection",))
    with pytest.raises(StageError, match="face detector") as error:
        Pack(tmp_path / "a", "cpu")
    assert error.value.code == "MODEL_005"
    write_pack(tmp_path / "b", landmarks(), leave_out=("landmarks",))
    with pytest.raises(StageError, match="landmark_2d_106"):
        Pack(tmp_path / "b", "cpu")
    write_pack(tmp_path / "c", landmarks())
    (tmp_path / "c" / "detection.onnx").write_bytes(b"<html>not found</html>")
    with pytest.raises(StageError, match="cannot be used"):
        Pack(tmp_path / "c", "cpu")


def test_a_gpu_that_is_asked_for_must_be_used(pack: Path) -> None:
    if CUDA in onnxruntime.get_available_providers():
        pytest.skip("this machine has one")
    with pytest.raises(StageError, match="would run on the processor") as error:
        Pack(pack, "cuda")
    assert error.value.code == "DEVICE_001"


def test_a_gpu_that_is_offered_and_fails_is_told(pack: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: [CUDA, CPU])
    if CUDA in Pack(pack, "cpu")._models["detection"].session.get_providers():
        pytest.skip("this machine has one")
    assert [notice.code for notice in Pack(pack, "auto").notices] == ["DEVICE_FALLBACK"]


def test_the_lids_ratio_is_read_from_the_landmarks() -> None:
    for openness in (0.1, 0.4):
        for side in SIDES:
            ratio = landmarks_106.aspect_ratio(np.asarray(landmarks(openness), float), side)
            assert ratio == pytest.approx(openness, rel=0.25)
