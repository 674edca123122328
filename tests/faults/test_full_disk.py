"""A disk that is full or read-only: said once, nothing half-written, and resumed when there is room."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from contracts.files import TEMPORARY_PREFIX
from environments.places import CHECKOUT
from tests.running import Answer, run

SAMPLES = ("portrait_both_closed.jpg", "portrait_one_closed.jpg", "glasses_one_closed.jpg")
ROOM = "80m"
"""Enough for all."""

pytestmark = pytest.mark.heavy

Mount = Callable[[str], None]


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[tuple[Path, Mount]]:
    """A file system in memory, and a way to give it other options, e.g. "size=2m"."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if not shutil.which("mount") or not _mount(folder, f"size={ROOM}"):
        pytest.skip("a file system of a few megabytes may not be mounted here")

    def remount(options: str) -> None:
        assert _mount(folder, f"remount,{options}")

    yield folder, remount
    subprocess.run(["umount", str(folder)], check=True)


def _mount(folder: Path, options: str) -> bool:
    command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def open_eyes(output: Path, *more: str) -> Answer:
    photos = [str(CHECKOUT / "Input_Images" / name) for name in SAMPLES]
    return run("--output", str(output), "--run-id", "r", *more, "--input", *photos, cwd=output.parent.parent)


def files(folder: Path) -> list[str]:
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


@pytest.mark.parametrize("size", ["48k", "400k", "2500k"], ids=["look", "paint", "write"])
def test_a_full_disk_is_said_once_and_a_run_goes_on_when_there_is_room(
    disk: tuple[Path, Mount], size: str
) -> None:
    folder, remount = disk
    remount(f"size={size}")
    output = folder / "out"
    answer = open_eyes(output)
    assert answer.exit_code == 7, answer.text
    assert len(answer.lines_with("OUTPUT_002")) == 1
    assert "Traceback" not in answer.text
    assert not [name for name in files(output) if Path(name).name.startswith(TEMPORARY_PREFIX)]
    remount(f"size={ROOM}")
    again = open_eyes(output, "--resume")
    assert again.exit_code == 0, again.text
    pictures = [name for name in files(output) if name.endswith(".png")]
    assert len(pictures) == len(SAMPLES)
    assert not [path for path in output.rglob("*") if path.name.startswith(TEMPORARY_PREFIX)]


def test_a_read_only_disk_is_said_before_the_first_photo(disk: tuple[Path, Mount]) -> None:
    folder, remount = disk
    remount("ro")
    answer = open_eyes(folder / "out")
    assert answer.exit_code == 7
    assert len(answer.lines_with("OUTPUT_001")) == 1
    assert "choose another folder with --output" in answer.text
    remount("rw")
    assert open_eyes(folder / "out", "--resume").exit_code == 0
