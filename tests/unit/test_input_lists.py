"""Photos listed on standard input, and photos left out."""

from __future__ import annotations

import io
import os
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.error_codes import StageError
from contracts.exit_codes import ExitCode
from orch.app.src.inputs.filters import InputFilter, moment
from orch.app.src.inputs.lists import skip_patterns, with_listed
from orch.app.src.inputs.photos import FoundPhotos, find_photos

NAMES = st.lists(st.text(st.characters(exclude_characters="\0", codec="utf-8"), min_size=1).filter(str.strip))


def found(folder: Path, *names: str, recursive: bool = True) -> FoundPhotos:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return find_photos([str(folder)], folder, folder / "out", recursive=recursive)


def names(photos: FoundPhotos) -> list[str]:
    return [photo.name for photo in photos.photos]


def test_a_list_takes_the_place_of_the_dash() -> None:
    stream = io.BytesIO("a b.jpg\r\n\nü.jpg\n".encode())
    assert with_listed(["1.jpg", "-", "2.jpg"], stream, False) == ("1.jpg", "a b.jpg", "ü.jpg", "2.jpg")


@given(NAMES)
def test_any_name_comes_through_where_zero_bytes_part_them(listed: list[str]) -> None:
    stream = io.BytesIO(b"".join(name.encode() + b"\0" for name in listed))
    if listed:
        assert with_listed(["-"], stream, True) == tuple(listed)
    else:
        with pytest.raises(StageError, match="lists no photos"):
            with_listed(["-"], stream, True)


def test_without_a_dash_standard_input_is_left_alone() -> None:
    stream = io.BytesIO(b"a.jpg\n")
    assert with_listed(["b.jpg"], stream, False) == ("b.jpg",)
    assert stream.read() == b"a.jpg\n"


def test_patterns_come_from_options_and_files(tmp_path: Path) -> None:
    (tmp_path / "done.txt").write_text("IMG_1.jpg\n\nday 2/*\n")
    assert skip_patterns(["*.png", "@done.txt"], tmp_path) == ("*.png", "IMG_1.jpg", "day 2/*")
    with pytest.raises(StageError, match="cannot be read") as caught:
        skip_patterns(["@nowhere.txt"], tmp_path)
    assert caught.value.exit_code == ExitCode.USAGE


def test_photos_are_left_out_by_name_mirrored_path_and_whole_path(tmp_path: Path) -> None:
    photos = found(tmp_path, "a.jpg", "b.png", "day 2/c.jpg", "day 3/d.jpg")
    kept = InputFilter(["*.png", "day 2/*", str(tmp_path / "a.jpg")])(photos)
    assert names(kept) == ["day 3/d.jpg"]
    assert [notice.message for notice in kept.notices] == ["3 photos left out by --skip"]


def test_old_files_are_left_out(tmp_path: Path) -> None:
    photos = found(tmp_path, "old.jpg", "new.jpg")
    os.utime(tmp_path / "old.jpg", (1000, 1000))
    kept = InputFilter(since=moment("1h", datetime.now()))(photos)
    assert names(kept) == ["new.jpg"]
    assert [notice.message for notice in kept.notices] == ["1 photo left out by --since"]


def test_subfolders_are_an_option(tmp_path: Path) -> None:
    assert names(found(tmp_path, "a.jpg", "below/b.jpg", recursive=False)) == ["a.jpg"]


@pytest.mark.parametrize(
    ("text", "seconds"), [("90m", 5400), ("12h", 43_200), ("3d", 259_200), ("2w", 1_209_600), ("5s", 5)]
)
def test_ages(text: str, seconds: int) -> None:
    now = datetime(2026, 11, 1, 12)
    assert now.timestamp() - moment(text, now) == seconds


def test_dates() -> None:
    now = datetime(2026, 11, 1, 12)
    assert moment("2026-10-31", now) == datetime(2026, 10, 31).timestamp()
    assert moment("2026-10-31T18:30", now) == datetime(2026, 10, 31, 18, 30).timestamp()
    for wrong in ("yesterday", "3x", "", "-3d"):
        with pytest.raises(ValueError):
            moment(wrong, now)


def test_ten_thousand_photos_are_listed_in_natural_order(tmp_path: Path) -> None:
    for number in range(10_000):
        (tmp_path / f"IMG_{number}.jpg").touch()
    photos = find_photos([str(tmp_path)], tmp_path, tmp_path / "out").photos
    assert [photo.path.name for photo in photos] == [f"IMG_{number}.jpg" for number in range(10_000)]
    assert len({photo.photo_id for photo in photos}) == 10_000
