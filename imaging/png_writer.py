"""Writing PNGs: pixels by libvips (fast, 8 and 16 bit, grey to RGBA), metadata as chunks of our own.

Needs NumPy and pyvips. 12 megapixels of 8-bit RGB take about 0.3 s.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from contracts.files import atomic_path
from imaging.png_reader import METRES_PER_INCH, SIGNATURE, XMP_KEYWORD, Chunk

PIXEL_CHUNKS = frozenset((b"IHDR", b"IDAT", b"IEND"))
# Measured on a 12 megapixel photo: the Up filter at level 2 is three times as fast as adaptive filters
# and no larger.
COMPRESSION, FILTER = 2, "up"


def write_png(
    path: Path, pixels: NDArray[Any], alpha: NDArray[Any] | None = None, chunks: Iterable[Chunk] = ()
) -> None:
    """Write samples (height, width, 1 or 3) uint8 or uint16, and alpha, atomically.

    Args:
        chunks: go between the header and the pixels, in this order.
    """
    _write(path, list(_whole_chunks(_encoded(pixels, alpha))), chunks)


def repack_png(path: Path, source: Path, chunks: Iterable[Chunk]) -> None:
    """Write the pixels of another PNG, as they are encoded there, atomically; its other chunks stay behind.

    Args:
        source: one with `png_reader.has_plain_pixels`.
    """
    _write(path, list(_whole_chunks(memoryview(source.read_bytes()))), chunks)


def _write(path: Path, parts: list[memoryview], chunks: Iterable[Chunk]) -> None:
    """parts: header, pixels, end; `chunks` go behind the header."""
    with atomic_path(path) as temporary, open(temporary, "wb") as handle:
        handle.write(SIGNATURE)
        handle.write(parts[0])
        for kind, data in chunks:
            handle.write(_pack(kind, data))
        handle.writelines(parts[1:])


def colour_profile(icc: bytes | None, channels: int) -> list[Chunk]:
    """The profile's chunk; none for an RGB profile of grey pixels, which PNG forbids and readers refuse."""
    if icc is None or icc[16:20] != (b"GRAY" if channels == 1 else b"RGB "):
        return []
    return [(b"iCCP", b"icc\0\0" + zlib.compress(icc))]


def resolution(dpi: tuple[float, float]) -> Chunk:
    x, y = (round(value / METRES_PER_INCH) for value in dpi)
    return b"pHYs", struct.pack(">IIB", x, y, 1)


def exif(block: bytes) -> Chunk:
    return b"eXIf", block


def xmp(packet: bytes) -> Chunk:
    return b"iTXt", XMP_KEYWORD.encode("ascii") + bytes(5) + packet


def text(key: str, value: str) -> Chunk:
    """tEXt where Latin-1 suffices, iTXt (UTF-8) otherwise. Keys have at most 79 Latin-1 characters."""
    name = key.encode("latin-1", "replace")[:79]
    try:
        return b"tEXt", name + b"\0" + value.encode("latin-1")
    except UnicodeEncodeError:
        return b"iTXt", name + b"\0\0\0\0\0" + value.encode("utf-8")


def iptc(records: bytes) -> Chunk:
    """IPTC-IIM as ImageMagick and ExifTool store it in PNGs: hexadecimal text in a zTXt chunk."""
    hexadecimal = records.hex()
    lines = "\n".join(hexadecimal[k : k + 72] for k in range(0, len(hexadecimal), 72))
    profile = f"\niptc\n{len(records):8d}\n{lines}\n"
    return b"zTXt", b"Raw profile type iptc\0\0" + zlib.compress(profile.encode("ascii"))


def _encoded(pixels: NDArray[Any], alpha: NDArray[Any] | None) -> memoryview:
    """A whole PNG as libvips writes it."""
    import pyvips

    samples = pixels if alpha is None else np.dstack([pixels, alpha])
    height, width, bands = samples.shape
    wide = samples.dtype == np.uint16
    interpretations = ("grey16", "rgb16") if wide else ("b-w", "srgb")
    image = pyvips.Image.new_from_memory(
        np.ascontiguousarray(samples), width, height, bands, "ushort" if wide else "uchar"
    ).copy(interpretation=interpretations[bands > 2])
    return memoryview(image.pngsave_buffer(compression=COMPRESSION, filter=FILTER, keep="none"))


def _whole_chunks(encoded: memoryview) -> Iterator[memoryview]:
    """Header first, then pixels, then the end; what else a PNG holds is left out."""
    at = len(SIGNATURE)
    while at < len(encoded):
        (length,) = struct.unpack_from(">I", encoded, at)
        if bytes(encoded[at + 4 : at + 8]) in PIXEL_CHUNKS:
            yield encoded[at : at + 12 + length]
        at += 12 + length


def _pack(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
