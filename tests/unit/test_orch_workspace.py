"""Locks and work folders: nobody in each other's way, nothing left behind."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from datetime import datetime
from pathlib import Path

import pytest

from contracts.error_codes import StageError
from environments.places import CHECKOUT
from orch.app.src.outputs import workspace
from orch.app.src.outputs.workspace import dry_workspace, open_workspace, run_lock
from orch.app.src.run_paths import Layout, layout_for

NOW = datetime(2025, 2, 7, 14, 30, 22)


def layouts(folder: Path, verbose: bool = False) -> Callable[[str], Layout]:
    return lambda batch_id: layout_for(folder, batch_id, verbose)


def test_the_work_folder_goes_however_the_run_ends(tmp_path: Path) -> None:
    def work(error: type[BaseException]) -> None:
        with open_workspace(layouts(tmp_path), None, NOW) as space:
            assert space.batch_id == "20250207_143022"
            (space.layout.work / "x").mkdir()
            raise error

    for error in (KeyboardInterrupt, RuntimeError):
        with pytest.raises(error):
            work(error)
        assert [p.name for p in tmp_path.rglob("*")] == ["Output_Json"]


def test_two_runs_of_one_id_are_refused_in_one_line(tmp_path: Path) -> None:
    with (
        open_workspace(layouts(tmp_path), "mine", NOW),
        pytest.raises(StageError) as caught,
        open_workspace(layouts(tmp_path), "mine", NOW),
    ):
        pass
    assert (caught.value.code, caught.value.exit_code) == ("RUN_002", 2)


def test_runs_without_an_id_step_aside(tmp_path: Path) -> None:
    with open_workspace(layouts(tmp_path), None, NOW), open_workspace(layouts(tmp_path), None, NOW) as second:
        assert second.batch_id == "20250207_143023"


def test_a_finished_run_keeps_its_second(tmp_path: Path) -> None:
    with open_workspace(layouts(tmp_path), None, NOW) as space:
        space.layout.report(space.batch_id).write_text("{}")
    with open_workspace(layouts(tmp_path), None, NOW) as later:
        assert later.batch_id == "20250207_143023"


def test_a_named_run_can_be_done_again(tmp_path: Path) -> None:
    for _ in range(2):
        with open_workspace(layouts(tmp_path), "mine", NOW) as space:
            space.layout.report("mine").write_text("{}")


KILLED = """
import sys, time
from datetime import datetime
from pathlib import Path
from orch.app.src.run_paths import layout_for
from orch.app.src.outputs import workspace
begin = getattr(workspace, sys.argv[3])
with begin(lambda i: layout_for(Path(sys.argv[1]), i, False), sys.argv[2], datetime.now()):
    print("working", flush=True)
    time.sleep(60)
"""


def start(tmp_path: Path, run_id: str, begin: str = "open_workspace") -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(tmp_path), run_id, begin], stdout=subprocess.PIPE, cwd=CHECKOUT
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"working\n"
    process.stdout.close()
    return process


def test_a_killed_run_neither_blocks_nor_litters(tmp_path: Path) -> None:
    process = start(tmp_path, "killed")
    process.kill()
    process.wait()
    left = layout_for(tmp_path, "killed", False).work
    assert left.is_dir()
    with open_workspace(layouts(tmp_path), "another", NOW):
        assert not left.exists()
    with open_workspace(layouts(tmp_path), "killed", NOW):
        pass


def test_a_run_in_progress_keeps_its_work(tmp_path: Path) -> None:
    process = start(tmp_path, "busy")
    try:
        with open_workspace(layouts(tmp_path), "another", NOW):
            assert layout_for(tmp_path, "busy", False).work.is_dir()
    finally:
        process.kill()
        process.wait()


def test_a_verbose_run_has_no_work_folder(tmp_path: Path) -> None:
    with open_workspace(layouts(tmp_path, verbose=True), None, NOW) as space:
        assert not list(space.layout.images.glob(".*"))


def test_an_output_that_cannot_be_written_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StageError) as caught, open_workspace(layouts(tmp_path / "file"), None, NOW):
        pass
    assert (caught.value.code, caught.value.exit_code) == ("OUTPUT_001", 7)


def test_a_dry_run_leaves_documents_alone(tmp_path: Path) -> None:
    with dry_workspace(layouts(tmp_path), None, NOW) as space:
        layout = space.layout
        assert not layout.keeps_intermediates
        assert layout.work.is_dir()
        assert layout.documents == tmp_path / "Output_Json"
        for folder in (layout.stage_documents, layout.images, layout.variations):
            assert folder.is_relative_to(layout.work)
    assert list(tmp_path.rglob("*")) == [layout.documents]


def test_what_a_killed_dry_run_left_goes_with_the_next(tmp_path: Path) -> None:
    process = start(tmp_path, "killed", "dry_workspace")
    process.kill()
    process.wait()
    left = [p.name for p in (tmp_path / "Output_Json").iterdir()]
    assert sorted(left) == [".ote-run-killed.lock", ".ote-work-killed"]
    with dry_workspace(layouts(tmp_path), "another", NOW):
        assert not [name for name in left if (tmp_path / "Output_Json" / name).exists()]


def test_a_dry_run_replaces_no_selection_that_may_have_been_edited(tmp_path: Path) -> None:
    with dry_workspace(layouts(tmp_path), "kisses", NOW) as space:
        selection = space.layout.selection("kisses")
        selection.write_text("edited")
    with pytest.raises(StageError) as caught, dry_workspace(layouts(tmp_path), "kisses", NOW):
        pass
    assert (caught.value.code, caught.value.exit_code) == ("RUN_001", 2)
    assert selection.read_text() == "edited"
    with dry_workspace(layouts(tmp_path), None, NOW) as first:
        first.layout.selection(first.batch_id).write_text("found")
    with dry_workspace(layouts(tmp_path), None, NOW) as second:
        assert second.batch_id != first.batch_id


def test_a_lock_is_free_again_at_once(tmp_path: Path) -> None:
    started = time.monotonic()
    for _ in range(50):
        with run_lock(tmp_path, "r"):
            pass
    assert time.monotonic() - started < 1
    assert not list(tmp_path.iterdir())


def test_who_only_looks_whether_a_lock_was_left_keeps_no_run_from_starting(tmp_path: Path) -> None:
    looker = ExitStack()
    looker.enter_context(run_lock(tmp_path / "Output_Json", "mine"))
    moment = threading.Timer(0.1, looker.close)
    moment.start()
    with open_workspace(layouts(tmp_path), "mine", NOW) as space:
        assert space.batch_id == "mine"
    moment.join()


def test_a_run_that_ends_between_two_looks_keeps_its_second(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lock(documents: Path, batch_id: str) -> AbstractContextManager[None]:
        if batch_id == "20250207_143022":  # its report is there just before its lock is let go
            documents.mkdir(parents=True, exist_ok=True)
            (documents / "report_20250207_143022.json").write_text("{}")
        return locked(documents, batch_id)

    locked = workspace._lock_at_once
    monkeypatch.setattr(workspace, "_lock_at_once", lock)
    with open_workspace(layouts(tmp_path), None, NOW) as space:
        assert space.batch_id == "20250207_143023"
