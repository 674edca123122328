"""Everything in a photo's file besides its pixels that its edited copy keeps.

Needs Pillow.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from PIL import Image, JpegImagePlugin

from imaging import png_reader
from imaging.photo_header import COMPRESSION, PhotoHeader
from imaging.pillow_reader import DECODER_ERRORS, opened_by_pillow, read_tiff_tags

IPTC_RESOURCE = 0x0404
"""Photoshop image resource that holds the IPTC-IIM records."""
XMP_TAG, IPTC_TAG, ICC_TAG, EXIF_IFD_TAG, GPS_IFD_TAG = 700, 33723, 34675, 34665, 34853
X_RESOLUTION, Y_RESOLUTION, RESOLUTION_UNIT = 282, 283, 296
CENTIMETRES = 3
CM_PER_INCH = 2.54
NOT_KEPT = ("OpenTheEyes_", "Raw profile type ")
"""PNG texts that a new run replaces, or that hold other metadata in disguise."""
TIFF_UNCOMPRESSED = 1
PNG_COLOUR_CHUNKS = frozenset((b"cHRM", b"cICP", b"gAMA", b"sRGB"))

# fmt: off
TIFF_STORAGE_TAGS = frozenset((
    254, 255, 256, 257, 258, 259, 262, 266, 273, 277, 278, 279, 284, 317, 320, 322, 323, 324, 325, 330, 338,
    339, 347, 512, 513, 514, 515, 519, 520, 521, 530, 531, 532, XMP_TAG, IPTC_TAG, 34377, ICC_TAG,
))
"""Tags of a TIFF's first directory that describe the storage, not the picture."""
# fmt: on


@dataclass(frozen=True)
class JpegCoding:
    """How a JPEG was coded.

    tables: quantisation tables, 64 values each, row by row. subsampling: 0 is 4:4:4, 1 is 4:2:2, 2 is
    4:2:0, -1 another.
    """

    tables: tuple[tuple[int, ...], ...]
    subsampling: int
    progressive: bool


@dataclass(frozen=True)
class PhotoMetadata:
    """Blobs as stored in the file, None where there are none.

    Attributes:
        exif: a TIFF structure, without the leading "Exif\\0\\0".
        iptc: IPTC-IIM records, without a Photoshop wrapper.
        dpi: horizontal and vertical pixels per inch.
        text: key and value of PNG text chunks.
        png_colour: type and data of PNG chunks that say what the samples mean.
        comment: of a JPEG.
        jpeg: coding of a JPEG. lossless: a WebP or TIFF was stored without loss or compression.
    """

    exif: bytes | None = None
    xmp: bytes | None = None
    iptc: bytes | None = None
    icc: bytes | None = None
    dpi: tuple[float, float] | None = None
    text: tuple[tuple[str, str], ...] = field(default=())
    png_colour: tuple[tuple[bytes, bytes], ...] = field(default=())
    comment: bytes | None = None
    jpeg: JpegCoding | None = None
    lossless_webp: bool = False
    uncompressed_tiff: bool = False


def read_metadata(path: Path, header: PhotoHeader) -> PhotoMetadata:
    """Read the metadata of a photo whose header was found good."""
    if header.file_format == "TIFF":
        return _tiff_metadata(path)
    if header.file_format == "PNG":
        return _png_metadata(path)
    with opened_by_pillow(path, header.file_format) as image:
        info = image.info
        exif = info.get("exif")
        return PhotoMetadata(
            exif=exif.removeprefix(b"Exif\0\0") if isinstance(exif, bytes) else None,
            xmp=_as_bytes(info.get("xmp")),
            iptc=_iptc(info),
            icc=info.get("icc_profile") or None,
            dpi=_dpi(info.get("dpi")),
            comment=info.get("comment") if header.file_format == "JPEG" else None,
            jpeg=_jpeg_coding(image) if header.file_format == "JPEG" else None,
            lossless_webp=header.file_format == "WEBP" and _is_lossless_webp(path),
        )


def _as_bytes(value: Any) -> bytes | None:
    if isinstance(value, str):
        return value.encode("utf-8")
    return bytes(value) if isinstance(value, bytes | bytearray) else None


def _dpi(value: Any) -> tuple[float, float] | None:
    try:
        x, y = float(value[0]), float(value[1])
    except (TypeError, ValueError, IndexError, ZeroDivisionError):
        return None
    return (x, y) if x > 0 and y > 0 else None


