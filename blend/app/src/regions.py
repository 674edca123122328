"""Where an eye may be changed: feathered opacity, the ellipse around the eye, left and right of the nose.

Needs NumPy and OpenCV. Crop coordinates as in `contracts.crop`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from contracts.blend import EDIT_SEMI_AXES
from contracts.crop import CropDocument
from contracts.face import Side
from imaging import affine, eye_mesh
from imaging.crop_return import Box

FloatArray = NDArray[np.float64]
FloatImage = NDArray[np.float32]

FULL_UNTIL = 0.85
"""Share of the ellipse's radius up to which an edit counts fully; from there it fades to nothing at 1."""
BOX_MARGIN = 3
"""Photo pixels around an edit, for interpolation."""
VISIBLE = 1 / 512
"""Opacity below which nothing shows, even in 8 bits."""


def feather_mask(mask: NDArray[Any], feather_size: float = 25) -> NDArray[Any]:
    """Fade a mask to nothing at its edge, inwards, over `feather_size` pixels.

    Nothing outside of the mask is touched, and the mask is never raised: a mask that fades by itself
    more slowly than this stays as it is.

    Args:
        mask: (height, width) uint8 or uint16 at their full range, or float 0..1.

    Returns:
        The same shape and dtype.
    """
    integer = mask.dtype.kind != "f"
    top = float(np.iinfo(mask.dtype).max) if integer else 1.0
    opacity = np.divide(mask, top, dtype=np.float32)
    inside = (opacity >= VISIBLE).astype(np.uint8)
    # A mask that reaches the picture's edge ends there.
    framed = cv2.copyMakeBorder(inside, 1, 1, 1, 1, cv2.BORDER_CONSTANT)
    distance = cv2.distanceTransform(framed, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)[1:-1, 1:-1]
    faded = np.minimum(opacity, smoothstep(distance / max(feather_size, 1.0))) * top
    feathered: NDArray[Any] = (np.round(faded) if integer else faded).astype(mask.dtype)
    return feathered


def smoothstep(x: NDArray[np.floating]) -> FloatImage:
    """0 below 0, 1 above 1, with no kink between."""
    t = np.clip(x, 0.0, 1.0)
    step: FloatImage = (t * t * (3 - 2 * t)).astype(np.float32)
    return step


@dataclass(frozen=True, eq=False)
class EyeWindow:
    """The ellipse around one eye in the crop, and its half of the face.

    Attributes:
        center, width: of the corner line, px.
        along: unit vector from corner to corner.
        middle, towards: a point between the eyes, and the unit vector from there to this eye.
        fade: px over which the edit fades towards the other eye; 0 where that one is edited, too.
    """

    center: FloatArray
    width: float
    along: FloatArray
    middle: FloatArray
    towards: FloatArray
    fade: float

    def weight(self, x: FloatImage, y: FloatImage) -> FloatImage:
        """0..1 at crop coordinates; exactly 0 outside of the ellipse and beyond the middle of the face.

        Args:
            x, y: broadcast together.
        """
        dx, dy = x - np.float32(self.center[0]), y - np.float32(self.center[1])
        cos, sin = np.float32(self.along[0]), np.float32(self.along[1])
        a, b = (np.float32(self.width * axis) for axis in EDIT_SEMI_AXES)
        radius = np.hypot((dx * cos + dy * sin) / a, (dy * cos - dx * sin) / b)
        inside = smoothstep((1 - radius) / (1 - FULL_UNTIL))
        (mx, my), (tx, ty) = self.middle.astype(np.float32), self.towards.astype(np.float32)
        own_side = (x - mx) * tx + (y - my) * ty
        if self.fade:
            return inside * smoothstep(own_side / self.fade)
        return np.where(own_side > 0, inside, np.float32(0))


def eye_window(document: CropDocument, side: Side, edited: Sequence[Side], feather: float) -> EyeWindow:
    """The window of one eye.

    Args:
        edited: all eyes of the face that are edited.
        feather: px of the crop.
    """
    mesh = np.asarray(document.mesh, float)
    outer, inner = eye_mesh.corners(mesh, side)
    center = eye_mesh.eye_center(mesh, side)
    other = eye_mesh.eye_center(mesh, "right" if side == "left" else "left")
    width = max(float(np.linalg.norm(inner - outer)), 1e-6)
    middle = (center + other) / 2
    towards = (center - middle) / max(float(np.linalg.norm(center - middle)), 1e-6)
    return EyeWindow(
        center, width, (inner - outer) / width, middle, towards, 0.0 if len(edited) > 1 else max(feather, 1.0)
    )


def photo_box(support: NDArray[np.bool_], transform: FloatArray, photo_size: tuple[int, int]) -> Box | None:
    """The box of the photo that a set of crop pixels falls into, None where there is none.

    Args:
        support: (size, size) of the crop.
        transform: (2, 3) photo -> crop.
        photo_size: width, height.
    """
    rows, columns = np.flatnonzero(support.any(axis=1)), np.flatnonzero(support.any(axis=0))
    if not len(rows):
        return None
    corners = [(x, y) for x in (columns[0] - 1, columns[-1] + 1) for y in (rows[0] - 1, rows[-1] + 1)]
    in_photo = affine.apply(affine.inverse(transform), corners)
    low = np.floor(in_photo.min(axis=0)).astype(int) - BOX_MARGIN
    high = np.ceil(in_photo.max(axis=0)).astype(int) + BOX_MARGIN + 1
    x1, y1 = np.clip(low, 0, photo_size).tolist()
    x2, y2 = np.clip(high, 0, photo_size).tolist()
    return (x1, y1, x2, y2) if x2 > x1 and y2 > y1 else None


def crop_coordinates(transform: FloatArray, box: Box) -> tuple[FloatImage, FloatImage]:
    """Crop x and y of every pixel of a box of the photo, (height, width) each."""
    x1, y1, x2, y2 = box
    x = np.arange(x1, x2, dtype=np.float32)[None, :]
    y = np.arange(y1, y2, dtype=np.float32)[:, None]
    m = transform.astype(np.float32)
    return m[0, 0] * x + m[0, 1] * y + m[0, 2], m[1, 0] * x + m[1, 1] * y + m[1, 2]
