"""Taking up a run: what is done stays, what is not is done, and nothing is believed unseen."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from orch.app.src.calling.options import Override
from orch.app.src.running import output_keys, run_report
from tests.unit.orch_fakes import run
from tests.unit.resumed_runs import NAMES, interrupted, painted, world


def test_what_is_done_is_left_alone_and_the_rest_is_done(tmp_path: Path) -> None:
    interrupted(tmp_path)
    before = (tmp_path / "out" / "final_restore_r_1_jpg_original.png").stat().st_mtime_ns
    later = world()
    report = run(later, tmp_path, resume=True)
    assert painted(later) == ["3.jpg"]
    assert [(p.photo, p.status, p.resumed) for p in report.photos] == [
        ("1.jpg", "edited", True),
        ("2.jpg", "edited", True),
        ("3.jpg", "edited", False),
    ]
    assert (report.exit_code, report.run_id) == (0, "r")
    assert (tmp_path / "out" / "final_restore_r_1_jpg_original.png").stat().st_mtime_ns == before
    assert len(report.output_paths()) == 3


def test_faces_are_not_looked_for_twice(tmp_path: Path) -> None:
    interrupted(tmp_path)
    later = world()
    run(later, tmp_path, resume=True)
    assert [item.photo for item in later.items("face") if item.item_id == "photo"] == []
    fresh = world()
    run(fresh, tmp_path, run_id="another")
    assert [item.photo for item in fresh.items("face") if item.item_id == "photo"] == []


def test_a_changed_photo_is_looked_at_and_done_again(tmp_path: Path) -> None:
    run(world(), tmp_path, run_id="r")
    later = world()
    report = run(later, tmp_path, resume=True, contents={"1.jpg": "another picture"})
    assert painted(later) == ["1.jpg"]
    assert [p.resumed for p in report.photos] == [False, True, True]
    assert any(
        "1 photo that an earlier call had finished: done again, they" in n.message for n in report.notices
    )


def test_another_version_of_the_program_does_photos_again_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupted(tmp_path)
    for module in (output_keys, run_report):
        monkeypatch.setattr(module, "code_fingerprint", lambda folders: "another")
    report = run(world(), tmp_path, resume=True)
    assert [p.resumed for p in report.photos] == [False, False, False]
    told = "2 photos that an earlier call had finished: done again, the program has changed since"
    assert told in [n.message for n in report.notices]


@pytest.mark.parametrize(
    ("key", "value", "again"),
    [
        (("generation", "seed"), 7, 3),
        (("output", "format"), "webp", 3),
        (("processing", "log_format"), "json", 0),
        (("processing", "workers"), 1, 0),
    ],
)
def test_other_settings_do_photos_again_where_they_matter(
    tmp_path: Path, key: tuple[str, ...], value: object, again: int
) -> None:
    run(world(), tmp_path, run_id="r")
    later = world()
    report = run(later, tmp_path, resume=True, overrides=(Override("x", key, value),))
    assert len(painted(later)) == again
    assert report.exit_code == 0
    told = [n.message for n in report.notices if n.code == "RESUME_DONE_AGAIN"]
    name = ".".join(key)
    sentence = f"3 photos that an earlier call had finished: done again, other settings than before: {name}"
    assert told == ([sentence] if again else [])


def test_a_picture_that_is_gone_or_damaged_is_made_again(tmp_path: Path) -> None:
    run(world(), tmp_path, run_id="r")
    (tmp_path / "out" / "final_restore_r_1_jpg_original.png").unlink()
    (tmp_path / "out" / "final_restore_r_2_jpg_original.png").write_text("half")
    later = world()
    run(later, tmp_path, resume=True)
    assert painted(later) == ["1.jpg", "2.jpg"]


def test_what_failed_is_tried_again(tmp_path: Path) -> None:
    first = world(fails={("crop", "0"): "CROP_001"})
    assert run(first, tmp_path, run_id="r").exit_code == 9
    later = world()
    report = run(later, tmp_path, resume=True)
    assert painted(later) == list(NAMES)
    assert report.exit_code == 0


def test_a_damaged_memory_of_faces_is_no_memory(tmp_path: Path) -> None:
    run(world(), tmp_path, run_id="r")
    for path in (tmp_path / "out" / "Output_Json" / ".cache").rglob("*.json"):
        path.write_text('{"document": ')
    later = world()
    assert run(later, tmp_path, run_id="s").exit_code == 0
    assert len([item for item in later.items("face") if item.item_id == "photo"]) == 3


def test_without_resume_everything_is_done_again(tmp_path: Path) -> None:
    run(world(), tmp_path, run_id="r")
    later = world()
    report = run(later, tmp_path, run_id="r")
    assert painted(later) == list(NAMES)
    assert [n.code for n in report.notices if n.code.startswith("R")] == ["RUN_ID_AGAIN"]
    assert "RUN_ID_AGAIN" not in [n.code for n in run(world(), tmp_path, run_id="another").notices]


@contextmanager
def pipe(text: str) -> Iterator[Path]:
    """A file that can be read once, as a shell's <(...) is."""
    reading, writing = os.pipe()
    with os.fdopen(writing, "w") as stream:
        stream.write(text)
    try:
        yield Path(f"/dev/fd/{reading}")
    finally:
        os.close(reading)


@pytest.mark.skipif(not Path("/dev/fd").exists(), reason="no /dev/fd")
def test_another_selection_from_a_pipe_is_another_selection(tmp_path: Path) -> None:
    run(world(), tmp_path, dry_run=True, run_id="dry")
    ticked = (tmp_path / "out" / "Output_Json" / "selection_dry.json").read_text()
    with pipe(ticked) as selection:
        assert run(world(), tmp_path, run_id="r", selection=selection).photos[0].status == "edited"
    with pipe(ticked) as selection:
        assert all(p.resumed for p in run(world(), tmp_path, resume=True, selection=selection).photos)
    with pipe(ticked.replace('"open": true', '"open": false')) as selection:
        report = run(world(), tmp_path, resume=True, selection=selection)
    assert [(p.status, p.resumed) for p in report.photos] == [("unchanged", False)] * 3


def test_half_written_files_of_a_killed_run_go(tmp_path: Path) -> None:
    run(world(), tmp_path, run_id="r")
    left = [
        tmp_path / "out" / ".ote-0123456789ab.png",
        tmp_path / "out" / "Output_Json" / ".ote-0123456789ab.json",
        tmp_path / "out" / "Output_Json" / ".cache" / "faces" / ".ote-0123456789ab.json",
        tmp_path / "out" / "Output_Json" / ".ote-run-gone.lock",
    ]
    for path in left:
        path.write_text("half")
    run(world(), tmp_path, resume=True)
    assert not [path for path in left if path.exists()]


def test_a_verbose_run_shows_what_is_seen_once(tmp_path: Path) -> None:
    verbose = (Override("--verbose", ("processing", "verbose"), True),)
    run(world(), tmp_path, run_id="quiet")
    first = world()
    run(first, tmp_path, run_id="r", overrides=verbose)
    assert len([item for item in first.items("face") if "debug" in item.outputs]) == 3
    later = world()
    report = run(later, tmp_path, run_id="r", resume=True, overrides=verbose)
    assert [item for item in later.items("face") if "debug" in item.outputs] == []
    assert all(photo.resumed for photo in report.photos)
