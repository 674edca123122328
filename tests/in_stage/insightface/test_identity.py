"""Identity vectors by a pack's recognition network, on made packs."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from contracts.codec import from_dict, to_dict
from contracts.envelope import Item, Request
from contracts.error_codes import StageError
from contracts.face import FaceParams
from contracts.files import write_json
from contracts.identity import IdentityDocument
from contracts.stage import Job
from face.app.src.backends import facemesh, insightface_identity
from face.app.src.insight.pack_folder import CPU, CUDA
from face.app.src.insight.recognition import ArcFaceNetwork
from tests.in_stage.insightface.test_packs import SAMPLE, landmarks
from tests.tiny_models.insightface import write_pack


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("packs") / "made"
    write_pack(folder, landmarks())
    return folder


@pytest.fixture(scope="module")
def face_json(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of the sample, by the embedded backend: vectors are of faces that any backend found."""
    path = tmp_path_factory.mktemp("faces") / "face.json"
    item = Item("photo", photo=f"in:{SAMPLE.name}", outputs={"json": f"out:{path.name}"})
    roots = {"in": str(SAMPLE.parent), "out": str(path.parent)}
    request = Request("r", "r", "face", "facemesh", (item,), roots, params=to_dict(FaceParams()))
    (result,) = facemesh.open_session("cpu").run(Job(request))
    assert result.error is None
    return path


def job(pack: Path | None, face_json: Path, folder: Path) -> Job:
    item = Item(
        "photo",
        photo=f"in:{SAMPLE.name}",
        inputs={"face_json": f"faces:{face_json.name}"},
        outputs={"json": "out:identity.json"},
    )
    roots = {"in": str(SAMPLE.parent), "faces": str(face_json.parent), "out": str(folder)}
    weights = {}
    if pack is not None:
        roots["models"], weights["buffalo_l"] = str(pack.parent), f"models:{pack.name}"
    params = to_dict(FaceParams(weights=weights))
    return Job(Request("r", "r", "face", "insightface_identity", (item,), roots, params=params))


def test_the_document_names_the_very_weights(pack: Path, face_json: Path, tmp_path: Path) -> None:
    session = insightface_identity.open_session("cpu")
    (result,) = session.run(job(pack, face_json, tmp_path))
    assert result.error is None
    document = from_dict(IdentityDocument, json.loads((tmp_path / "identity.json").read_text()))
    (face,) = document.faces
    assert face.face_index == 0 and len(face.vector) == 512
    assert np.linalg.norm(face.vector) == pytest.approx(1.0, abs=1e-3)
    ((name, sha256),) = session.versions().models.items()
    assert name == "recognition" and document.space == f"arcface_{sha256[:12]}"
    assert 0 < document.cut < document.burst_cut < 2


def test_a_face_too_small_to_tell_is_left_out_and_told(pack: Path, face_json: Path, tmp_path: Path) -> None:
    document = json.loads(face_json.read_text())
    document["faces"][0]["inter_ocular_distance"] = 12.0
    write_json(tmp_path / "small.json", document)
    (result,) = insightface_identity.open_session("cpu").run(job(pack, tmp_path / "small.json", tmp_path))
    assert [notice.code for notice in result.warnings] == ["FACE_TOO_SMALL"]
    assert json.loads((tmp_path / "identity.json").read_text())["faces"] == []


def test_a_request_without_a_pack_is_refused(face_json: Path, tmp_path: Path) -> None:
    with pytest.raises(StageError, match="names no InsightFace pack") as error:
        list(insightface_identity.open_session("cpu").run(job(None, face_json, tmp_path)))
    assert error.value.code == "MODEL_001"


def test_a_pack_without_recognition_is_refused(tmp_path: Path) -> None:
    write_pack(tmp_path / "small", landmarks(), leave_out=("recognition",))
    with pytest.raises(StageError, match="no model for recognition") as error:
        ArcFaceNetwork(tmp_path / "small", "cpu")
    assert error.value.code == "MODEL_005"


def test_the_provider_that_runs_is_told(pack: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if CUDA in onnxruntime.get_available_providers():
        pytest.skip("this machine has one")
    with pytest.raises(StageError, match="would run on the processor"):
        ArcFaceNetwork(pack, "cuda")
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: [CUDA, CPU])
    assert [notice.code for notice in ArcFaceNetwork(pack, "auto").notices] == ["DEVICE_FALLBACK"]
