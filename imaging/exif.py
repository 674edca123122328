"""Bringing EXIF data in line with an upright, edited picture, in place.

The block is patched, not rewritten, because maker notes hold offsets into it. Standard library only.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

ORIENTATION, EXIF_IFD = 0x0112, 0x8769
PIXEL_X, PIXEL_Y = 0xA002, 0xA003
THUMBNAIL_OFFSET, THUMBNAIL_LENGTH = 0x0201, 0x0202
SHORT = 3
BYTE_ORDERS = {b"II": "<", b"MM": ">"}
ENTRY_SIZE = 12


class DamagedExifError(ValueError):
    """The block is no TIFF structure."""


@dataclass
class _Block:
    data: bytearray
    order: str

    def unpack(self, kind: str, at: int) -> int:
        value: int = struct.unpack_from(self.order + kind, self.data, at)[0]
        return value

    def entries(self, directory: int) -> dict[int, int]:
        """Tag -> position of its entry."""
        count = self.unpack("H", directory)
        starts = [directory + 2 + ENTRY_SIZE * k for k in range(count)]
        return {self.unpack("H", at): at for at in starts}

    def next_pointer(self, directory: int) -> int:
        """Position of the pointer to the next directory."""
        return directory + 2 + ENTRY_SIZE * self.unpack("H", directory)

    def value(self, entry: int) -> int:
        """A single SHORT or LONG value."""
        return self.unpack("H" if self.unpack("H", entry + 2) == SHORT else "I", entry + 8)

    def set_value(self, entry: int, value: int) -> None:
        kind = "H" if self.unpack("H", entry + 2) == SHORT else "I"
        struct.pack_into(self.order + kind, self.data, entry + 8, value)


def exif_orientation(exif: bytes) -> int:
    """The orientation, 1 to 8; 1 where there is none or the block is damaged."""
    order = BYTE_ORDERS.get(exif[:2])
    if order is None:
        return 1
    block = _Block(bytearray(exif), order)
    try:
        entries = block.entries(block.unpack("I", 4))
        value = block.value(entries[ORIENTATION]) if ORIENTATION in entries else 1
    except struct.error:
        return 1
    return value if 1 <= value <= 8 else 1


def normalised_exif(exif: bytes, size: tuple[int, int]) -> bytes:
    """EXIF for the upright picture: orientation 1, the new width and height, no thumbnail.

    The thumbnail goes because it would still show the closed eyes.

    Args:
        exif: a TIFF structure without "Exif\\0\\0".
        size: width and height of the upright picture.

    Raises:
        DamagedExifError: the structure cannot be read.
    """
    order = BYTE_ORDERS.get(exif[:2])
    if order is None:
        raise DamagedExifError("no byte order mark")
    block = _Block(bytearray(exif), order)
    try:
        first = block.unpack("I", 4)
        entries = block.entries(first)
        if ORIENTATION in entries:
            block.set_value(entries[ORIENTATION], 1)
        if EXIF_IFD in entries:
            details = block.entries(block.value(entries[EXIF_IFD]))
            for tag, value in zip((PIXEL_X, PIXEL_Y), size):
                if tag in details:
                    block.set_value(details[tag], value)
        _remove_thumbnail(block, first)
    except struct.error as error:
        raise DamagedExifError("truncated structure") from error
    return bytes(block.data)


def _remove_thumbnail(block: _Block, first: int) -> None:
    """Unlink the second directory and blank the picture it points to."""
    pointer = block.next_pointer(first)
    if pointer + 4 > len(block.data):
        return
    second = block.unpack("I", pointer)
    struct.pack_into(block.order + "I", block.data, pointer, 0)
    if not second or second + 2 > len(block.data):
        return
    entries = block.entries(second)
    if THUMBNAIL_OFFSET not in entries or THUMBNAIL_LENGTH not in entries:
        return
    start, length = block.value(entries[THUMBNAIL_OFFSET]), block.value(entries[THUMBNAIL_LENGTH])
    if start + length >= len(block.data) and start > second:
        del block.data[start:]
    else:
        block.data[start : start + length] = bytes(len(block.data[start : start + length]))
