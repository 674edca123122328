"""What kind of file a photo is, by its first bytes, and the errors for those that are no use.

Standard library only.
"""

from __future__ import annotations

import stat
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from contracts.error_codes import ErrorCode, StageError
from contracts.exit_codes import ExitCode

SIGNATURES = (
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
    (b"II+\0", "TIFF"),
    (b"MM\0+", "TIFF"),
    (b"GIF8", "GIF"),
    (b"BM", "BMP"),
)
# fmt: off
RAW_SUFFIXES = frozenset((
    ".3fr", ".arw", ".cr2", ".cr3", ".dng", ".erf", ".iiq", ".kdc", ".mos", ".mrw", ".nef", ".nrw", ".orf",
    ".pef", ".raf", ".rw2", ".rwl", ".sr2", ".srf", ".srw", ".x3f",
))
# fmt: on
"""Most camera raw files are TIFFs whose first page is a thumbnail: they must not be taken for photos."""
HEIC_BRANDS = dict.fromkeys((b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"), "HEIC")
ISO_MEDIA_BRANDS = HEIC_BRANDS | {b"avif": "AVIF", b"avis": "AVIF", b"crx ": "camera raw"}
"""Major brands of the `ftyp` box, ISO/IEC 23008-12; the boxes of videos look the same."""
JPEG_XL_STARTS = (b"\xff\x0a", b"\0\0\0\x0cJXL ")
NOT_READ = {
    ".heic": "HEIC",
    ".heif": "HEIC",
    ".hif": "HEIC",
    ".avif": "AVIF",
    ".jxl": "JPEG XL",
    **dict.fromkeys(RAW_SUFFIXES, "camera raw"),
}
"""Suffix -> format, of photos that people have in their folders and stages do not read."""
DEVELOPED_FORMATS = frozenset(("HEIC", "camera raw"))
"""Those of them that `imaging.camera` makes a PNG of, where its environment is installed."""
DEVELOPED_SUFFIXES = frozenset(suffix for suffix, name in NOT_READ.items() if name in DEVELOPED_FORMATS)
INSTALL = "python3 run_pipeline.py setup --camera"
CONVERTERS = {
    "HEIC": "heif-convert of libheif, on a Mac sips -s format jpeg",
    "AVIF": "avifdec of libavif",
    "JPEG XL": "djxl of libjxl",
    "camera raw": "darktable-cli",
}
"""Format that is not read -> what makes a JPEG, PNG or TIFF of it."""


@dataclass(frozen=True)
class PhotoLimits:
    """Pictures beyond these are refused before anything is decoded. max_file_mb: MB of 10**6 bytes."""

    max_megapixels: float = 250.0
    max_file_mb: float = 2000.0


def refuse(code: str, message: str, hint: str = "") -> StageError:
    """The project's error for an input that cannot be used."""
    return StageError(code, message, hint, ExitCode.UNREADABLE_INPUT)


def damaged(path: Path, file_format: str) -> StageError:
    return refuse(
        ErrorCode.INPUT_TRUNCATED,
        f"{path}: the {file_format} is truncated or damaged",
        "copy it again from its source",
    )


def unsupported(path: Path, what: str, hint: str) -> StageError:
    return refuse(ErrorCode.INPUT_UNSUPPORTED, f"{path} is {what}, which is not handled", hint)


def how_to_convert(formats: Iterable[str]) -> str:
    """What to do with photos of formats that are not read, keys of `CONVERTERS`."""
    names = sorted(set(formats))
    tools = "; ".join(f"{name}: {CONVERTERS[name]}" for name in names)
    convert = f"convert to JPEG, PNG or TIFF first ({tools})"
    readable = " and ".join(name for name in names if name in DEVELOPED_FORMATS)
    return f"runs read {readable} after `{INSTALL}`; or {convert}" if readable else convert


def _not_read(path: Path, kind: str) -> StageError:
    return refuse(ErrorCode.INPUT_UNSUPPORTED, f"{path}: {kind} is not read", how_to_convert([kind]))


def identify(path: Path, limits: PhotoLimits) -> str:
    """The file's format by its first bytes.

    Raises:
        StageError: missing, unreadable, empty, too large, no picture, or a format that is not read.
    """
    return _format_of(path, _head(path, limits))


def developed_format(path: Path, limits: PhotoLimits) -> str | None:
    """The file's format where it is one of `DEVELOPED_FORMATS`, None where it is another.

    Raises:
        StageError: missing, unreadable, empty or too large.
    """
    return _developed_format(path, _head(path, limits))


def _head(path: Path, limits: PhotoLimits) -> bytes:
    """The first bytes of a file that may be a photo."""
    try:
        if path.is_dir():
            raise refuse(ErrorCode.INPUT_MISSING, f"{path} is a folder, not a photo", "name a file")
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):  # opening a pipe would wait for its writer
            raise refuse(ErrorCode.INPUT_MISSING, f"{path} is a pipe or a device, not a photo", "name a file")
        with open(path, "rb") as handle:
            head = handle.read(32)
    except FileNotFoundError as error:
        raise refuse(ErrorCode.INPUT_MISSING, f"{path} does not exist", "check the name") from error
    except OSError as error:
        raise refuse(
            ErrorCode.INPUT_MISSING,
            f"{path} cannot be read: {error.strerror or error}",
            "check its permissions",
        ) from error
    if not head:
        raise refuse(ErrorCode.INPUT_NOT_AN_IMAGE, f"{path} is empty", "copy it again from its source")
    if status.st_size > limits.max_file_mb * 1e6:
        raise refuse(
            ErrorCode.INPUT_TOO_LARGE,
            f"{path}: {status.st_size / 1e6:.0f} MB, the limit is {limits.max_file_mb:g}",
            "save it smaller, or raise the limit: --max-file-mb",
        )
    return head


def _developed_format(path: Path, head: bytes) -> str | None:
    if path.suffix.lower() in RAW_SUFFIXES or head[8:10] == b"CR":
        return "camera raw"
    brand = ISO_MEDIA_BRANDS.get(head[8:12]) if head[4:8] == b"ftyp" else None
    return brand if brand in DEVELOPED_FORMATS else None


def _format_of(path: Path, head: bytes) -> str:
    if developed := _developed_format(path, head):
        raise _not_read(path, developed)
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WEBP"
    if head[4:8] == b"ftyp":
        kind = ISO_MEDIA_BRANDS.get(head[8:12])
        if kind is None:
            raise refuse(
                ErrorCode.INPUT_NOT_AN_IMAGE, f"{path} is a video, not a photo", "save a frame of it"
            )
        raise _not_read(path, kind)
    if head.startswith(JPEG_XL_STARTS):
        raise _not_read(path, "JPEG XL")
    for signature, name in SIGNATURES:
        if head.startswith(signature):
            return name
    looks = "text" if all(9 <= byte < 127 for byte in head) else "unknown data"
    raise refuse(
        ErrorCode.INPUT_NOT_AN_IMAGE,
        f"{path} is not a photo ({looks})",
        "JPEG, PNG, TIFF, WebP, BMP and GIF are read",
    )
