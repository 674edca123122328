"""What a PNG says besides its pixels, chunk by chunk; the pixels are skipped, never decoded.

Standard library only. (Pillow decodes the whole picture before it tells EXIF or text.)
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path

SIGNATURE = b"\x89PNG\r\n\x1a\n"
METRES_PER_INCH = 0.0254
LARGEST_TEXT = 64 << 20
"""Bytes that a compressed chunk may unpack to."""
LARGEST_CHUNK = 256 << 20
XMP_KEYWORD = "XML:com.adobe.xmp"

Chunk = tuple[bytes, bytes]
"""Type and data."""


class DamagedPngError(ValueError):
    """The file ends or breaks off within a chunk."""


def read_chunks(path: Path) -> list[Chunk]:
    """All chunks in order; image data have empty bytes.

    Raises:
        DamagedPngError: the file breaks off before its pixels begin.
    """
    chunks = list(_chunks(path))
    if not any(kind == b"IDAT" for kind, _ in chunks) or chunks[0][0] != b"IHDR" or len(chunks[0][1]) != 13:
        raise DamagedPngError("no pixels")
    return chunks


def _chunks(path: Path) -> Iterator[Chunk]:
    with open(path, "rb") as handle:
        handle.seek(len(SIGNATURE))
        while len(start := handle.read(8)) == 8:
            length, kind = int.from_bytes(start[:4], "big"), start[4:]
            if kind in (b"IDAT", b"fdAT") or length > LARGEST_CHUNK:
                handle.seek(length, 1)
                yield kind, b""
            else:
                data = handle.read(length)
                if len(data) < length:
                    return
                yield kind, data
            handle.seek(4, 1)  # checksum


def header(chunks: list[Chunk]) -> tuple[int, int, int, int]:
    """Width, height, bit depth and colour type of the IHDR chunk."""
    width, height, depth, colour = struct.unpack_from(">IIBB", chunks[0][1])
    return width, height, depth, colour


def has_plain_pixels(path: Path) -> bool:
    """Whether a file is a PNG whose samples are grey or RGB, 8 or 16 bit, upright, with alpha or without:
    its pixels mean the same in any other PNG of that header."""
    with open(path, "rb") as handle:
        if handle.read(len(SIGNATURE)) != SIGNATURE:
            return False
    try:
        chunks = read_chunks(path)
    except DamagedPngError:
        return False
    _, _, depth, colour = header(chunks)
    interlaced = chunks[0][1][12]
    elsewhere = any(kind in (b"tRNS", b"eXIf", b"acTL") for kind, _ in chunks)
    return depth in (8, 16) and colour in (0, 2, 4, 6) and not interlaced and not elsewhere


def colour_profile(chunks: list[Chunk]) -> bytes | None:
    """iCCP: name, zero, method, compressed profile."""
    for kind, data in chunks:
        if kind == b"iCCP":
            return _unpacked(data.partition(b"\0")[2][1:])
    return None


def resolution(chunks: list[Chunk]) -> tuple[float, float] | None:
    """Pixels per inch, None where the file has no absolute resolution."""
    for kind, data in chunks:
        if kind == b"pHYs" and len(data) == 9 and data[8] == 1:
            x, y = struct.unpack_from(">II", data)
            return (x * METRES_PER_INCH, y * METRES_PER_INCH) if x and y else None
    return None


def texts(chunks: list[Chunk]) -> Mapping[str, str]:
    """Keyword and text of tEXt, zTXt and iTXt chunks; XMP is one of them."""
    found = {}
    for kind, data in chunks:
        key, _, rest = data.partition(b"\0")
        value: bytes | None = None
        if kind == b"tEXt":
            value, coding = rest, "latin-1"
        elif kind == b"zTXt":
            value, coding = _unpacked(rest[1:]), "latin-1"
        elif kind == b"iTXt":
            compressed, (_, _, content) = rest[:1] == b"\1", _split(rest[2:])
            value, coding = (_unpacked(content) if compressed else content), "utf-8"
        if value is not None:
            found[key.decode("latin-1")] = value.decode(coding, "replace")
    return found


def _split(data: bytes) -> tuple[bytes, bytes, bytes]:
    """Language tag, translated keyword, text."""
    language, _, rest = data.partition(b"\0")
    translated, _, content = rest.partition(b"\0")
    return language, translated, content


def _unpacked(data: bytes) -> bytes | None:
    """None where it is damaged or unpacks to more than is sane."""
    unpacker = zlib.decompressobj()
    try:
        unpacked = unpacker.decompress(data, LARGEST_TEXT)
    except zlib.error:
        return None
    return None if unpacker.unconsumed_tail else unpacked
