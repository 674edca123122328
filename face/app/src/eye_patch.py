"""An eye in a standard frame: corners on one horizontal line, 32 px apart, in the middle of 64 x 64."""

from __future__ import annotations

import cv2
import numpy as np

from contracts.face import Side
from face.app.src.picture_pyramid import FloatArray, PicturePyramid, Rgb8, Square
from imaging.eye_mesh import corners

PATCH = 64
"""px."""
EYE_WIDTHS = 2.0
"""Eye widths across the patch: lashes, crease and the skin below are in view, most of the brow is not."""


def eye_patch(pyramid: PicturePyramid, mesh: FloatArray, side: Side) -> Rgb8:
    """The eye's patch, (64, 64, 3) uint8; only the corners of the mesh are used."""
    outer, inner = corners(mesh, side)
    first, last = (outer, inner) if side == "left" else (inner, outer)
    along = last - first
    center = (first + last) / 2
    square = Square(
        (float(center[0]), float(center[1])),
        max(float(np.linalg.norm(along)), 1.0) * EYE_WIDTHS,
        float(np.arctan2(along[1], along[0])),
    )
    return pyramid.look(square, PATCH, cv2.BORDER_REPLICATE)
