"""Writing TIFFs of 8 and 16 bit, grey or RGB, with alpha and all metadata.

Needs NumPy and Pillow (for the tag directory; Pillow itself writes no 16-bit RGB).
"""

from __future__ import annotations

import sys
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, TiffImagePlugin

from contracts.files import atomic_path
from imaging.photo_metadata import (
    EXIF_IFD_TAG,
    GPS_IFD_TAG,
    ICC_TAG,
    IPTC_TAG,
    RESOLUTION_UNIT,
    TIFF_STORAGE_TAGS,
    X_RESOLUTION,
    XMP_TAG,
    Y_RESOLUTION,
    PhotoMetadata,
)

WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC, STRIP_OFFSETS = 256, 257, 258, 259, 262, 273
SAMPLES, ROWS_PER_STRIP, STRIP_SIZES, PREDICTOR, EXTRA_SAMPLES = 277, 278, 279, 317, 338
UNCOMPRESSED, DEFLATE = 1, 8
HORIZONTAL = 2
BLACK_IS_ZERO, RGB = 1, 2
UNASSOCIATED_ALPHA = 2
INCHES = 2
BYTE, LONG, UNDEFINED = 1, 4, 7
STRIP_BYTES = 1 << 20
ZLIB_LEVEL = 3


def write_tiff(path: Path, pixels: NDArray[Any], alpha: NDArray[Any] | None, metadata: PhotoMetadata) -> None:
    """Write samples (height, width, 1 or 3) uint8 or uint16 atomically; deflate with prediction, or plain
    where `metadata.uncompressed_tiff`."""
    samples = pixels if alpha is None else np.dstack([pixels, alpha])
    rows = max(1, STRIP_BYTES // samples[0].nbytes)
    strips = [samples[y : y + rows] for y in range(0, len(samples), rows)]
    encode = _plain if metadata.uncompressed_tiff else _deflated
    with ThreadPoolExecutor(2) as pool:
        encoded = list(pool.map(encode, strips))
    directory = TiffImagePlugin.ImageFileDirectory_v2(_header())
    _describe_metadata(directory, metadata)
    height, width, count = samples.shape
    directory[WIDTH], directory[HEIGHT] = width, height
    directory[BITS] = (samples.dtype.itemsize * 8,) * count
    directory[COMPRESSION] = UNCOMPRESSED if metadata.uncompressed_tiff else DEFLATE
    directory[PHOTOMETRIC] = RGB if pixels.shape[2] == 3 else BLACK_IS_ZERO
    directory[SAMPLES], directory[ROWS_PER_STRIP] = count, rows
    if alpha is not None:
        directory[EXTRA_SAMPLES] = UNASSOCIATED_ALPHA
    if not metadata.uncompressed_tiff:
        directory[PREDICTOR] = HORIZONTAL
    sizes = [len(strip) for strip in encoded]
    # Offsets relative to the end of the directory; saving it makes them absolute.
    offsets = np.cumsum([0, *sizes[:-1]]).tolist()
    for tag, value in ((STRIP_OFFSETS, offsets), (STRIP_SIZES, sizes)):
        directory.tagtype[tag] = LONG
        directory[tag] = tuple(value)
    with atomic_path(path) as temporary, open(temporary, "wb") as handle:
        directory.save(handle)
        handle.writelines(encoded)


def _header() -> bytes:
    """Signature in this machine's byte order, so that samples are written as they are."""
    return b"II*\0\x08\0\0\0" if sys.byteorder == "little" else b"MM\0*\0\0\0\x08"


def _plain(strip: NDArray[Any]) -> bytes:
    return np.ascontiguousarray(strip).tobytes()


def _deflated(strip: NDArray[Any]) -> bytes:
    """Horizontal differences, modulo the sample range, compressed."""
    differences = strip.copy()
    differences[:, 1:] -= strip[:, :-1]
    return zlib.compress(differences.tobytes(), ZLIB_LEVEL)


def _describe_metadata(directory: TiffImagePlugin.ImageFileDirectory_v2, metadata: PhotoMetadata) -> None:
    if metadata.exif:
        exif = Image.Exif()
        exif.load(metadata.exif)
        for tag, value in exif.items():
            if tag not in TIFF_STORAGE_TAGS and tag not in (EXIF_IFD_TAG, GPS_IFD_TAG):
                directory[tag] = value
        for tag in (EXIF_IFD_TAG, GPS_IFD_TAG):
            if details := exif.get_ifd(tag):
                directory.tagtype[tag] = LONG
                directory[tag] = details
    blobs = (
        (XMP_TAG, BYTE, metadata.xmp),
        (IPTC_TAG, UNDEFINED, metadata.iptc),
        (ICC_TAG, UNDEFINED, metadata.icc),
    )
    for tag, kind, blob in blobs:
        if blob:
            directory.tagtype[tag] = kind
            directory[tag] = blob
    if metadata.dpi:
        directory[X_RESOLUTION], directory[Y_RESOLUTION] = metadata.dpi
        directory[RESOLUTION_UNIT] = INCHES