def _iptc(info: Mapping[Any, Any]) -> bytes | None:
    resources = info.get("photoshop")
    return _as_bytes(resources.get(IPTC_RESOURCE)) if isinstance(resources, dict) else None


def unwrap_raw_profile(text: str) -> bytes | None:
    """IPTC of ImageMagick's PNG text convention: name, length, hexadecimal; maybe in a Photoshop wrapper."""
    words = text.split()
    try:
        data = bytes.fromhex("".join(words[2:]))
    except ValueError:
        return None
    marker = data.find(b"8BIM" + struct.pack(">H", IPTC_RESOURCE))
    if marker < 0:
        return data or None
    # 8BIM, number, Pascal string padded to even length (empty here: two bytes), length, data.
    name_length = data[marker + 6]
    start = marker + 6 + (name_length + 2) // 2 * 2
    (length,) = struct.unpack(">I", data[start : start + 4])
    return data[start + 4 : start + 4 + length] or None


def _png_metadata(path: Path) -> PhotoMetadata:
    chunks = png_reader.read_chunks(path)
    texts = dict(png_reader.texts(chunks))
    xmp = texts.pop(png_reader.XMP_KEYWORD, None)
    iptc = texts.pop("Raw profile type iptc", None)
    return PhotoMetadata(
        exif=dict(chunks).get(b"eXIf"),
        xmp=xmp.encode("utf-8") if xmp else None,
        iptc=unwrap_raw_profile(iptc) if iptc else None,
        icc=png_reader.colour_profile(chunks),
        dpi=png_reader.resolution(chunks),
        text=tuple((key, value) for key, value in texts.items() if not key.startswith(NOT_KEPT)),
        png_colour=tuple((kind, data) for kind, data in chunks if kind in PNG_COLOUR_CHUNKS),
    )


def _jpeg_coding(image: Image.Image) -> JpegCoding | None:
    tables = getattr(image, "quantization", None)
    if not tables:
        return None
    return JpegCoding(
        tuple(tuple(tables[key]) for key in sorted(tables)),
        JpegImagePlugin.get_sampling(image),
        bool(image.info.get("progressive")),
    )


def _is_lossless_webp(path: Path) -> bool:
    """Whether the first picture chunk is VP8L; chunks follow the 12-byte RIFF header."""
    with open(path, "rb") as handle:
        handle.seek(12)
        while len(chunk := handle.read(8)) == 8:
            name, length = chunk[:4], int.from_bytes(chunk[4:], "little")
            if name in (b"VP8L", b"VP8 "):
                return name == b"VP8L"
            handle.seek(length + length % 2, 1)
    return False


def _tiff_metadata(path: Path) -> PhotoMetadata:
    tags: Any = read_tiff_tags(path)[0]
    inches = CM_PER_INCH if tags.get(RESOLUTION_UNIT) == CENTIMETRES else 1.0
    dpi = _dpi((tags.get(X_RESOLUTION), tags.get(Y_RESOLUTION)))
    return PhotoMetadata(
        exif=_exif_of_tiff(path),
        xmp=_as_bytes(tags.get(XMP_TAG)),
        iptc=_tiff_iptc(tags),
        icc=_as_bytes(tags.get(ICC_TAG)),
        dpi=(dpi[0] * inches, dpi[1] * inches) if dpi else None,
        uncompressed_tiff=tags.get(COMPRESSION, TIFF_UNCOMPRESSED) == TIFF_UNCOMPRESSED,
    )


def _tiff_iptc(tags: Any) -> bytes | None:
    value = tags.get(IPTC_TAG)
    if isinstance(value, tuple):  # Photoshop stores the bytes as 32-bit words in the file's byte order
        order = ">" if tags.prefix == b"MM" else "<"
        return struct.pack(f"{order}{len(value)}L", *value)
    return _as_bytes(value)


def _exif_of_tiff(path: Path) -> bytes | None:
    """The descriptive tags of a TIFF with their EXIF and GPS directories, as one EXIF structure."""
    exif = Image.Exif()
    try:
        with open(path, "rb") as handle:
            exif.load_from_fp(handle)
            for tag in TIFF_STORAGE_TAGS.intersection(exif):
                del exif[tag]
            return exif.tobytes().removeprefix(b"Exif\0\0") if len(exif) else None
    except DECODER_ERRORS:  # odd tags cost the EXIF data, never the photo
        return None
