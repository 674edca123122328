"""When a photo was taken, as its EXIF says; needs Pillow."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path

from PIL import Image

from imaging.pillow_reader import DECODER_ERRORS

_EXIF_IFD = 34665
_TAKEN, _SUBSECONDS, _OFFSET = 36867, 37521, 36881
"""DateTimeOriginal, SubSecTimeOriginal, OffsetTimeOriginal (Exif 2.32, 4.6.6)."""


def capture_time(path: Path) -> float | None:
    """Seconds since 1970 at which the shutter was released, None where the file does not tell.

    A time without an offset is taken for UTC: differences within one camera are right, which is what it
    is for. Only the header is read.
    """
    try:
        with Image.open(path) as image:
            tags = image.getexif().get_ifd(_EXIF_IFD)
    except DECODER_ERRORS:
        return None
    return _seconds(str(tags.get(_TAKEN, "")), str(tags.get(_SUBSECONDS, "")), str(tags.get(_OFFSET, "")))


def _seconds(taken: str, subseconds: str, offset: str) -> float | None:
    try:
        moment = datetime.strptime(taken.strip(" \0"), "%Y:%m:%d %H:%M:%S")
    except ValueError:
        return None
    fraction = subseconds.strip(" \0")
    seconds = float(f"0.{fraction}") if fraction.isascii() and fraction.isdecimal() else 0.0
    return moment.replace(tzinfo=_zone(offset.strip(" \0"))).timestamp() + seconds


def _zone(offset: str) -> timezone:
    try:
        return timezone(datetime.strptime(offset, "%z").utcoffset() or timedelta())
    except ValueError:
        return timezone.utc
