"""Small pictures for looking at: cut out of a photo, scaled down, encoded. Needs NumPy and pyvips."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from contracts.finish import Shown, Size, View

if TYPE_CHECKING:
    import pyvips

QUALITY = 82
"""At which skin and lashes show no blocks at 100 %."""
SMALL_PX = 100_000
"""Up to this a picture becomes a JPEG with all its colour: WebP halves the resolution of colour, which would
smear an iris of ten pixels, and takes five times as long. Bigger ones become a WebP of half the size."""


def preview(pixels: NDArray[np.uint8], frame: Size, view: View) -> Shown:
    """A part of a picture at the size wanted.

    Args:
        pixels: (height, width, 3) upright sRGB.
        frame: size of the picture that the view's box means, which may have been enlarged since.

    Raises:
        ValueError: the box is empty, or leads out of the picture.
    """
    import pyvips

    height, width = pixels.shape[:2]
    x1, x2 = (round(x * width / frame[0]) for x in view.box[::2])
    y1, y2 = (round(y * height / frame[1]) for y in view.box[1::2])
    if not (0 <= x1 < x2 <= width and 0 <= y1 < y2 <= height) or min(view.size) < 1:
        raise ValueError(f"there is no view {view} of a picture of {width} x {height}")
    part: pyvips.Image = pyvips.Image.new_from_array(np.ascontiguousarray(pixels[y1:y2, x1:x2]))
    if view.size != (x2 - x1, y2 - y1):
        part = part.thumbnail_image(view.size[0], height=view.size[1], size="force")
    if view.size[0] * view.size[1] <= SMALL_PX:
        mime, data = "image/jpeg", part.jpegsave_buffer(Q=QUALITY, subsample_mode="off", keep="none")
    else:
        mime, data = "image/webp", part.webpsave_buffer(Q=QUALITY, effort=1, keep="none")
    return Shown(base64.b64encode(data).decode("ascii"), mime, *view.size)
