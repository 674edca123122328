"""Closed eyes painted over by plain inpainting: what a second look must not take for open eyes."""

from __future__ import annotations

from collections.abc import Iterable

import cv2
import numpy as np

from contracts.face import Side
from face.app.src.face_mesh import face_square
from face.app.src.picture_pyramid import FloatArray, Grey, Rgb8
from imaging.eye_mesh import eye_polygon, eye_width

METHODS = {"telea": cv2.INPAINT_TELEA, "ns": cv2.INPAINT_NS}
GROWTHS = (0.1, 0.2, 0.3)
"""Eye widths by which the lid contour is grown: from lashes left over to the whole lid gone."""


def smeared(photo: Rgb8, mesh: FloatArray, sides: Iterable[Side], method: str, growth: float) -> Rgb8:
    """The photo with the named eyes inpainted away."""
    mask: Grey = np.zeros(photo.shape[:2], np.uint8)
    for side in sides:
        lids = np.zeros_like(mask)
        cv2.fillPoly(lids, [np.round(eye_polygon(mesh, side)).astype(np.int32)], 255)
        reach = 2 * max(1, round(growth * eye_width(mesh, side))) + 1
        disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach))
        mask = np.maximum(mask, cv2.dilate(lids, disc))
    return cv2.inpaint(photo, mask, 3, METHODS[method])


def surroundings(photo: Rgb8, mesh: FloatArray, scale: float) -> tuple[Rgb8, FloatArray]:
    """A face with as much around it, at another (smaller) scale, and its mesh there."""
    square = face_square(mesh)
    low = np.maximum(np.floor(np.array(square.center) - square.side), 0).astype(int)
    high = np.ceil(np.array(square.center) + square.side).astype(int)
    part = photo[low[1] : high[1], low[0] : high[0]]
    size = (max(1, round(part.shape[1] * scale)), max(1, round(part.shape[0] * scale)))
    moved = (mesh - [*low, 0]) * scale
    return np.ascontiguousarray(cv2.resize(part, size, interpolation=cv2.INTER_AREA)), moved
