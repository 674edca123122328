"""A folder with more broken files than photos: the photos are done, and every other file is named."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from contracts.error_codes import ErrorCode
from contracts.exit_codes import ExitCode
from orch.app.src.inputs.developing import camera_python
from tests import malformed
from tests.photos import CHECKOUT
from tests.running import Answer, read_report, run

pytestmark = pytest.mark.heavy

SAMPLES = CHECKOUT / "Input_Images"
GOOD = ("portrait_both_closed.jpg", "portrait_one_closed.jpg", "glasses_one_closed.jpg", "portrait_open.jpg")
CLOSED = SAMPLES / GOOD[0]


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Answer, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("mixed")
    photos = folder / "photos"
    photos.mkdir()
    for name in GOOD:
        shutil.copy(SAMPLES / name, photos / name)
    for name, make in (malformed.broken(CLOSED) | malformed.odd(CLOSED)).items():
        make(photos / name)
    (photos / "folder.jpg").mkdir()
    answer = run("--input", "photos", "--output", "out", cwd=folder, patience_s=600.0)
    return folder, answer, read_report(folder / "out")


def _left_out() -> set[str]:
    """Those told of together where what develops them is not installed: cameras write them beside others.

    Asked when needed, since tests that come earlier may install it.
    """
    return set() if camera_python() else {"camera.heic"}


def _told(report: dict[str, Any]) -> dict[str, tuple[str, str]]:
    """File name -> status and error code."""
    told = {p["photo"]: (p["status"], (p["error"] or {}).get("code", "")) for p in report["photos"]}
    for problem in report["problems"]:
        for name in malformed.broken(CLOSED):
            if name in problem["message"]:
                told[name] = ("failed", problem["code"])
    return told


def test_there_are_sixty_of_them() -> None:
    assert len(malformed.broken(CLOSED)) + len(malformed.odd(CLOSED)) >= 60


def test_all_good_ones_are_done(done: tuple[Path, Answer, dict[str, Any]]) -> None:
    folder, answer, report = done
    assert answer.exit_code == ExitCode.SOME_FAILED, answer.text
    told = _told(report)
    assert [told[name] for name in GOOD] == [("edited", "")] * 3 + [("unchanged", "")]
    assert len(list((folder / "out").glob("final_restore_*"))) >= len(GOOD)


@pytest.mark.parametrize("name", sorted(malformed.broken(CLOSED)))
def test_every_bad_one_is_named_with_its_code(done: tuple[Path, Answer, dict[str, Any]], name: str) -> None:
    folder, answer, report = done
    if name in _left_out():
        assert sum("1 .heic" in notice["message"] for notice in report["notices"]) == 1
        return
    status, code = _told(report)[name]
    assert status == "failed"
    assert re.match(r"[A-Z]+(_[A-Z]+)*_\d{3}\Z", code) and code != ErrorCode.INTERNAL, code
    assert any(name in line and f"[{code}]" in line for line in answer.text.splitlines()), name
    (page,) = (folder / "out").rglob("report_*.html")
    assert name in page.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", sorted(malformed.odd(CLOSED)))
def test_an_odd_one_is_done_or_refused(done: tuple[Path, Answer, dict[str, Any]], name: str) -> None:
    _, _, report = done
    status, code = _told(report)[name]
    assert status in ("edited", "unchanged", "failed")
    assert (status == "failed") == bool(code)
    assert code != ErrorCode.INTERNAL


def test_every_bad_one_has_a_json_line(tmp_path: Path) -> None:
    broken = malformed.broken(CLOSED)
    shutil.copy(SAMPLES / "portrait_open.jpg", tmp_path)
    taken = broken.keys() - _left_out()
    for name in taken:
        broken[name](tmp_path / name)
    answer = run("--input", ".", "--output", "out", "--log-format", "json", cwd=tmp_path)
    assert answer.exit_code == ExitCode.SOME_FAILED
    events = [json.loads(line) for line in answer.stdout.splitlines()]
    failed = {e["photo"]: e["error"]["code"] for e in events if e["event"] == "photo" and e["error"]}
    assert failed.keys() == taken
    assert all(failed.values())


def test_nothing_half_done_and_no_traceback(done: tuple[Path, Answer, dict[str, Any]]) -> None:
    folder, answer, report = done
    assert "Traceback" not in answer.text
    files = [path for path in (folder / "out").rglob("*") if path.is_file()]
    assert [path for path in files if path.name.startswith(".ote-") or ".partial" in path.name] == []
    assert json.dumps(report)
