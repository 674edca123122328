"""The orchestrator on fake stages: what fails, is missing or interrupted, and what goes on all the same."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from contracts.error_codes import StageError
from tests.unit.orch_fakes import World, face, run
from tests.unit.orch_outcomes import files, outcomes, settings


@pytest.mark.parametrize("stage", ["crop", "gen"])
@pytest.mark.parametrize("how", ["fails", "dies"])
def test_a_failing_face_does_not_stop_the_others(tmp_path: Path, stage: str, how: str) -> None:
    item = "1" if stage == "crop" else "original/1"
    world = World({"a.jpg": (face(0), face(1), face(2))})
    if how == "fails":
        world.fails[stage, item] = "GEN_001"
    else:
        world.dies.add((stage, item))
    report = run(world, tmp_path)
    assert outcomes(report) == {
        "0/left": "opened",
        "0/right": "opened",
        "1/left": "failed",
        "1/right": "failed",
        "2/left": "opened",
        "2/right": "opened",
    }
    assert (report.exit_code, report.photos[0].status) == (9, "partial")


def test_a_face_that_cannot_be_blended_does_not_stop_the_others(tmp_path: Path) -> None:
    world = World({"a.jpg": (face(0), face(1), face(2))}, unblendable={1})
    report = run(world, tmp_path, run_id="r")
    assert {key: value for key, value in outcomes(report).items() if value == "failed"} == {
        "1/left": "failed",
        "1/right": "failed",
    }
    assert (report.exit_code, report.photos[0].status) == (9, "partial")
    done = json.loads((tmp_path / "out" / "final_restore_r_original.png").read_text())
    assert set(done) == {"0/left", "0/right", "2/left", "2/right"}


def test_an_eye_that_was_not_looked_at_is_not_believed(tmp_path: Path) -> None:
    world = World({"a.jpg": (face(0),)}, fails={("face", "original"): "FACE_DET_001"})
    report = run(world, tmp_path, run_id="r")
    assert set(outcomes(report).values()) == {"failed"}
    assert report.photos[0].status == "failed"
    assert not (tmp_path / "out" / "final_restore_r_original.png").exists()


def test_a_bad_photo_does_not_stop_the_others(tmp_path: Path) -> None:
    world = World({"1.jpg": (face(0),), "2.jpg": (face(0),), "3.jpg": (face(0),)})
    world.fails["face", "in:2.jpg"] = "INPUT_003"
    report = run(world, tmp_path, run_id="r")
    assert [photo.status for photo in report.photos] == ["edited", "failed", "edited"]
    assert report.exit_code == 9
    assert files(tmp_path / "out") == [
        "Output_Json/report_r.json",
        "final_restore_r_1_jpg_original.png",
        "final_restore_r_3_jpg_original.png",
    ]


def test_a_single_unreadable_photo_gives_its_own_exit_code(tmp_path: Path) -> None:
    world = World({"a.jpg": ()})
    world.fails["face", "in:a.jpg"] = "INPUT_002"
    assert run(world, tmp_path).exit_code == 4


def test_a_missing_input_beside_good_ones_is_reported(tmp_path: Path) -> None:
    world = World({"a.jpg": (face(0),)})
    report = run(world, tmp_path, inputs=("in/a.jpg", "in/none.jpg"))
    assert report.exit_code == 9
    assert "none.jpg does not exist" in report.problems[0].message
    assert report.photos[0].status == "edited"


def test_an_interruption_keeps_what_is_finished(tmp_path: Path) -> None:
    world = World({"1.jpg": (face(0),), "2.jpg": (face(0),), "3.jpg": (face(0),)}, interrupt_at="2.jpg")
    report = run(world, tmp_path, run_id="r")
    assert (report.exit_code, report.not_done) == (130, ("2.jpg", "3.jpg"))
    assert files(tmp_path / "out") == ["Output_Json/report_r.json", "final_restore_r_1_jpg_original.png"]


def test_nothing_private_is_left_after_a_failure(tmp_path: Path) -> None:
    report = run(World({"a.jpg": (face(0),)}, fails={("res", "final"): "RES_002"}), tmp_path, run_id="r")
    assert report.exit_code == 70
    error = report.photos[0].error
    assert error is not None and error.code == "RES_002"
    assert files(tmp_path / "out") == ["Output_Json/report_r.json"]
    assert not list((tmp_path / "out").glob(".*"))


@pytest.mark.parametrize(
    ("options", "code", "exit_code"),
    [
        ({"overrides": settings(generation__model="sdxl")}, "MODEL_001", 3),
        ({"overrides": settings(generation__model="donor")}, "ARGS_001", 2),
        ({"overrides": settings(restoration__enabled=True)}, "MODEL_001", 3),
        ({"run_id": "../x"}, "RUN_001", 2),
        ({"num_variations": -1}, "ARGS_001", 2),
        ({"inputs": ("nowhere.jpg",)}, "INPUT_001", 4),
        ({"overrides": settings(generation__donor="/nowhere")}, "INPUT_001", 4),
        ({"overrides": settings(output__name_template="{stm}{ext}")}, "ARGS_001", 2),
        ({"output": Path("o\udcffut")}, "ARGS_001", 2),
    ],
)
def test_what_cannot_work_is_refused_before_the_first_photo(
    tmp_path: Path, options: dict[str, Any], code: str, exit_code: int
) -> None:
    world = World({"a.jpg": (face(0),)})
    with pytest.raises(StageError) as caught:
        run(world, tmp_path, **options)
    assert (caught.value.code, caught.value.exit_code) == (code, exit_code)
    assert world.requests == []
