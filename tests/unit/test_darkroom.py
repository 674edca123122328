"""Photos that stages do not read: how they are developed, and what is said where nothing can."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from contracts.envelope import Notice
from contracts.error_codes import ErrorCode, StageError
from contracts.exit_codes import ExitCode
from environments import setup
from imaging.output_formats import output_suffix
from imaging.photo_header import read_header
from imaging.photo_identity import INSTALL, PhotoLimits
from orch.app.src.inputs import developing
from orch.app.src.inputs.darkroom import Darkroom, Developed
from orch.app.src.inputs.developing import Developer
from orch.app.src.inputs.photos import find_photos
from orch.app.src.outputs.names import likely_suffix
from orch.app.src.run_paths import layout_for

HEIC = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(200)
NOTICE = Notice("INPUT_EXTRA_PICTURES", "left out")
MakePhoto = Callable[[str], Path]


@pytest.fixture
def make(tmp_path: Path) -> MakePhoto:
    def made(name: str) -> Path:
        path = tmp_path / name
        path.write_bytes(HEIC)
        return path

    return made


class Fake:
    """Develops: each picture has 1000 bytes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.asked: list[str] = []

    def __call__(self, photo: Path) -> Developed:
        self.asked.append(photo.name)
        time.sleep(0.02)
        path = self.folder / f"{photo.name}.png"
        path.write_bytes(bytes(1000))
        return Developed(path, (NOTICE,))


@pytest.mark.parametrize("name", ["a.heic", "a.HIF", "renamed.jpg", "a.nef"])
def test_what_is_not_installed_is_said_with_the_command(make: MakePhoto, name: str) -> None:
    photo = make(name)
    with Darkroom().developed(photo) as developed:
        assert developed == Developed(photo)
    with pytest.raises(StageError) as caught:
        read_header(photo)
    line = caught.value.line()
    assert caught.value.exit_code == ExitCode.UNREADABLE_INPUT
    assert str(photo) in line and "is not read [INPUT_005]" in line and INSTALL in line


def test_the_command_that_is_named_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []

    def make(folder: Path, recipe: str, **callbacks: object) -> Path:
        made.append(recipe)
        return Path("/x/bin/python")

    monkeypatch.setattr(setup, "environment_python", make)
    assert setup.setup(INSTALL.split()[3:], tell=lambda line: None) == 0
    assert made[-1] == developing.RECIPE
    made.clear()
    assert setup.setup([], tell=lambda line: None) == 0
    assert developing.RECIPE not in made


def test_they_are_photos_where_it_is_installed(make: MakePhoto, tmp_path: Path) -> None:
    for name in ("a.heic", "b.CR2", "c.avif"):
        make(name)
    found = find_photos([str(tmp_path)], tmp_path, tmp_path / "out", develops=True)
    assert [photo.name for photo in found.photos] == ["a.heic", "b.CR2"]
    (notice,) = found.notices
    assert "1 .avif" in notice.message and INSTALL not in notice.message


def test_others_are_left_alone(tmp_path: Path) -> None:
    develop = Fake(tmp_path)
    (tmp_path / "a.jpg").write_bytes(b"\xff\xd8\xff")
    for name in ("a.jpg", "gone.heic"):
        with Darkroom(develop).developed(tmp_path / name) as developed:
            assert developed == Developed(tmp_path / name)
    assert develop.asked == []


def test_one_is_developed_once_for_all_who_ask(make: MakePhoto, tmp_path: Path) -> None:
    develop, photo = Fake(tmp_path), make("a.heic")
    darkroom = Darkroom(develop)
    seen: list[Developed] = []

    def ask() -> None:
        with darkroom.developed(photo) as developed:
            seen.append(developed)

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert develop.asked == ["a.heic"]
    assert seen == [Developed(tmp_path / "a.heic.png", (NOTICE,))] * 6


