"""What a photo's header says, read before anything is decoded; bad input is refused here.

Needs Pillow. Every refusal is a StageError with exit code UNREADABLE_INPUT and one of the codes
INPUT_MISSING, INPUT_NOT_AN_IMAGE, INPUT_TRUNCATED, INPUT_TOO_LARGE, INPUT_UNSUPPORTED.
"""

from __future__ import annotations

import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from PIL import Image, TiffImagePlugin, UnidentifiedImageError

from contracts.error_codes import ErrorCode, StageError
from contracts.exit_codes import ExitCode

# Our own limit replaces Pillow's, which would warn on standard error at 89 megapixels.
Image.MAX_IMAGE_PIXELS = None

ColourModel = Literal["grey", "rgb", "palette", "cmyk"]

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
ISO_MEDIA_BRANDS = {b"avif": "AVIF", b"avis": "AVIF", b"crx ": "camera raw"}
PILLOW_FORMATS = {"JPEG": ["JPEG", "MPO"], "PNG": ["PNG"], "WEBP": ["WEBP"], "GIF": ["GIF"], "BMP": ["BMP"]}

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

# TIFF 6.0 and DNG tag numbers.
NEW_SUBFILE_TYPE, WIDTH, HEIGHT, BITS_PER_SAMPLE, COMPRESSION, PHOTOMETRIC = 254, 256, 257, 258, 259, 262
ORIENTATION, SAMPLES_PER_PIXEL, EXTRA_SAMPLES, SAMPLE_FORMAT, DNG_VERSION = 274, 277, 338, 339, 50706
TIFF_COLOUR: dict[int, ColourModel] = {0: "grey", 1: "grey", 2: "rgb", 3: "palette", 5: "cmyk", 6: "rgb"}
COLOUR_SAMPLES: dict[ColourModel, int] = {"grey": 1, "palette": 1, "rgb": 3, "cmyk": 4}
PREMULTIPLIED_ALPHA = 1


@dataclass(frozen=True)
class PhotoLimits:
    """Pictures beyond these are refused before anything is decoded. max_file_mb: MB of 10**6 bytes."""

    max_megapixels: float = 250.0
    max_file_mb: float = 2000.0


@dataclass(frozen=True)
class PhotoHeader:
    """file_format: "JPEG", "PNG", "TIFF", "WEBP", "GIF" or "BMP". width, height: as stored, before the EXIF
    orientation (1..8). extra_pictures: further pictures in the file that are left out (depth, gain maps)."""

    file_format: str
    width: int
    height: int
    bit_depth: int
    colour: ColourModel
    orientation: int = 1
    extra_pictures: int = 0

    @property
    def upright_size(self) -> tuple[int, int]:
        """Width and height with the orientation applied."""
        return (self.height, self.width) if self.orientation >= 5 else (self.width, self.height)


def refuse(code: str, message: str, hint: str = "") -> StageError:
    """The project's error for an input that cannot be used."""
    return StageError(code, message, hint, ExitCode.UNREADABLE_INPUT)


def read_header(path: Path, limits: PhotoLimits | None = None) -> PhotoHeader:
    """Size, depth, colour model and orientation; costs about a millisecond.

    Raises:
        StageError: the file is missing, no picture, damaged, beyond the limits, or of an unsupported kind.
    """
    file_format = identify(path, limits or PhotoLimits())
    header = _tiff_header(path) if file_format == "TIFF" else _pillow_header(path, file_format)
    megapixels = header.width * header.height / 1e6
    most = (limits or PhotoLimits()).max_megapixels
    if megapixels > most:
        raise refuse(
            ErrorCode.INPUT_TOO_LARGE,
            f"{path}: {header.width} x {header.height} is {megapixels:.0f} megapixels, the limit is {most:g}",
            "scale it down, or raise max_megapixels",
        )
    return header


def identify(path: Path, limits: PhotoLimits) -> str:
    """The file's format by its first bytes.

    Raises:
        StageError: missing, unreadable, empty, too large, no picture, or a format that is not read.
    """
    try:
        if path.is_dir():
            raise refuse(ErrorCode.INPUT_MISSING, f"{path} is a folder, not a photo", "name a file")
        size = path.stat().st_size
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
    if size > limits.max_file_mb * 1e6:
        raise refuse(
            ErrorCode.INPUT_TOO_LARGE,
            f"{path}: {size / 1e6:.0f} MB, the limit is {limits.max_file_mb:g}",
            "save it smaller, or raise max_file_mb",
        )
    return _format_of(path, head)


def _format_of(path: Path, head: bytes) -> str:
    if path.suffix.lower() in RAW_SUFFIXES or head[8:10] == b"CR":
        raise refuse(
            ErrorCode.INPUT_UNSUPPORTED,
            f"{path}: camera raw files are not read",
            "develop it to a 16-bit TIFF or a JPEG first",
        )
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WEBP"
    if head[4:8] == b"ftyp":
        kind = ISO_MEDIA_BRANDS.get(head[8:12], "HEIC")
        raise refuse(
            ErrorCode.INPUT_UNSUPPORTED, f"{path}: {kind} is not read", "export it as JPEG, PNG or TIFF first"
        )
    for signature, name in SIGNATURES:
        if head.startswith(signature):
            return name
    looks = "text" if all(9 <= byte < 127 for byte in head) else "unknown data"
    raise refuse(
        ErrorCode.INPUT_NOT_AN_IMAGE,
        f"{path} is not a photo ({looks})",
        "JPEG, PNG, TIFF, WebP, BMP and GIF are read",
    )


