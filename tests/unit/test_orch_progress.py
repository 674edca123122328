"""What a run shows: lines in a pipe, JSON objects, a readable summary."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from orch.app.src.progress.bar import Bar
from orch.app.src.progress.display import progress_for
from orch.app.src.progress.shown import JsonLines, Lines
from tests.unit.orch_fakes import World, face, run


def shown(world: World, tmp_path: Path, **options: object) -> str:
    out = io.StringIO()
    run(world, tmp_path, surroundings={"progress": lambda log_format: Lines(out)}, **options)
    return out.getvalue().replace(str(tmp_path), "TMP")


def test_results_as_lines(tmp_path: Path) -> None:
    world = World({"a.jpg": (face(0, "open", "closed"), face(1)), "b.jpg": (face(0, "open", "open"),)})
    world.declines["lid_lift"] = "the eye is too small"
    out = shown(world, tmp_path, run_id="r")
    lines = out.splitlines()
    assert lines[:6] == [
        "a.jpg: 2 faces",
        "  face 0: right eye opened by mirror",
        "  face 1: both eyes refused: lid_lift: the eye is too small",
        "  -> TMP/out/final_restore_r_a_jpg_original.png",
        "b.jpg: 1 face, unchanged: no closed eyes",
        lines[5],
    ]
    assert lines[5].startswith("2 photos: 1 edited, 1 unchanged in ")
    assert lines[6] == "report: TMP/out/Output_Json/report_r.html"


def test_a_plan_says_for_every_eye_why(tmp_path: Path) -> None:
    world = World({"a.jpg": (face(0, "open", "closed"), face(1, "undetermined", "open"))})
    out = shown(world, tmp_path, dry_run=True)
    assert "a.jpg: 2 faces, 1 eye to open" in out
    assert "  face 0: left eye open, right eye to open (auto: mirror, since" in out
    assert "  face 1: left eye left alone (undetermined: downcast), right eye open\n" in out
    assert "\n1 photo: 1 with eyes to open in " in out


def test_faces_of_which_the_same_is_planned_share_a_line(tmp_path: Path) -> None:
    world = World({"a.jpg": (face(0, "open", "open"), face(1), face(2, "open", "open"))})
    lines = shown(world, tmp_path, dry_run=True).splitlines()
    assert lines[:2] == ["a.jpg: 3 faces, 2 eyes to open", "  faces 0, 2: both eyes open"]
    assert lines[2].startswith("  face 1: both eyes to open (auto: ")


def test_a_dry_run_that_finds_nothing_says_so(tmp_path: Path) -> None:
    out = shown(World({"a.jpg": (face(0, "open", "open"),)}), tmp_path, dry_run=True)
    assert "\n1 photo: none with eyes to open in " in out


def test_eyes_that_are_left_alone_are_told_with_the_reason(tmp_path: Path) -> None:
    world = World({"a.jpg": (face(0), face(1, "undetermined", "undetermined"), face(2, "open", "closed"))})
    lines = shown(world, tmp_path, run_id="r", ignored_faces=frozenset({2})).splitlines()
    assert lines[:4] == [
        "a.jpg: 3 faces",
        "  face 1: both eyes left alone (undetermined: downcast)",
        "  face 2: right eye left alone (named by --ignore-faces)",
        "  face 0: both eyes opened by lid_lift",
    ]


def test_why_a_better_way_was_not_taken_is_told(tmp_path: Path) -> None:
    world = World({"a.jpg": (face(0, "open", "closed"),)}, declines={"mirror": "the head is turned too far"})
    out = shown(world, tmp_path)
    assert "right eye opened by lid_lift\n    not by mirror: the head is turned too far\n" in out


def test_variations_are_named_and_problems_told(tmp_path: Path) -> None:
    world = World({"a.jpg": (face(0), face(1))}, opens=lambda i, s, n: "open" if i else "closed")
    world.fails["crop", "1"] = "CROP_001"
    out = shown(world, tmp_path, num_variations=1, inputs=("in/a.jpg", "none.jpg"))
    assert "original: face 0: both eyes left unchanged: still closed afterwards" in out
    assert "variation_01: face 1: failed: crop failed [CROP_001]" in out
    assert "error: TMP/none.jpg does not exist [INPUT_001]. check the spelling" in out


def test_an_unreadable_photo_is_one_line(tmp_path: Path) -> None:
    world = World({"a.jpg": ()}, fails={("face", "in:a.jpg"): "INPUT_003"})
    out = shown(world, tmp_path)
    assert "a.jpg: failed: face failed [INPUT_003]\n" in out


def test_names_forge_no_lines(tmp_path: Path) -> None:
    name = "a\nb.jpg: failed: boo\x1b[2J.jpg"
    out = shown(World({name: (face(0),)}), tmp_path, run_id="r")
    assert out.startswith("a\\nb.jpg: failed: boo\\u001b[2J.jpg: 1 face\n")
    assert "\x1b" not in out


def test_an_interruption_says_how_to_go_on(tmp_path: Path) -> None:
    world = World({f"{n}.jpg": (face(0),) for n in (1, 2, 3)}, interrupt_at="2.jpg")
    out = shown(world, tmp_path)
    assert "stopped: interrupted [RUN_130]\n" in out
    assert "2 not done; what is finished stays. To go on: the same command with --resume\n" in out
    assert "1 of 3 photos: 1 edited in " in out


def test_json_lines_are_json_one_final_line_a_photo(tmp_path: Path) -> None:
    out = io.StringIO()
    world = World({"1.jpg": (face(0),), "2.jpg": ()}, fails={("face", "in:2.jpg"): "INPUT_003"})
    run(world, tmp_path, run_id="r", surroundings={"progress": lambda log_format: JsonLines(out)})
    events = [json.loads(line) for line in out.getvalue().splitlines()]
    photos = [event for event in events if event["event"] == "photo"]
    assert [(p["photo"], p["status"]) for p in photos] == [("2.jpg", "failed"), ("1.jpg", "edited")]
    assert photos[1]["outputs"] == [str(tmp_path / "out" / "final_restore_r_1_jpg_original.png")]
    assert photos[0]["error"]["code"] == "INPUT_003"
    assert (events[-1]["event"], events[-1]["exit_code"]) == ("run", 9)
    restoring = run(World({"1.jpg": ()}), tmp_path).notices
    assert events[-1]["notices"] == [{"code": n.code, "message": n.message} for n in restoring]


def test_the_report_is_written_as_it_was_made(tmp_path: Path) -> None:
    report = run(World({"a.jpg": (face(0),)}), tmp_path, run_id="r")
    written = json.loads((tmp_path / "out" / "Output_Json" / "report_r.json").read_text())
    assert written["run_id"] == "r"
    assert written["photos"][0]["variations"][0]["faces"][0]["eyes"][0]["outcome"] == "opened"
    assert written["stages"]["gen"]["versions"]["models"] == {"gen_model": "0" * 64}
    assert written["settings"]["generation"]["seed"] == 42
    assert written["total_s"] == report.total_s


def test_a_bar_only_where_a_person_watches(monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(progress_for("json"), JsonLines)
    assert type(progress_for("human")) is Lines
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    assert isinstance(progress_for("human"), Bar)


def test_the_bar_survives_names_that_look_like_markup(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    world = World({"[bold]a[no].jpg": (face(0),)})
    run(world, tmp_path, surroundings={"progress": lambda log_format: Bar()})
    assert "[bold]a[no].jpg: 1 face" in capsys.readouterr().out


def test_the_bar_tells_the_steps_of_what_takes_minutes(capsys: pytest.CaptureFixture[str]) -> None:
    bar = Bar()
    bar.pass_started("open", 1)
    bar.stage_started("gen")
    bar.stage_event("gen", {"event": "progress", "done": 0, "total": 1, "message": "sdxl: step 12"})
    assert bar.description == "opening eyes (painting, sdxl: step 12)"
    bar.stage_ended("gen")
    bar.stage_started("blend")
    assert bar.description == "opening eyes (blending)"
