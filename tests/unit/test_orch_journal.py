"""Which run `--resume` takes up, and what its journal tells."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from contracts.error_codes import StageError
from contracts.face import Face
from orch.app.src.calling.options import Override
from orch.app.src.outputs.workspace import Workspace
from orch.app.src.running import run as run_module
from orch.app.src.running.run_setup import workspace_of
from tests.unit.orch_fakes import World, face, run
from tests.unit.resumed_runs import NAMES, interrupted, journal_of, notices, painted, world


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


def test_a_journal_of_another_format_is_refused(tmp_path: Path) -> None:
    journal = tmp_path / "out" / "Output_Json" / "journal_r.jsonl"
    journal.parent.mkdir(parents=True)
    journal.write_text('{"kind": "run", "format": "99", "started": "x"}\n')
    with pytest.raises(StageError) as caught:
        run(world(), tmp_path, resume=True)
    assert caught.value.code == "RUN_001"


@pytest.mark.parametrize(
    "garbage",
    [
        b"garbage\n",
        b"\xff\xfe\n",
        b"[1]\n",
        b'{"kind": "run"}\n',
        b'{"kind": "photo"}\n',
        b'{"kind": "photo", "key": 1, "report": []}\n',
    ],
)
def test_a_line_that_is_no_record_is_passed_over(tmp_path: Path, garbage: bytes) -> None:
    interrupted(tmp_path)
    lines = journal_of(tmp_path).read_bytes().splitlines(keepends=True)
    journal_of(tmp_path).write_bytes(b"".join([garbage, *lines[:-1], garbage, lines[-1]]))
    later = world()
    report = run(later, tmp_path, resume=True)
    assert (report.exit_code, painted(later)) == (0, ["3.jpg"])


def test_a_damaged_report_in_the_journal_is_no_report(tmp_path: Path) -> None:
    run(world(), tmp_path, run_id="r")
    text = journal_of(tmp_path).read_text()
    journal_of(tmp_path).write_text(text.replace('"photo": "1.jpg"', '"foto": "1.jpg"'))
    later = world()
    report = run(later, tmp_path, resume=True)
    assert (report.exit_code, painted(later)) == (0, ["1.jpg"])


def test_copies_and_links_are_not_taken_for_the_last_run(tmp_path: Path) -> None:
    run(world(), tmp_path, run_id="r")
    journal = journal_of(tmp_path)
    for name in ("journal_r copy.jsonl", "journal_r-copy.jsonl"):
        shutil.copyfile(journal, journal.with_name(name))
    journal.with_name("journal_zz.jsonl").symlink_to("gone")
    journal.with_name("journal_folder.jsonl").mkdir()
    later = world()
    report = run(later, tmp_path, resume=True)
    assert (report.run_id, painted(later)) == ("r", [])


def test_photos_may_be_moved_where_the_run_is_named(tmp_path: Path) -> None:
    run(world(), tmp_path, run_id="r")
    moved = tmp_path / "moved"
    (tmp_path / "in").rename(moved)
    later = world()
    report = run(later, tmp_path, source="moved", inputs=("moved",), resume=True, run_id="r")
    assert painted(later) == []
    assert [photo.path for photo in report.photos] == [str(moved / name) for name in NAMES]


def test_more_photos_in_the_folder_are_done_besides(tmp_path: Path) -> None:
    run(world(), tmp_path, run_id="r")
    later = World({name: (face(0),) for name in (*NAMES, "4.jpg")})
    report = run(later, tmp_path, resume=True)
    assert (report.run_id, painted(later), len(report.photos)) == ("r", ["4.jpg"], 4)


def test_the_last_run_about_the_same_inputs_is_taken_up(tmp_path: Path) -> None:
    run(world(), tmp_path, run_id="all")
    run(world(), tmp_path, run_id="two", inputs=("in/1.jpg", "in/2.jpg"))
    assert run(world(), tmp_path, resume=True).run_id == "all"
    later = world()
    report = run(later, tmp_path, resume=True, inputs=("in/1.jpg", "in/2.jpg", "in/3.jpg"))
    assert (report.run_id, painted(later)) == ("two", ["3.jpg"])


def test_a_run_about_other_inputs_keeps_its_report(tmp_path: Path) -> None:
    run(world(), tmp_path, run_id="r", inputs=("in/1.jpg", "in/2.jpg"))
    report_file = tmp_path / "out" / "Output_Json" / "report_r.json"
    before = report_file.read_bytes()
    report = run(world(), tmp_path, resume=True, inputs=("in/3.jpg",))
    assert (report.run_id != "r", notices(report)) == (True, ["RESUME_FRESH"])
    with pytest.raises(StageError, match=r"in/1\.jpg, which is not among the inputs") as caught:
        run(world(), tmp_path, resume=True, run_id="r", inputs=("in/2.jpg",))
    assert (caught.value.code, caught.value.exit_code) == ("RUN_001", 2)
    assert report_file.read_bytes() == before


def test_a_run_about_another_pattern_is_another_run(tmp_path: Path) -> None:
    run(world(), tmp_path, run_id="r", inputs=("in/[12].jpg",))
    with pytest.raises(StageError, match="not among the inputs"):
        run(world(), tmp_path, resume=True, run_id="r", inputs=("in/3*.jpg",))


def test_photos_that_are_gone_are_not_asked_for(tmp_path: Path) -> None:
    run(world(), tmp_path, run_id="r", inputs=("in/1.jpg", "in/2.jpg"))
    (tmp_path / "in" / "1.jpg").unlink()
    later = World({"2.jpg": (face(0),)})
    report = run(later, tmp_path, resume=True, inputs=("in/2.jpg",))
    assert (report.run_id, painted(later)) == ("r", [])


def test_doing_a_run_again_forgets_nothing_before_it_is_done(tmp_path: Path) -> None:
    run(world(), tmp_path, run_id="r")
    assert run(world(interrupt_at="1.jpg"), tmp_path, run_id="r").exit_code == 130
    later = world()
    report = run(later, tmp_path, resume=True)
    assert (painted(later), [photo.resumed for photo in report.photos]) == ([], [True, True, True])


def test_a_run_that_is_taken_up_keeps_its_beginning(tmp_path: Path) -> None:
    interrupted(tmp_path)
    lines = journal_of(tmp_path).read_text().splitlines()
    header = {**json.loads(lines[0]), "began": "2025-02-07T14:30:22+01:00"}
    journal_of(tmp_path).write_text("\n".join([json.dumps(header), *lines[1:], ""]))
    for _ in range(2):
        assert run(world(), tmp_path, resume=True).started == "2025-02-07T14:30:22+01:00"


def test_what_is_known_already_is_not_written_again(tmp_path: Path) -> None:
    run(world(), tmp_path, run_id="r")
    run(world(), tmp_path, resume=True)
    kinds = [json.loads(line)["kind"] for line in journal_of(tmp_path).read_text().splitlines()]
    assert kinds == ["run", "donors", "photo", "photo", "photo", "run", "donors"]


def test_another_call_that_ends_before_the_run_is_locked_is_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupted(tmp_path)

    def late(*arguments: Any) -> AbstractContextManager[Workspace]:
        monkeypatch.undo()
        assert run(world(), tmp_path, resume=True).exit_code == 0
        return workspace_of(*arguments)

    monkeypatch.setattr(run_module, "workspace_of", late)
    later = world()
    report = run(later, tmp_path, resume=True)
    assert (painted(later), [photo.resumed for photo in report.photos]) == ([], [True, True, True])


@pytest.mark.parametrize("how", [shutil.move, shutil.copytree])
def test_the_output_may_be_moved_or_copied(tmp_path: Path, how: Callable[[Path, Path], object]) -> None:
    copies = (Override("x", ("output", "copy_unchanged"), True),)
    photos: dict[str, tuple[Face, ...]] = {"1.jpg": (face(0),), "open.jpg": (face(0, "open", "open"),)}
    first = run(World(photos), tmp_path, run_id="r", overrides=copies)
    how(tmp_path / "out", tmp_path / "other")
    later = World(photos)
    report = run(later, tmp_path, output=tmp_path / "other", resume=True, overrides=copies)
    assert (painted(later), [p.resumed for p in report.photos]) == ([], [True, True])
    assert report.output_paths() == [
        path.replace(f"{tmp_path}/out/", f"{tmp_path}/other/") for path in first.output_paths()
    ]