@contextmanager
def opened_by_pillow(path: Path, file_format: str) -> Iterator[Image.Image]:
    """A lazily opened Pillow image; what Pillow raises on damage becomes INPUT_TRUNCATED."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow warns about odd metadata, which is no news to a person
            with Image.open(path, formats=PILLOW_FORMATS[file_format]) as image:
                yield image
    except UnidentifiedImageError as error:
        raise damaged(path, file_format) from error
    except DECODER_ERRORS as error:
        raise damaged(path, file_format) from error


def damaged(path: Path, file_format: str) -> StageError:
    return refuse(
        ErrorCode.INPUT_TRUNCATED,
        f"{path}: the {file_format} is truncated or damaged",
        "copy it again from its source",
    )


def _pillow_header(path: Path, file_format: str) -> PhotoHeader:
    with opened_by_pillow(path, file_format) as image:
        frames = getattr(image, "n_frames", 1)
        mode, (width, height) = image.mode, image.size
        orientation = _exif(image).get(ORIENTATION, 1)
    if frames > 1 and file_format != "JPEG":
        raise _unsupported(path, f"an animation of {frames} frames", "save the frame you want as one picture")
    if mode == "1":
        raise _unsupported(path, "black and white without shades (1 bit)", "scan it with at least 8 bits")
    colour: ColourModel = "rgb"
    if mode == "CMYK":
        colour = "cmyk"
    elif mode in ("P", "PA"):
        colour = "palette"
    elif mode in ("L", "LA", "I", "I;16"):
        colour = "grey"
    depth = 8
    if file_format == "PNG":
        # Pillow's mode hides the depth (16-bit RGB becomes 8-bit), so the IHDR chunk is asked.
        with open(path, "rb") as handle:
            ihdr = handle.read(26)
        depth = 16 if ihdr[24] == 16 else 8
        colour = "grey" if ihdr[25] in (0, 4) else colour
    return PhotoHeader(file_format, width, height, depth, colour, _valid(orientation), frames - 1)


def _exif(image: Image.Image) -> Image.Exif:
    """EXIF without decoding: `getexif` decodes a whole PNG to look behind its pixels, where the third
    edition of PNG allows no eXIf chunk, and a bomb would go off."""
    if image.format != "PNG":
        return image.getexif()
    exif = Image.Exif()
    if "exif" in image.info:
        exif.load(image.info["exif"])
    return exif


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


def _tiff_header(path: Path) -> PhotoHeader:
    pages = read_tiff_tags(path)
    tags: Any = pages[0]
    if WIDTH not in tags or HEIGHT not in tags:
        raise damaged(path, "TIFF")
    if DNG_VERSION in tags:
        raise _unsupported(path, "a camera raw file", "develop it to a 16-bit TIFF or a JPEG first")
    # Subfile types 1 and 4 are thumbnails and masks of the first page.
    extra = [page for page in pages[1:] if not int(page.get(NEW_SUBFILE_TYPE, 0)) & 5]
    if extra:
        raise _unsupported(path, f"a TIFF of {len(extra) + 1} pages", "save the page you want as one picture")
    colour = TIFF_COLOUR.get(tags.get(PHOTOMETRIC, 1))
    bits = set(tags.get(BITS_PER_SAMPLE, (1,)))
    sample_formats = set(tags.get(SAMPLE_FORMAT, (1,)))
    if colour is None:
        raise _unsupported(path, "a TIFF in Lab or another special colour space", "convert it to RGB")
    if sample_formats != {1} or not (bits <= {8} or bits <= {16} or (colour == "palette" and bits <= {4})):
        kind = "floating point" if 3 in sample_formats else "/".join(str(b) for b in sorted(bits)) + "-bit"
        raise _unsupported(path, f"a {kind} TIFF", "save it with 8 or 16 bits per channel")
    extra_samples = tags.get(EXTRA_SAMPLES, ())
    if tags.get(SAMPLES_PER_PIXEL, 1) - COLOUR_SAMPLES[colour] > 1:
        raise _unsupported(
            path, "a TIFF with spot or several alpha channels", "keep at most one alpha channel"
        )
    if PREMULTIPLIED_ALPHA in extra_samples:
        raise _unsupported(path, "a TIFF with premultiplied transparency", "flatten it, or save it as PNG")
    return PhotoHeader(
        "TIFF",
        int(tags[WIDTH]),
        int(tags[HEIGHT]),
        16 if 16 in bits else 8,
        colour,
        _valid(tags.get(ORIENTATION, 1)),
        len(pages) - 1,
    )


def _valid(orientation: Any) -> int:
    return orientation if isinstance(orientation, int) and 1 <= orientation <= 8 else 1


def _unsupported(path: Path, what: str, hint: str) -> StageError:
    return refuse(ErrorCode.INPUT_UNSUPPORTED, f"{path} is {what}, which is not handled", hint)
