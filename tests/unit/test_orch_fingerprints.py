"""When what a run remembers is no longer true."""

from __future__ import annotations

from pathlib import Path

import pytest

from orch.app.src import fingerprints


@pytest.mark.parametrize(
    ("file", "matters"),
    [
        ("face/app/src/look.py", True),
        ("face/app/models/mesh.onnx", True),
        ("face/environments/facemesh.json", True),
        ("contracts/face.py", True),
        ("face/app/src/.look.py.swp", False),
        ("face/app/src/look.py~", False),
        ("face/app/src/__pycache__/look.cpython-311.pyc", False),
        ("gen/app/src/paint.py", False),
    ],
)
def test_what_is_seen_depends_on_code_models_and_libraries(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: str, matters: bool
) -> None:
    monkeypatch.setattr(fingerprints, "CHECKOUT", tmp_path)
    monkeypatch.setattr(fingerprints, "_folder_digest", fingerprints._folder_digest.__wrapped__)
    before = fingerprints.code_fingerprint(fingerprints.FACE_CODE)
    (tmp_path / file).parent.mkdir(parents=True)
    (tmp_path / file).write_text("new")
    assert (fingerprints.code_fingerprint(fingerprints.FACE_CODE) != before) is matters
