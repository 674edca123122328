"""Small pictures for looking at: cut out of a photo, scaled down, encoded for a page.

Needs NumPy and pyvips. Pixels are upright sRGB, boxes are x1, y1, x2, y2 with an exclusive end.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pyvips

Box = tuple[int, int, int, int]

QUALITY = 82
"""At which skin and lashes show no blocks at 100 %."""
SMALL_PX = 100_000
"""Up to this a picture becomes a JPEG with all its colour: WebP halves the resolution of colour, which would
smear an iris of ten pixels, and takes five times as long. Bigger ones become a WebP of half the size."""


@dataclass(frozen=True)
class Preview:
    """An encoded picture.

    Attributes:
        data: the file.
        mime: "image/jpeg" or "image/webp".
        width, height: px as encoded.
    """

    data: bytes
    mime: str
    width: int
    height: int


def box_within(box: tuple[float, float, float, float], size: tuple[int, int]) -> Box | None:
    """A box in whole pixels, cut at the borders of a picture of `size`; None where nothing is left."""
    width, height = size
    x1, y1 = max(0, int(np.floor(box[0]))), max(0, int(np.floor(box[1])))
    x2, y2 = min(width, int(np.ceil(box[2]))), min(height, int(np.ceil(box[3])))
    return (x1, y1, x2, y2) if x1 < x2 and y1 < y2 else None


def preview(pixels: NDArray[np.uint8], box: Box, size: tuple[int, int]) -> Preview:
    """A part of a picture at the size wanted.

    Args:
        pixels: (height, width, 3) sRGB.
        box: the part, inside the picture.
        size: width and height, px, each at least 1; usually that of `box` or smaller.
    """
    import pyvips

    x1, y1, x2, y2 = box
    part: pyvips.Image = pyvips.Image.new_from_array(np.ascontiguousarray(pixels[y1:y2, x1:x2]))
    if size != (x2 - x1, y2 - y1):
        part = part.thumbnail_image(size[0], height=size[1], size="force")
    if size[0] * size[1] <= SMALL_PX:
        jpeg: bytes = part.jpegsave_buffer(Q=QUALITY, subsample_mode="off", keep="none")
        return Preview(jpeg, "image/jpeg", *size)
    webp: bytes = part.webpsave_buffer(Q=QUALITY, effort=1, keep="none")
    return Preview(webp, "image/webp", *size)


def fitted(size: tuple[float, float], most: tuple[float, float]) -> tuple[int, int]:
    """Width and height scaled down, never up, to lie within `most`; at least 1 px each."""
    scale = min(1.0, most[0] / size[0], most[1] / size[1])
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))
