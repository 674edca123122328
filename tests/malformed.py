"""Sixty files that are no ordinary photos, made from a good one: broken ones and merely odd ones."""

from __future__ import annotations

import io
import os
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

Make = Callable[[Path], None]


def broken(photo: Path) -> dict[str, Make]:
    """File name -> what makes it there. None of these can be opened.

    Args:
        photo: a good JPEG.
    """
    jpeg = photo.read_bytes()
    picture = Image.open(photo).convert("RGB").resize((320, 320))
    png, webp, tiff = _saved(picture, "PNG"), _saved(picture, "WEBP"), _saved(picture, "TIFF")
    made: dict[str, bytes] = {
        "nothing.jpg": b"",
        "nothing.png": b"",
        "one_byte.jpg": b"\xff",
        "magic_only.jpg": b"\xff\xd8\xff",
        "magic_only.png": b"\x89PNG\r\n\x1a\n",
        "magic_only.tif": b"II*\0",
        "magic_only.webp": b"RIFF\x04\0\0\0WEBP",
        "magic_only.gif": b"GIF89a",
        "magic_only.bmp": b"BM",
        "text.jpg": b"this is no photo\n" * 40,
        "page.png": b"<!doctype html><title>404</title>",
        "script.webp": b"#!/bin/sh\necho\n",
        "program.tif": b"\x7fELF" + bytes(200),
        "archive.jpg": b"PK\x03\x04" + bytes(300),
        "document.png": b"%PDF-1.7\n" + bytes(300),
        "zeros.jpg": bytes(5000),
        "noise.jpg": np.random.default_rng(0).bytes(5000),
        "noise.png": np.random.default_rng(1).bytes(5000),
        "bomb.png": _png_of_size(60_000, 60_000),
        "wide_bomb.png": _png_of_size(2_000_000_000, 1),
        "no_height.png": _png_of_size(10, 0),
        "bomb.jpg": _jpeg_of_size(jpeg, 65_500, 65_500),
        "no_height.jpg": _jpeg_of_size(jpeg, 0, 100),
        "no_pixels.png": _without(png, b"IDAT"),
        "no_end.png": png[:-40],
        "wrong_checksum.png": png[:-16] + bytes(byte ^ 0xFF for byte in png[-16:-12]) + png[-12:],
        "wrong_length.png": png[:8] + b"\xff\xff\xff\xff" + png[12:],
        "tiff_to_nowhere.tif": b"II*\0" + struct.pack("<I", 4_000_000_000) + bytes(50),
        "tiff_loop.tif": b"II*\0" + struct.pack("<IHI", 8, 0, 8),
        "tiff_of_entries.tif": b"II*\0" + struct.pack("<IH", 8, 65_535) + bytes(100),
        "riff_of_size.webp": b"RIFF\xff\xff\xff\xffWEBPVP8 " + bytes(40),
        "animated.gif": _animated(picture, "GIF"),
        "animated.webp": _animated(picture, "WEBP"),
        "animated.png": _animated(picture, "PNG"),
        "video.jpg": b"\0\0\0\x18ftypisom\0\0\0\0isommp42" + bytes(200),
        "jpeg_xl.jpg": b"\xff\x0a" + bytes(200),
        "two_pages.tif": _animated(picture, "TIFF"),
        "camera.heic": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(200),
        "camera.jpg": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(200),
    }
    for percent in (1, 10, 50, 90):
        made[f"cut_{percent}.jpg"] = jpeg[: len(jpeg) * percent // 100]
    for percent in (5, 50, 95):
        made[f"cut_{percent}.png"] = png[: len(png) * percent // 100]
        made[f"cut_{percent}.webp"] = webp[: len(webp) * percent // 100]
    made["cut_50.tif"] = tiff[: len(tiff) // 2]
    files: dict[str, Make] = {name: _writer(content) for name, content in made.items()}
    return files | {
        "gone.jpg": lambda path: path.symlink_to(path.parent / "nowhere"),
        "circle.jpg": lambda path: path.symlink_to(path),
        "pipe.jpg": os.mkfifo,
        "unreadable.jpg": lambda path: path.symlink_to("/proc/self/mem"),  # its first byte is never mapped
    }


def odd(photo: Path) -> dict[str, Make]:
    """Files that may be opened or refused, but say which."""
    picture = Image.open(photo).convert("RGB").resize((320, 320))
    jpeg = _saved(picture, "JPEG")
    deep = np.asarray(picture.convert("L")).astype(np.uint16) * 257
    endless_exif = b"Exif\0\0II*\0" + struct.pack("<IH", 8, 60_000) + bytes(9)
    made = {
        "one_pixel.png": _saved(picture.resize((1, 1)), "PNG"),
        "one_row.jpg": _saved(picture.resize((400, 1)), "JPEG"),
        "cmyk.jpg": _saved(picture.convert("CMYK"), "JPEG"),
        "palette.png": _saved(picture.convert("P"), "PNG"),
        "grey.png": _saved(picture.convert("L"), "PNG"),
        "one_bit.png": _saved(picture.convert("1"), "PNG"),
        "sixteen_bit.png": _saved(Image.fromarray(deep), "PNG"),
        "half_clear.png": _saved(picture.convert("RGBA"), "PNG"),
        "float.tif": _saved(picture.convert("F"), "TIFF"),
        "lab.tif": _saved(picture.convert("LAB"), "TIFF"),
        "png_named.jpg": _saved(picture, "PNG"),
        "jpeg_named.png": jpeg,
        "broken_exif.jpg": _with_segment(jpeg, 0xE1, endless_exif),
        "broken_icc.jpg": _with_segment(jpeg, 0xE2, b"ICC_PROFILE\0\x01\x01" + b"not a profile"),
        "broken_xmp.jpg": _with_segment(jpeg, 0xE1, b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta"),
    }  # fmt: skip
    return {name: _writer(content) for name, content in made.items()}


def _writer(content: bytes) -> Make:
    def make(path: Path) -> None:
        path.write_bytes(content)

    return make


def _saved(picture: Image.Image, file_format: str) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, file_format)
    return buffer.getvalue()


def _animated(picture: Image.Image, file_format: str) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, file_format, save_all=True, append_images=[picture.rotate(90), picture.rotate(180)])
    return buffer.getvalue()


def _chunk(kind: bytes, data: bytes) -> bytes:
    return (
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data) & 0xFFFFFFFF)
    )


def _png_of_size(width: int, height: int) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(bytes(1_000))
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", pixels) + _chunk(b"IEND", b"")


def _without(png: bytes, kind: bytes) -> bytes:
    """A PNG without its chunks of one kind."""
    kept, at = png[:8], 8
    while at < len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        if png[at + 4 : at + 8] != kind:
            kept += png[at : at + 12 + length]
        at += 12 + length
    return kept


def _jpeg_of_size(jpeg: bytes, width: int, height: int) -> bytes:
    """A JPEG whose frame header tells another size."""
    at = next(k for k in range(len(jpeg)) if jpeg[k : k + 2] in (b"\xff\xc0", b"\xff\xc2"))
    return jpeg[: at + 5] + struct.pack(">HH", height, width) + jpeg[at + 9 :]


def _with_segment(jpeg: bytes, marker: int, data: bytes) -> bytes:
    return jpeg[:2] + bytes((0xFF, marker)) + struct.pack(">H", len(data) + 2) + data + jpeg[2:]
