"""Which format a finished picture gets, and the ending of its name.

Standard library only, but for pictures that keep the original's format: these need Pillow.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from imaging.photo_identity import PhotoLimits, developed_format

if TYPE_CHECKING:  # every run begins with this module
    from contracts.finish import OutputFormat

SUFFIXES = {
    "PNG": (".png",),
    "JPEG": (".jpg", ".jpeg", ".jpe", ".jfif"),
    "WEBP": (".webp",),
    "TIFF": (".tif", ".tiff"),
}
"""Endings by format, the usual one first."""
NO_LIMITS = PhotoLimits(float("inf"), float("inf"))


def target_format(original: str, output_format: OutputFormat) -> str:
    """The format that is written. original: that of the photo, as in `PhotoHeader.file_format`."""
    if output_format != "same":
        return output_format.upper()
    return original if original in SUFFIXES else "PNG"


def output_suffix(original: Path, output_format: OutputFormat) -> str:
    """The ending of an output's name: the original's own, as it is written, where that tells the format.

    Raises:
        StageError: the format is to be the original's, which cannot be read.
    """
    target = target_format(_format_of(original) if output_format == "same" else "", output_format)
    return original.suffix if original.suffix.lower() in SUFFIXES[target] else SUFFIXES[target][0]


def _format_of(photo: Path) -> str:
    developed = developed_format(photo, NO_LIMITS)
    if developed:
        return developed
    from imaging.photo_header import read_header

    return read_header(photo, NO_LIMITS).file_format
