"""Writing JPEG and WebP, and measuring what re-encoding changed.

Needs NumPy and Pillow.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from contracts.envelope import Notice
from contracts.files import atomic_path
from contracts.finish import Recompression
from imaging.photo import PhotoLimits, read_photo
from imaging.photo_metadata import IPTC_RESOURCE, JpegCoding, PhotoMetadata

QUALITY = 95
FULL_CHROMA = 0
HALF_WIDTH_CHROMA = 1
LARGEST_JPEG_BLOCK = 65533
"""Bytes after a marker's length field."""
EXIF_PREFIX = b"Exif\0\0"
XMP_PREFIX = b"http://ns.adobe.com/xap/1.0/\0"
BAND_ROWS = 256

METADATA_LEFT_OUT = "OUTPUT_METADATA"


def write_jpeg(path: Path, pixels: NDArray[np.uint8], metadata: PhotoMetadata, turned: bool) -> list[Notice]:
    """Write (height, width, 1 or 3) with the original's quantisation tables and subsampling, where it was a
    JPEG.

    Args:
        turned: rows and columns were exchanged to make the picture upright; so are the tables' then.
    """
    notices: list[Notice] = []
    options: dict[str, Any] = _coding(metadata.jpeg, turned)
    options["exif"] = EXIF_PREFIX + metadata.exif if metadata.exif else b""
    options["xmp"] = metadata.xmp or b""
    options["comment"] = metadata.comment or b""
    for name, overhead in (("exif", 0), ("xmp", len(XMP_PREFIX)), ("comment", 0)):
        if len(options[name]) + overhead > LARGEST_JPEG_BLOCK:
            options[name] = b""
            notices.append(_too_long(name))
    if metadata.iptc:
        block = _photoshop_block(metadata.iptc)
        if len(block) + 4 <= LARGEST_JPEG_BLOCK:
            options["extra"] = b"\xff\xed" + struct.pack(">H", len(block) + 2) + block
        else:
            notices.append(_too_long("IPTC"))
    _save(path, _image(pixels), "JPEG", metadata, options)
    return notices


def write_webp(
    path: Path, pixels: NDArray[np.uint8], alpha: NDArray[np.uint8] | None, metadata: PhotoMetadata
) -> list[Notice]:
    """Write (height, width, 1 or 3) and alpha; without loss where the original was a lossless WebP."""
    rgb = np.repeat(pixels, 3, axis=2) if pixels.shape[2] == 1 else pixels
    picture = rgb if alpha is None else np.dstack([rgb, alpha])
    options = {
        "lossless": metadata.lossless_webp,
        "quality": QUALITY,
        "exact": True,
        "exif": EXIF_PREFIX + metadata.exif if metadata.exif else b"",
        "xmp": metadata.xmp or b"",
    }
    _save(path, Image.fromarray(picture), "WEBP", metadata, options)
    return [Notice(METADATA_LEFT_OUT, "WebP holds no IPTC block; it was left out")] if metadata.iptc else []


def recompression(
    path: Path, pixels: NDArray[np.uint8], edited_regions: Sequence[tuple[int, int, int, int]]
) -> Recompression:
    """Compare a lossy file with the pixels it was made of, in bands to spare memory."""
    decoded = read_photo(path, PhotoLimits(float("inf"), float("inf"))).pixels
    largest, total, changed = 0, 0, 0
    for top in range(0, len(pixels), BAND_ROWS):
        before, after = pixels[top : top + BAND_ROWS], decoded[top : top + BAND_ROWS]
        difference = np.maximum(before, after) - np.minimum(before, after)
        for x1, y1, x2, y2 in edited_regions:
            difference[max(y1 - top, 0) : max(y2 - top, 0), x1:x2] = 0
        largest = max(largest, int(difference.max()))
        total += int(difference.sum(dtype=np.int64))
        changed += int(np.count_nonzero(difference))
    inside = np.zeros(pixels.shape[:2], bool)
    for x1, y1, x2, y2 in edited_regions:
        inside[y1:y2, x1:x2] = True
    count = pixels.size - int(np.count_nonzero(inside)) * pixels.shape[2]
    return Recompression(largest, round(total / max(count, 1), 4), round(changed / max(count, 1), 4))


def _coding(jpeg: JpegCoding | None, turned: bool) -> dict[str, Any]:
    """Pillow's options for the coding of the original."""
    if jpeg is None or len(jpeg.tables) > 2:
        return {"quality": QUALITY, "subsampling": FULL_CHROMA}
    tables = [np.reshape(table, (8, 8)) for table in jpeg.tables]
    subsampling = jpeg.subsampling if jpeg.subsampling >= 0 else FULL_CHROMA
    if turned:
        tables = [table.T for table in tables]
        if subsampling == HALF_WIDTH_CHROMA:  # would be half the height now, which is hardly ever read
            subsampling = FULL_CHROMA
    return {
        "qtables": [table.ravel().tolist() for table in tables],
        "subsampling": subsampling,
        "progressive": jpeg.progressive,
    }


def _photoshop_block(iptc: bytes) -> bytes:
    """An APP13 payload with one image resource: 8BIM, number, empty name, length, data padded to even."""
    resource = b"8BIM" + struct.pack(">HHI", IPTC_RESOURCE, 0, len(iptc)) + iptc + b"\0" * (len(iptc) % 2)
    return b"Photoshop 3.0\0" + resource


def _image(pixels: NDArray[np.uint8]) -> Image.Image:
    return Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels)


def _save(
    path: Path, image: Image.Image, file_format: str, metadata: PhotoMetadata, options: dict[str, Any]
) -> None:
    present = {name: value for name, value in options.items() if value != b""}
    if metadata.icc:
        present["icc_profile"] = metadata.icc
    if metadata.dpi and file_format == "JPEG":
        present["dpi"] = metadata.dpi
    with atomic_path(path) as temporary:
        image.save(temporary, file_format, **present)


def _too_long(name: str) -> Notice:
    return Notice(METADATA_LEFT_OUT, f"the {name} data are too long for a JPEG and were left out")
