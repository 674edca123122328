"""What the masked area shows before SDXL paints there: anything but closed eyes. Needs NumPy and OpenCV.

At strengths near 1 little of it comes through, at lower ones it decides between lids and no lids.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from gen.app.src.sdxl.framing import Plane, resized
from imaging.colour import Image

BLUR = 1 / 24
"""Standard deviation of the blur, of the picture's side: wider than a lid is high."""
FILLED_AT = 256
"""px at which surroundings are drawn in: only tone counts, and it takes a second at 1024."""
REACH = 3


def neutralized(picture: Image, mask: Plane, method: str) -> Image:
    """The picture with its masked area neutralised; all else stays.

    Args:
        picture: (side, side, 3) float32, sRGB-encoded 0..1.
        mask: (side, side), above 0.5 where to paint.
        method: of `METHODS`.
    """
    filled: Image = np.where(mask[..., None] > 0.5, METHODS[method](picture, mask), picture)
    return filled


def _blur(picture: Image, mask: Plane) -> Image:
    return cv2.GaussianBlur(picture, (0, 0), BLUR * len(picture)).astype(np.float32)


def _gray(picture: Image, mask: Plane) -> Image:
    return np.full_like(picture, 0.5)


def _median(picture: Image, mask: Plane) -> Image:
    """The median colour of what surrounds the mask: skin."""
    reach = max(3, len(picture) // 32)
    inside = np.asarray(mask > 0.5, np.uint8)
    around = cv2.dilate(inside, np.ones((reach, reach), np.uint8)) > inside
    seen = picture[around] if around.any() else picture.reshape(-1, 3)
    return np.broadcast_to(np.median(seen, axis=0).astype(np.float32), picture.shape)


def _cv_inpaint(picture: Image, mask: Plane) -> Image:
    """The surroundings drawn in: A. Telea, "An Image Inpainting Technique ...", 2004."""
    side = min(FILLED_AT, len(picture))
    small = np.round(resized(picture, (side, side)) * 255).astype(np.uint8)
    hole = np.asarray(resized(np.asarray(mask > 0.5, np.float32), (side, side)) > 0, np.uint8)
    filled = cv2.inpaint(small, hole, REACH, cv2.INPAINT_TELEA)
    return resized(np.divide(filled, 255, dtype=np.float32), (len(picture), len(picture)))


METHODS: dict[str, Callable[[Image, Plane], Image]] = {
    "blur": _blur,
    "gray": _gray,
    "median": _median,
    "cv_inpaint": _cv_inpaint,
}
