"""What is wrong with the input gets one clear line, its code and exit status, and costs nothing.

Every case is a real command: the orchestrator as a user calls it, with its stages.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from contracts.error_codes import ErrorCode
from contracts.exit_codes import ExitCode
from environments.places import CHECKOUT
from environments.reexec import child_environment
from orch.app.src.outputs.workspace import run_lock
from tests.running import run

CLOSED = CHECKOUT / "Input_Images" / "portrait_both_closed.jpg"
OPEN = CHECKOUT / "Input_Images" / "portrait_open.jpg"

Prepare = Callable[[Path], list[str]]
"""Puts what a case needs into an empty folder and returns the command's arguments, without --output."""


def _file(name: str, content: bytes) -> Prepare:
    def prepare(folder: Path) -> list[str]:
        (folder / name).write_bytes(content)
        return ["--input", name]

    return prepare


def _truncated(folder: Path) -> list[str]:
    content = CLOSED.read_bytes()
    (folder / "cut.jpg").write_bytes(content[: len(content) // 2])
    return ["--input", "cut.jpg"]


def _with(*options: str) -> Prepare:
    def prepare(folder: Path) -> list[str]:
        shutil.copy(CLOSED, folder / "photo.jpg")
        return ["--input", "photo.jpg", *options]

    return prepare


def _configured(text: str) -> Prepare:
    def prepare(folder: Path) -> list[str]:
        (folder / "config.json").write_text(text)
        return [*_with()(folder), "--config", "config.json"]

    return prepare


def _empty_folder(folder: Path) -> list[str]:
    (folder / "photos").mkdir()
    (folder / "photos" / "notes.txt").write_text("no photo")
    return ["--input", "photos"]


def _dangling_link(folder: Path) -> list[str]:
    (folder / "photo.jpg").symlink_to(folder / "gone.jpg")
    return ["--input", "photo.jpg"]


def _bomb() -> bytes:
    """A PNG of 60000 x 60000 pixels (10.8 GB decoded) in a few kilobytes."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        checksum = zlib.crc32(kind + data) & 0xFFFFFFFF
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", checksum)

    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    pixels = zlib.compress(bytes(1 << 20), 9)
    signature = b"\x89PNG\r\n\x1a\n"
    return signature + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


CASES: dict[str, tuple[Prepare, str, ExitCode, str]] = {
    "missing file": (
        lambda folder: ["--input", "nowhere.jpg"],
        ErrorCode.INPUT_MISSING,
        ExitCode.UNREADABLE_INPUT,
        "nowhere.jpg",
    ),
    "pattern without a match": (
        lambda folder: ["--input", "*.jpg"],
        ErrorCode.INPUT_MISSING,
        ExitCode.UNREADABLE_INPUT,
        "*.jpg",
    ),
    "folder without photos": (
        _empty_folder,
        ErrorCode.INPUT_MISSING,
        ExitCode.UNREADABLE_INPUT,
        "photos",
    ),
    "link to nothing": (
        _dangling_link,
        ErrorCode.INPUT_MISSING,
        ExitCode.UNREADABLE_INPUT,
        "photo.jpg",
    ),
    "empty file": (
        _file("empty.jpg", b""),
        ErrorCode.INPUT_NOT_AN_IMAGE,
        ExitCode.UNREADABLE_INPUT,
        "empty.jpg",
    ),
    "text named .jpg": (
        _file("letter.jpg", b"Dear all,\n" * 50),
        ErrorCode.INPUT_NOT_AN_IMAGE,
        ExitCode.UNREADABLE_INPUT,
        "letter.jpg",
    ),
    "truncated JPEG": (_truncated, ErrorCode.INPUT_TRUNCATED, ExitCode.UNREADABLE_INPUT, "cut.jpg"),
    "decompression bomb": (
        _file("bomb.png", _bomb()),
        ErrorCode.INPUT_TOO_LARGE,
        ExitCode.UNREADABLE_INPUT,
        "3600",
    ),
    "too many megapixels": (
        _with("--max-megapixels", "0.1"),
        ErrorCode.INPUT_TOO_LARGE,
        ExitCode.UNREADABLE_INPUT,
        "photo.jpg",
    ),
    "too many megabytes": (
        _with("--max-file-mb", "0.01"),
        ErrorCode.INPUT_TOO_LARGE,
        ExitCode.UNREADABLE_INPUT,
        "photo.jpg",
    ),
    "unknown config key": (
        _configured('{"processing": {"treshold": 240}}'),
        ErrorCode.BAD_CONFIG,
        ExitCode.USAGE,
        "did you mean 'threshold'",
    ),
    "wrong type in config": (
        _configured('{"generation": {"seed": "42"}}'),
        ErrorCode.BAD_CONFIG,
        ExitCode.USAGE,
        "generation.seed",
    ),
    "config value out of range": (
        _configured('{"restoration": {"fidelity": 1.5}}'),
        ErrorCode.BAD_CONFIG,
        ExitCode.USAGE,
        "restoration.fidelity",
    ),
    "config that is no JSON": (
        _configured('{"processing": '),
        ErrorCode.BAD_CONFIG,
        ExitCode.USAGE,
        "line 1",
    ),
    "missing config": (
        _with("--config", "gone.json"),
        ErrorCode.BAD_CONFIG,
        ExitCode.USAGE,
        "gone.json",
    ),
    "option out of range": (
        _with("--threshold", "-1"),
        ErrorCode.BAD_CONFIG,
        ExitCode.USAGE,
        "--threshold",
    ),
    "missing weights": (
        _with("--backend", "sdxl"),
        ErrorCode.WEIGHTS_MISSING,
        ExitCode.ENVIRONMENT,
        "sdxl_base",
    ),
    "restoration without weights": (
        _with("--restore", "on"),
        ErrorCode.WEIGHTS_MISSING,
        ExitCode.ENVIRONMENT,
        "codeformer",
    ),
    "donor without a photo": (
        _with("--backend", "donor"),
        ErrorCode.BAD_ARGUMENTS,
        ExitCode.USAGE,
        "--donor",
    ),
    "missing donor": (
        _with("--donor", "gone.jpg"),
        ErrorCode.INPUT_MISSING,
        ExitCode.UNREADABLE_INPUT,
        "gone.jpg",
    ),
    "run id that is a path": (_with("--run-id", "../evil"), ErrorCode.BAD_RUN_ID, ExitCode.USAGE, "../evil"),
    "run id with a slash": (_with("--run-id", "a/b"), ErrorCode.BAD_RUN_ID, ExitCode.USAGE, "a/b"),
    "empty run id": (_with("--run-id", ""), ErrorCode.BAD_RUN_ID, ExitCode.USAGE, "run id"),
}


@pytest.mark.parametrize("case", CASES)
def test_one_clear_line_and_nothing_lost(case: str, tmp_path: Path) -> None:
    prepare, code, exit_code, says = CASES[case]
    inputs, output = tmp_path / "in", tmp_path / "out"
    inputs.mkdir()
    arguments = prepare(inputs)
    before = _contents(inputs)
    answer = run(*arguments, "--output", str(output), cwd=inputs)
    assert answer.exit_code == exit_code, answer.text
    lines = answer.lines_with(code)
    assert len(lines) == 1, answer.text
    assert says in lines[0]
    assert "Traceback" not in answer.text
    assert _contents(inputs) == before
    assert _other_than_reports(output) == []


@pytest.mark.parametrize("arguments", [["--num-variations", "-1"], ["--faces", "x"], ["--inptu", "a.jpg"]])
def test_wrong_usage_gets_one_line(arguments: list[str], tmp_path: Path) -> None:
    answer = run(*arguments, cwd=tmp_path)
    assert answer.exit_code == ExitCode.USAGE
    assert answer.text.startswith("error: ")
    assert answer.text.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_no_closed_eyes_is_success_without_a_picture(tmp_path: Path) -> None:
    answer = run("--input", str(OPEN), "--output", "out", cwd=tmp_path)
    assert answer.exit_code == ExitCode.OK, answer.text
    assert "no closed eyes" in answer.text
    assert _other_than_reports(tmp_path / "out") == []


def test_no_face_is_success_without_a_picture(tmp_path: Path) -> None:
    from PIL import Image

    Image.linear_gradient("L").resize((640, 480)).convert("RGB").save(tmp_path / "wall.jpg")
    answer = run("--input", "wall.jpg", "--output", "out", cwd=tmp_path)
    assert answer.exit_code == ExitCode.OK, answer.text
    assert "no face" in answer.text
    assert _other_than_reports(tmp_path / "out") == []


def test_one_bad_photo_does_not_stop_the_others(tmp_path: Path) -> None:
    (tmp_path / "letter.jpg").write_bytes(b"Dear all,")
    shutil.copy(CLOSED, tmp_path / "photo.jpg")
    answer = run("--input", "letter.jpg", "gone.jpg", "photo.jpg", "--output", "out", cwd=tmp_path)
    assert answer.exit_code == ExitCode.SOME_FAILED, answer.text
    assert len(answer.lines_with(ErrorCode.INPUT_NOT_AN_IMAGE)) == 1
    assert len(answer.lines_with(ErrorCode.INPUT_MISSING)) == 1
    pictures = _other_than_reports(tmp_path / "out")
    assert len(pictures) == 1
    assert "photo_jpg" in pictures[0]
    (report,) = (tmp_path / "out" / "Output_Json").glob("report_*.json")
    document = json.loads(report.read_text())
    assert document["exit_code"] == ExitCode.SOME_FAILED
    assert sorted(photo["status"] for photo in document["photos"]) == ["edited", "failed"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads every file")
def test_a_file_without_permission(tmp_path: Path) -> None:
    photo = tmp_path / "photo.jpg"
    shutil.copy(CLOSED, photo)
    photo.chmod(0)
    answer = run("--input", "photo.jpg", "--output", "out", cwd=tmp_path)
    assert answer.exit_code == ExitCode.UNREADABLE_INPUT
    assert len(answer.lines_with(ErrorCode.INPUT_MISSING)) == 1, answer.text


def test_two_runs_of_one_id(tmp_path: Path) -> None:
    with run_lock(tmp_path / "out" / "Output_Json", "wedding"):
        answer = run(*_with("--run-id", "wedding", "--output", "out")(tmp_path), cwd=tmp_path)
    assert answer.exit_code == ExitCode.USAGE, answer.text
    (line,) = answer.lines_with(ErrorCode.RUN_IN_PROGRESS)
    assert "wedding" in line
    assert _other_than_reports(tmp_path / "out") == []


def test_two_runs_at_once_both_finish(tmp_path: Path) -> None:
    """Runs that nobody named get ids of their own, also in the same second."""
    command = [sys.executable, "-m", "orch.app.src.open_the_eyes", "--input", str(CLOSED), "--output", "out"]
    both = [
        subprocess.Popen(
            command, cwd=tmp_path, env=child_environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        for _ in range(2)
    ]
    answers = [process.communicate(timeout=300)[0].decode() for process in both]
    assert [process.returncode for process in both] == [0, 0], answers
    assert len(_other_than_reports(tmp_path / "out")) == 2


def test_an_output_below_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    answer = run(*_with("--output", "file/out")(tmp_path), cwd=tmp_path)
    assert answer.exit_code == ExitCode.RESOURCE, answer.text
    assert len(answer.lines_with(ErrorCode.OUTPUT_NOT_WRITABLE)) == 1
    assert (tmp_path / "file").read_text() == "mine"


@pytest.fixture
def mounted(tmp_path: Path) -> Iterator[Callable[[str], Path]]:
    """Makes a small file system of its own with the given mount options; skips where that is not allowed."""
    points: list[Path] = []

    def mount(options: str) -> Path:
        point = tmp_path / "mounted"
        point.mkdir()
        command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(point)]
        if not shutil.which("mount") or subprocess.run(command, capture_output=True, check=False).returncode:
            pytest.skip("no file system can be mounted here")
        points.append(point)
        return point

    yield mount
    for point in points:
        subprocess.run(["umount", str(point)], check=True)


def test_a_full_disk(mounted: Callable[[str], Path], tmp_path: Path) -> None:
    disk = mounted("size=300k")
    answer = run(*_with("--output", str(disk / "out"))(tmp_path), cwd=tmp_path)
    assert answer.exit_code == ExitCode.RESOURCE, answer.text
    assert answer.lines_with(ErrorCode.DISK_FULL), answer.text
    assert "Traceback" not in answer.text
    assert _other_than_reports(disk / "out") == []


def test_a_read_only_output(mounted: Callable[[str], Path], tmp_path: Path) -> None:
    disk = mounted("size=300k,ro")
    answer = run(*_with("--output", str(disk / "out"))(tmp_path), cwd=tmp_path)
    assert answer.exit_code == ExitCode.RESOURCE, answer.text
    assert len(answer.lines_with(ErrorCode.OUTPUT_NOT_WRITABLE)) == 1, answer.text


def _contents(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def _other_than_reports(folder: Path) -> list[str]:
    """Files that a run left besides its documents: pictures, temporary files, intermediates."""
    found = [p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()]
    documents = re.compile(r"Output_Json/(?:report_.*\.(?:json|html)|journal_.*\.jsonl|\.cache/.*)")
    return sorted(name for name in found if not documents.fullmatch(name))
