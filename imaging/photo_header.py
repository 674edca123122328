"""What a photo's header says, read before anything is decoded; bad input is refused here.

Needs Pillow. Every refusal is a StageError with exit code UNREADABLE_INPUT and one of the codes
INPUT_MISSING, INPUT_NOT_AN_IMAGE, INPUT_TRUNCATED, INPUT_TOO_LARGE, INPUT_UNSUPPORTED.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from contracts.error_codes import ErrorCode, StageError
from imaging import png_reader
from imaging.exif import exif_orientation
from imaging.photo_identity import PhotoLimits, damaged, how_to_convert, identify, refuse, unsupported
from imaging.pillow_reader import opened_by_pillow, read_tiff_tags

ColourModel = Literal["grey", "rgb", "palette", "cmyk"]

# TIFF 6.0 and DNG tag numbers.
NEW_SUBFILE_TYPE, WIDTH, HEIGHT, BITS_PER_SAMPLE, COMPRESSION, PHOTOMETRIC = 254, 256, 257, 258, 259, 262
ORIENTATION, SAMPLES_PER_PIXEL, EXTRA_SAMPLES, SAMPLE_FORMAT, DNG_VERSION = 274, 277, 338, 339, 50706
PNG_COLOUR: dict[int, ColourModel] = {0: "grey", 2: "rgb", 3: "palette", 4: "grey", 6: "rgb"}
"""Colour types of the IHDR chunk."""
PILLOW_COLOUR: dict[str, ColourModel] = {
    "CMYK": "cmyk",
    "P": "palette",
    "PA": "palette",
    "L": "grey",
    "LA": "grey",
}
TIFF_COLOUR: dict[int, ColourModel] = {0: "grey", 1: "grey", 2: "rgb", 3: "palette", 5: "cmyk", 6: "rgb"}
COLOUR_SAMPLES: dict[ColourModel, int] = {"grey": 1, "palette": 1, "rgb": 3, "cmyk": 4}
PREMULTIPLIED_ALPHA = 1


@dataclass(frozen=True)
class PhotoHeader:
    """What kind of picture a file holds.

    Attributes:
        file_format: "JPEG", "PNG", "TIFF", "WEBP", "GIF" or "BMP"; of what `imaging.camera` reads one of
            `DEVELOPED_FORMATS`.
        width, height: as stored, before the EXIF orientation.
        bit_depth: 8 or 16.
        orientation: of EXIF, 1..8.
        extra_pictures: further pictures in the file that are left out (depth and gain maps).
    """

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


def read_header(path: Path, limits: PhotoLimits | None = None) -> PhotoHeader:
    """Size, depth, colour model and orientation; costs about a millisecond.

    Raises:
        StageError: the file is missing, no picture, damaged, beyond the limits, or of an unsupported kind.
    """
    file_format = identify(path, limits or PhotoLimits())
    readers = {"TIFF": _tiff_header, "PNG": _png_header}
    header = readers[file_format](path) if file_format in readers else _pillow_header(path, file_format)
    check_size(path, header.width, header.height, limits or PhotoLimits())
    return header


def check_size(path: Path, width: int, height: int, limits: PhotoLimits) -> None:
    """Refuse a picture of too many pixels.

    Raises:
        StageError: INPUT_TOO_LARGE.
    """
    megapixels, most = width * height / 1e6, limits.max_megapixels
    if megapixels > most:
        raise refuse(
            ErrorCode.INPUT_TOO_LARGE,
            f"{path}: {width} x {height} is {megapixels:.0f} megapixels, the limit is {most:g}",
            "scale it down, or raise the limit: --max-megapixels",
        )


def _png_header(path: Path) -> PhotoHeader:
    try:
        chunks = png_reader.read_chunks(path)
    except png_reader.DamagedPngError as error:
        raise damaged(path, "PNG") from error
    width, height, depth, colour_type = png_reader.header(chunks)
    kinds = dict(chunks)
    if b"acTL" in kinds:
        frames = int.from_bytes(kinds[b"acTL"][:4], "big")
        if frames > 1:
            raise _animation(path, frames)
    colour = PNG_COLOUR.get(colour_type)
    if colour is None:
        raise damaged(path, "PNG")
    if depth == 1 and colour == "grey":
        raise _one_bit(path)
    orientation = exif_orientation(kinds.get(b"eXIf", b""))
    return PhotoHeader("PNG", width, height, 16 if depth == 16 else 8, colour, orientation)


def _pillow_header(path: Path, file_format: str) -> PhotoHeader:
    with opened_by_pillow(path, file_format) as image:
        frames = getattr(image, "n_frames", 1)
        mode, (width, height) = image.mode, image.size
        orientation = image.getexif().get(ORIENTATION, 1)
    if frames > 1 and file_format != "JPEG":
        raise _animation(path, frames)
    if mode == "1":
        raise _one_bit(path)
    return PhotoHeader(
        file_format, width, height, 8, PILLOW_COLOUR.get(mode, "rgb"), _valid(orientation), frames - 1
    )


def _tiff_header(path: Path) -> PhotoHeader:
    pages = read_tiff_tags(path)
    tags: Any = pages[0]
    if WIDTH not in tags or HEIGHT not in tags:
        raise damaged(path, "TIFF")
    if DNG_VERSION in tags:
        raise unsupported(path, "a camera raw file", f"name it .dng; {how_to_convert(['camera raw'])}")
    # Subfile types 1 and 4 are thumbnails and masks of the first page.
    extra = [page for page in pages[1:] if not int(page.get(NEW_SUBFILE_TYPE, 0)) & 5]
    if extra:
        raise unsupported(path, f"a TIFF of {len(extra) + 1} pages", "save the page you want as one picture")
    colour = TIFF_COLOUR.get(tags.get(PHOTOMETRIC, 1))
    bits = set(tags.get(BITS_PER_SAMPLE, (1,)))
    sample_formats = set(tags.get(SAMPLE_FORMAT, (1,)))
    if colour is None:
        raise unsupported(path, "a TIFF in Lab or another special colour space", "convert it to RGB")
    if sample_formats != {1} or not (bits <= {8} or bits <= {16} or (colour == "palette" and bits <= {4})):
        kind = "floating point" if 3 in sample_formats else "/".join(str(b) for b in sorted(bits)) + "-bit"
        raise unsupported(path, f"a {kind} TIFF", "save it with 8 or 16 bits per channel")
    extra_samples = tags.get(EXTRA_SAMPLES, ())
    if tags.get(SAMPLES_PER_PIXEL, 1) - COLOUR_SAMPLES[colour] > 1:
        raise unsupported(
            path, "a TIFF with spot or several alpha channels", "keep at most one alpha channel"
        )
    if PREMULTIPLIED_ALPHA in extra_samples:
        raise unsupported(path, "a TIFF with premultiplied transparency", "flatten it, or save it as PNG")
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


def _animation(path: Path, frames: int) -> StageError:
    return unsupported(path, f"an animation of {frames} frames", "save the frame you want as one picture")


def _one_bit(path: Path) -> StageError:
    return unsupported(path, "black and white without shades (1 bit)", "scan it with at least 8 bits")
