"""When a photo was taken."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest
from PIL import Image

from imaging.capture_time import capture_time

NOON = datetime(2024, 5, 4, 12, 0, 0, tzinfo=timezone.utc).timestamp()


def photo(folder, tags):
    exif = Image.Exif()
    exif.get_ifd(34665).update(tags)
    path = folder / "photo.jpg"
    Image.new("RGB", (8, 8)).save(path, exif=exif)
    return path


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({36867: "2024:05:04 12:00:00"}, NOON),
        ({36867: "2024:05:04 12:00:00", 37521: "25"}, NOON + 0.25),
        ({36867: "2024:05:04 14:00:00", 36881: "+02:00"}, NOON),
        ({36867: "2024:05:04 12:00:00", 37521: "??", 36881: "elsewhere"}, NOON),
        ({36867: "0000:00:00 00:00:00"}, None),
        ({36867: "yesterday"}, None),
        ({}, None),
    ],
)
def test_the_shutter_time(tmp_path, tags, expected):
    assert capture_time(photo(tmp_path, tags)) == expected


def test_what_is_no_photo_has_no_time(tmp_path):
    (tmp_path / "text.jpg").write_text("not a photo")
    assert capture_time(tmp_path / "text.jpg") is None
    assert capture_time(tmp_path / "absent.jpg") is None
