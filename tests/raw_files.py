"""A camera raw file made for tests: the smallest DNG that holds a Bayer mosaic."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import TiffImagePlugin
from PIL.TiffImagePlugin import IFDRational

BYTE, ASCII, SHORT, LONG, RATIONAL, SIGNED_RATIONAL = 1, 2, 3, 4, 5, 10
CFA, LINEAR_RAW_WHITE, D65 = 32803, 65535, 21
EXIF_IFD, DATE_TIME_ORIGINAL, MAKER_NOTE = 34665, 36867, 37500
MAKER, MODEL = "Maker", "Model 1"
XYZ_TO_SRGB = (
    3.2404542, -1.5371385, -0.4985314, -0.9692660, 1.8760108, 0.0415560, 0.0556434, -0.2040259, 1.0572252
)  # fmt: skip
"""As the colour matrix of the "camera": its colours are linear sRGB."""


def linear16(srgb: NDArray[np.floating]) -> NDArray[np.uint16]:
    """Linear light 0..65535 of sRGB 0..1."""
    light = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    return np.round(light * LINEAR_RAW_WHITE).astype(np.uint16)


def write_dng(
    path: Path, linear: NDArray[np.uint16], orientation: int = 1, xmp: bytes = b"", taken: str = ""
) -> None:
    """Write an uncompressed DNG 1.4.

    Args:
        linear: (height, width, 3), linear sRGB, even sides.
        orientation: of EXIF.
        taken: "YYYY:MM:DD HH:MM:SS".
    """
    height, width, _ = linear.shape
    mosaic = np.empty((height, width), "<u2")
    for y, x, channel in ((0, 0, 0), (0, 1, 1), (1, 0, 1), (1, 1, 2)):
        mosaic[y::2, x::2] = linear[y::2, x::2, channel]
    matrix = tuple(IFDRational(round(value * 10_000), 10_000) for value in XYZ_TO_SRGB)
    tags: dict[int, tuple[int, Any]] = {
        254: (LONG, 0), 256: (LONG, width), 257: (LONG, height), 258: (SHORT, 16), 259: (SHORT, 1),
        262: (SHORT, CFA), 271: (ASCII, MAKER), 272: (ASCII, MODEL), 273: (LONG, 0),
        274: (SHORT, orientation), 277: (SHORT, 1), 278: (LONG, height), 279: (LONG, mosaic.nbytes),
        284: (SHORT, 1), 33421: (SHORT, (2, 2)), 33422: (BYTE, bytes((0, 1, 1, 2))),
        50706: (BYTE, bytes((1, 4, 0, 0))), 50707: (BYTE, bytes((1, 1, 0, 0))),
        50708: (ASCII, f"{MAKER} {MODEL}"), 50714: (LONG, 0), 50717: (LONG, LINEAR_RAW_WHITE),
        50721: (SIGNED_RATIONAL, matrix), 50728: (RATIONAL, (IFDRational(1, 1),) * 3), 50778: (SHORT, D65),
    }  # fmt: skip
    if xmp:
        tags[700] = (BYTE, xmp)
    directory = TiffImagePlugin.ImageFileDirectory_v2(b"II*\0\x08\0\0\0")
    for tag, (kind, value) in tags.items():
        directory.tagtype[tag] = kind
        directory[tag] = value
    if taken:
        directory.tagtype[EXIF_IFD] = LONG
        directory[EXIF_IFD] = {DATE_TIME_ORIGINAL: taken, MAKER_NOTE: b"offsets into this file"}
    with open(path, "wb") as file:
        directory.save(file)  # makes the offset of the strip, 0 here, count from the directory's end
        file.write(mosaic.tobytes())
