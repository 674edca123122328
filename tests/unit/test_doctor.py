"""`doctor` tells what is there and what would be chosen, and builds nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from contracts.error_codes import StageError
from environments.places import CHECKOUT
from orch.app.src.backends.doctor import doctor
from tests.unit.orch_fakes import equipment


def refuse(folder: Path, recipe: str) -> None:
    raise AssertionError("doctor only looks")


def test_a_person_reads_states_places_and_reasons(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    there = equipment(
        tmp_path, gpu=lambda: "NVIDIA H200", is_ready=lambda folder, recipe: folder.name != "gen", make=refuse
    )
    assert doctor(there, {}) == 0
    said = capsys.readouterr().out
    assert "GPU: NVIDIA H200" in said
    assert "face/facemesh: ready" in said
    assert "gen/embedded: not built yet; the first run" in said
    assert "preenh/rules: needs none" in said
    assert f"not there: {tmp_path}/res/codeformer.pth" in said
    assert "yes face/facemesh" in said and "no  res/codeformer" in said


def test_a_program_reads_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert doctor(equipment(tmp_path, make=refuse), {}, as_json=True) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["healthy"] is True
    assert told["models_folder"] == str(tmp_path)
    assert {"stage", "backend", "usable", "chosen", "why"} == set(told["backends"][0])
    by_name = {weights["name"]: weights for weights in told["weights"]}
    assert by_name["codeformer"]["state"] == "missing"
    assert by_name["open_eye_template"]["state"] == "ok"


def test_a_broken_default_path_is_exit_status_3(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    template = CHECKOUT / "face/app/models/open_eye_template.json"
    monkeypatch.setattr(
        "contracts.model_manifest.sha256_file", lambda path: "0" * 64 if path == template else "1" * 64
    )
    assert doctor(equipment(tmp_path), {}) == 3
    assert "open_eye_template: wrong checksum" in capsys.readouterr().out


def test_a_variable_that_names_nothing_is_said(tmp_path: Path) -> None:
    with pytest.raises(StageError, match=r"llm are missing|no llama"):
        doctor(equipment(tmp_path), {"LLM_MODEL_PATH": str(tmp_path / "gone.gguf")})
