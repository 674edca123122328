"""Pillow as a reader of headers and metadata: lazily, quietly, and with our errors."""

from __future__ import annotations

import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image, TiffImagePlugin

from imaging.photo_identity import damaged

# Our own limit replaces Pillow's, which would warn on standard error at 89 megapixels.
Image.MAX_IMAGE_PIXELS = None

PILLOW_FORMATS = {"JPEG": ["JPEG", "MPO"], "WEBP": ["WEBP"], "GIF": ["GIF"], "BMP": ["BMP"]}
DECODER_ERRORS = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    KeyError,
    IndexError,
    TypeError,
    struct.error,
    zlib.error,
)
"""What Pillow raises on damaged files, by format."""


@contextmanager
def opened_by_pillow(path: Path, file_format: str) -> Iterator[Image.Image]:
    """A lazily opened Pillow image; what Pillow raises on damage becomes INPUT_TRUNCATED."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow warns about odd metadata, which is no news to a person
            with Image.open(path, formats=PILLOW_FORMATS[file_format]) as image:
                yield image
    except DECODER_ERRORS as error:
        raise damaged(path, file_format) from error


def read_tiff_tags(path: Path) -> list[TiffImagePlugin.ImageFileDirectory_v2]:
    """Tags of all pages; read without Pillow's pixel modes, which know only some of the depths."""
    pages = []
    seen: set[int] = set()
    try:
        with warnings.catch_warnings(), open(path, "rb") as handle:
            warnings.simplefilter("ignore")
            start = handle.read(8)
            if 43 in start[2:4]:  # BigTIFF
                start += handle.read(8)
            offset = -1
            while offset and offset not in seen and len(seen) < 1000:
                seen.add(offset)
                directory = TiffImagePlugin.ImageFileDirectory_v2(start)
                handle.seek(directory.next if offset < 0 else offset)
                directory.load(handle)
                pages.append(directory)
                offset = directory.next
    except DECODER_ERRORS as error:
        raise damaged(path, "TIFF") from error
    return pages
