"""The pictures that stages hand to each other: 16-bit RGB and grey PNGs, sRGB-encoded.

Needs OpenCV. Values are float32 0..1 in memory; 65535 is 1.0 on disk.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from contracts.error_codes import ErrorCode, StageError
from contracts.exit_codes import ExitCode
from contracts.files import atomic_path

FAST_PNG = [cv2.IMWRITE_PNG_COMPRESSION, 1]


def read_picture(path: Path) -> NDArray[np.float32]:
    """Read a PNG of 8 or 16 bit: (height, width, 3) RGB or (height, width), float32 0..1.

    Raises:
        StageError: BAD_REQUEST where the file is missing or not a picture.
    """
    # Asked first, because OpenCV says on standard error what it cannot open.
    picture = cv2.imread(str(path), cv2.IMREAD_UNCHANGED) if path.is_file() else None
    if picture is None:
        raise StageError(
            ErrorCode.BAD_REQUEST, f"cannot read intermediate picture {path}", exit_code=ExitCode.USAGE
        )
    scale = 65535.0 if picture.dtype == np.uint16 else 255.0
    if picture.ndim == 3:
        picture = cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)
    unit: NDArray[np.float32] = np.divide(picture, np.float32(scale), dtype=np.float32)
    return unit


def write_picture(path: Path, picture: NDArray[np.float32]) -> None:
    """Write (height, width, 3) RGB or (height, width), 0..1, as a 16-bit PNG, atomically."""
    write_levels(path, _levels(picture))


def quantised(picture: NDArray[np.float32]) -> NDArray[np.float32]:
    """The picture as it would be read back from its file."""
    unit: NDArray[np.float32] = np.divide(_levels(picture), np.float32(65535.0), dtype=np.float32)
    return unit


def _levels(picture: NDArray[np.float32]) -> NDArray[np.uint16]:
    levels: NDArray[np.uint16] = np.round(np.clip(picture, 0.0, 1.0) * 65535.0).astype(np.uint16)
    return levels


def write_mask(path: Path, mask: NDArray[np.uint8]) -> None:
    """Write an 8-bit mask, 0 or 255, atomically."""
    write_levels(path, mask)


def write_levels(path: Path, levels: NDArray[np.uint8] | NDArray[np.uint16]) -> None:
    """Write integer levels, RGB or grey, as a PNG of their own depth, atomically."""
    ordered = cv2.cvtColor(levels, cv2.COLOR_RGB2BGR) if levels.ndim == 3 else levels
    encoded = cv2.imencode(".png", ordered, FAST_PNG)[1]
    # Written by Python, not by OpenCV, which hides why a write fails (a full disk).
    with atomic_path(path) as temporary:
        temporary.write_bytes(encoded.tobytes())
