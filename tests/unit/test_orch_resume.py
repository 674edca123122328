"""Taking up a run: what is done stays, what is not is done, and nothing is believed unseen."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from contracts.error_codes import StageError
from orch.app.src.options import Override
from tests.unit.orch_fakes import World, face, run

NAMES = ("1.jpg", "2.jpg", "3.jpg")


def world(**changes: object) -> World:
    return World({name: (face(0),) for name in NAMES}, **changes)  # type: ignore[arg-type]


def interrupted(tmp_path: Path) -> None:
    report = run(world(interrupt_at="3.jpg"), tmp_path, run_id="r")
    assert (report.exit_code, report.not_done) == (130, ("3.jpg",))


def painted(made: World) -> list[str]:
    """Photos that were cropped, which is the first thing done for those that are worked on."""
    return [request.items[0].photo.removeprefix("in:") for request in made.of("crop")]


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


def test_a_torn_last_line_is_no_record(tmp_path: Path) -> None:
    run(world(), tmp_path, run_id="r")
    journal = tmp_path / "out" / "Output_Json" / "journal_r.jsonl"
    text = journal.read_text()
    journal.write_text(text[:-100])
    later = world()
    report = run(later, tmp_path, resume=True)
    assert painted(later) == ["3.jpg"]
    assert report.exit_code == 0
    for line in journal.read_text().splitlines():
        json.loads(line)


def test_a_damaged_memory_of_faces_is_no_memory(tmp_path: Path) -> None:
    run(world(), tmp_path, run_id="r")
    for path in (tmp_path / "out" / "Output_Json" / ".cache").rglob("*.json"):
        path.write_text('{"document": ')
    later = world()
    assert run(later, tmp_path, run_id="s").exit_code == 0
    assert len([item for item in later.items("face") if item.item_id == "photo"]) == 3


def test_the_last_run_is_taken_up_where_none_is_named(tmp_path: Path) -> None:
    run(world(), tmp_path, run_id="first")
    run(world(interrupt_at="2.jpg"), tmp_path, run_id="second")
    assert run(world(), tmp_path, resume=True).run_id == "second"
    assert run(world(), tmp_path, resume=True, run_id="first").run_id == "first"


def test_where_there_is_nothing_to_resume_a_run_starts_afresh_and_says_so(tmp_path: Path) -> None:
    report = run(world(), tmp_path, resume=True, run_id="r")
    assert report.exit_code == 0
    assert [notice.code for notice in report.notices if notice.code == "RESUME_FRESH"] == ["RESUME_FRESH"]
    assert (tmp_path / "out" / "final_restore_r_1_jpg_original.png").is_file()


def test_without_resume_everything_is_done_again(tmp_path: Path) -> None:
    run(world(), tmp_path, run_id="r")
    later = world()
    run(later, tmp_path, run_id="r")
    assert painted(later) == list(NAMES)


def test_a_journal_of_another_format_is_refused(tmp_path: Path) -> None:
    journal = tmp_path / "out" / "Output_Json" / "journal_r.jsonl"
    journal.parent.mkdir(parents=True)
    journal.write_text('{"kind": "run", "format": "99", "started": "x"}\n')
    with pytest.raises(StageError) as caught:
        run(world(), tmp_path, resume=True)
    assert caught.value.code == "RUN_001"


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