def test_those_that_nobody_asked_for_the_longest_go(make: MakePhoto, tmp_path: Path) -> None:
    develop = Fake(tmp_path)
    darkroom = Darkroom(develop, most_bytes=2500)
    a, b, c, d = map(make, ("a.heic", "b.heic", "c.heic", "d.heic"))
    with darkroom.developed(a) as held:
        for photo in (b, c, b, d):
            with darkroom.developed(photo):
                pass
        assert held.path.exists()  # in use, and so not counted
        assert sorted(path.name for path in tmp_path.glob("*.png")) == [
            "a.heic.png",
            "b.heic.png",
            "d.heic.png",
        ]
    assert develop.asked == ["a.heic", "b.heic", "c.heic", "d.heic"]
    with darkroom.developed(c) as again:
        assert again.path.exists()
    assert develop.asked[4:] == ["c.heic"]


def test_one_that_failed_is_tried_again(make: MakePhoto, tmp_path: Path) -> None:
    fails = [True]
    good = Fake(tmp_path)

    def develop(photo: Path) -> Developed:
        if fails.pop():
            raise StageError(ErrorCode.DISK_FULL, "no space")
        return good(photo)

    fails.insert(0, False)
    darkroom, photo = Darkroom(develop), make("a.heic")
    with pytest.raises(StageError, match="no space"), darkroom.developed(photo):
        pass
    with darkroom.developed(photo) as developed:
        assert developed.path.exists()


def developer(tmp_path: Path, script: str) -> Developer:
    python = tmp_path / "python"
    python.write_text(f"#!/bin/sh\n{script}\n")
    python.chmod(0o755)
    return Developer(python, layout_for(tmp_path / "out", "r", verbose=False), PhotoLimits(), {})


def test_what_the_process_says(make: MakePhoto, tmp_path: Path) -> None:
    photo = make("IMG 1.heic")
    answer = json.dumps({"error": None, "notices": [{"code": NOTICE.code, "message": NOTICE.message}]})
    developed = developer(tmp_path, f"echo '{answer}'")(photo)
    assert developed.notices == (NOTICE,)
    assert developed.path.is_relative_to(tmp_path / "out") and "IMG 1_heic" in developed.path.name
    error = {"code": "INPUT_003", "message": "cut", "hint": "copy", "retryable": False}
    broken = developer(tmp_path, f"echo '{json.dumps({'error': error, 'notices': []})}'")
    with pytest.raises(StageError) as caught:
        broken(photo)
    assert (caught.value.code, caught.value.exit_code) == ("INPUT_003", ExitCode.UNREADABLE_INPUT)


def test_a_crash_and_a_hang_are_told(
    make: MakePhoto, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    photo = make("a.heic")
    with pytest.raises(StageError) as caught:
        developer(tmp_path, "echo boom >&2; kill -SEGV $$")(photo)
    assert caught.value.code == ErrorCode.STAGE_CRASHED
    assert "a.heic" in caught.value.message and "boom" in caught.value.message
    monkeypatch.setattr(developing, "PATIENCE_S", 0.3)
    with pytest.raises(StageError) as caught:
        developer(tmp_path, "exec sleep 60")(photo)
    assert (caught.value.code, caught.value.exit_code) == (ErrorCode.STAGE_DEADLINE, ExitCode.DEADLINE)


def test_the_end_of_the_run_ends_it(make: MakePhoto, tmp_path: Path) -> None:
    photo, slow = make("a.heic"), developer(tmp_path, "exec sleep 60")
    threading.Timer(0.5, slow.cancel).start()
    started = time.monotonic()
    for _ in range(2):  # the second one does not even start
        with pytest.raises(StageError) as caught:
            slow(photo)
        assert caught.value.code == ErrorCode.INTERRUPTED
    assert time.monotonic() - started < 20


@pytest.mark.parametrize(("wanted", "suffix"), [("same", ".png"), ("jpeg", ".jpg"), ("tiff", ".tif")])
def test_they_become_pngs_where_nothing_else_is_wanted(make: MakePhoto, wanted: str, suffix: str) -> None:
    photo = make("a.HEIC")
    assert output_suffix(photo, wanted) == likely_suffix(photo, wanted) == suffix  # type: ignore[arg-type]
