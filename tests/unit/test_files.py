"""References stay inside their roots; files appear whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.error_codes import ErrorCode, StageError
from contracts.files import TEMPORARY_PREFIX, atomic_path, reference, resolve, sha256_file, write_json


def test_reference_and_resolve_are_inverse(tmp_path: Path) -> None:
    ref = reference("work", "crop", "face_crop_0.png")
    assert ref == "work:crop/face_crop_0.png"
    assert resolve({"work": str(tmp_path)}, ref) == tmp_path / "crop" / "face_crop_0.png"


@pytest.mark.parametrize(
    "ref",
    [
        "work:../x",
        "work:a/../../x",
        "work:/etc/passwd",
        "work:",
        "nowhere:x",
        "x",
        ":x",
        "WORK:x",
        "work:a\0b",
    ],
)
def test_what_leaves_its_root_is_refused(tmp_path: Path, ref: str) -> None:
    with pytest.raises(StageError) as caught:
        resolve({"work": str(tmp_path)}, ref)
    assert caught.value.code == ErrorCode.BAD_REQUEST


@given(st.text())
def test_no_text_leads_out_of_a_root(text: str) -> None:
    root = Path("/nonexistent-root/inner")
    try:
        path = resolve({"work": str(root)}, f"work:{text}")
    except (StageError, ValueError):
        return
    assert Path(os.path.normpath(path)).is_relative_to(root)


def test_a_link_out_of_the_root_is_refused(tmp_path: Path) -> None:
    outside, root = tmp_path / "outside", tmp_path / "root"
    outside.mkdir()
    root.mkdir()
    (root / "link").symlink_to(outside)
    with pytest.raises(StageError):
        resolve({"work": str(root)}, "work:link/x.png")
    assert resolve({"in": str(root)}, "in:link/x.png") == root / "link" / "x.png"


def test_a_failed_write_leaves_the_old_file_and_no_leftover(tmp_path: Path) -> None:
    target = tmp_path / "picture.png"
    target.write_bytes(b"old")

    def fail() -> None:
        with atomic_path(target) as temporary:
            temporary.write_bytes(b"half")
            raise RuntimeError("power cut")

    with pytest.raises(RuntimeError, match="power cut"):
        fail()
    assert target.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["picture.png"]


def test_the_temporary_name_keeps_the_suffix_and_can_be_told(tmp_path: Path) -> None:
    with atomic_path(tmp_path / "new" / "a.tiff") as temporary:
        assert temporary.suffix == ".tiff"
        assert temporary.name.startswith(TEMPORARY_PREFIX)
        temporary.write_bytes(b"x")
    assert (tmp_path / "new" / "a.tiff").read_bytes() == b"x"


def test_a_full_disk_is_said_so() -> None:
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full here")
    with (
        pytest.raises(StageError) as caught,
        atomic_path(Path("/dev/shm/ote-full-test")),
        open("/dev/full", "wb", buffering=0) as full,
    ):
        full.write(b"x")
    assert caught.value.code == ErrorCode.DISK_FULL
    assert caught.value.retryable


def test_a_folder_that_cannot_be_made_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StageError) as caught:
        write_json(tmp_path / "file" / "a.json", {})
    assert caught.value.code == ErrorCode.OUTPUT_NOT_WRITABLE


def test_sha256_is_that_of_the_content(tmp_path: Path) -> None:
    (tmp_path / "abc").write_bytes(b"abc")
    assert sha256_file(tmp_path / "abc").startswith("ba7816bf8f01cfea")


@pytest.mark.parametrize("lasting", [False, True])
def test_only_what_has_to_last_waits_for_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lasting: bool
) -> None:
    synced: list[int] = []
    monkeypatch.setattr("contracts.files.os.fsync", synced.append)
    write_json(tmp_path / "a.json", {}, lasting)
    assert bool(synced) == lasting
    assert (tmp_path / "a.json").read_text() == "{}"
