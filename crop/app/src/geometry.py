"""Where the crop of a face lies: an upright square around both eyes and its exact transform.

Needs NumPy. Frames as in `contracts.crop`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from contracts.blend import EDIT_SEMI_AXES
from contracts.crop import CropParams
from contracts.face import SIDES
from imaging import affine, eye_mesh

FloatArray = NDArray[np.float64]

EDGE_MARGIN = 4
"""Pixels between the edit ellipses and the edge of the crop, for interpolation."""
SMALLEST_CROP = 16


@dataclass(frozen=True, eq=False)
class CropGeometry:
    """The square of one face.

    Attributes:
        transform: (2, 3) photo -> crop.
        size: side, px. scale: crop px per photo px.
        rotation: degrees by which the photo was turned, positive clockwise.
        position: top left corner in the photo turned about the middle between the eyes.
        padded: part of the square lies outside of the photo.
    """

    transform: FloatArray
    size: int
    scale: float
    rotation: float
    position: tuple[float, float]
    padded: bool


def crop_geometry(mesh: FloatArray, photo_size: tuple[int, int], params: CropParams) -> CropGeometry:
    """The square of one face.

    Native size keeps the photo's own resolution, so that at most a turn separates crop and photo.

    Args:
        mesh: (478, 2 or 3) in the photo.
        photo_size: width, height.
    """
    left, right = (eye_mesh.eye_center(mesh, side) for side in SIDES)
    middle = (left + right) / 2
    tilt = math.atan2(right[1] - left[1], right[0] - left[0])
    wanted = max(params.crop_scale * eye_mesh.inter_ocular_distance(mesh), 2 * _reach(mesh, middle, tilt))
    native = max(math.ceil(wanted), SMALLEST_CROP)
    size = params.crop_output_size or min(native, params.max_crop_size)
    return square(middle, tilt, native, size, photo_size)


def square(
    middle: FloatArray, tilt: float, side: int, size: int, photo_size: tuple[int, int]
) -> CropGeometry:
    """The crop of a `side` px square around `middle`, turned upright by `tilt` radians, in `size` px."""
    scale = size / side
    cos, sin = scale * math.cos(tilt), scale * math.sin(tilt)
    linear = np.array([[cos, sin], [-sin, cos]])
    transform = np.column_stack([linear, np.full(2, (size - 1) / 2) - linear @ middle])
    corners = affine.apply(
        affine.inverse(transform), [(x, y) for x in (-0.5, size - 0.5) for y in (-0.5, size - 0.5)]
    )
    inside = (corners >= -0.5).all() and (corners <= np.array(photo_size) - 0.5).all()
    x, y = middle - (side - 1) / 2
    return CropGeometry(transform, size, scale, -math.degrees(tilt), (float(x), float(y)), not inside)


def _reach(mesh: FloatArray, middle: FloatArray, tilt: float) -> float:
    """Half the side that the edit ellipses of both eyes need; more than usual in half profile."""
    along, across = EDIT_SEMI_AXES
    turn = np.array([[math.cos(tilt), math.sin(tilt)], [-math.sin(tilt), math.cos(tilt)]])
    needed = 0.0
    for side in SIDES:
        outer, inner = eye_mesh.corners(mesh, side)
        direction = turn @ (inner - outer)
        width = float(np.linalg.norm(direction))
        cos, sin = direction / max(width, 1e-9)
        half = width * np.array(
            [math.hypot(along * cos, across * sin), math.hypot(along * sin, across * cos)]
        )
        offset = np.abs(turn @ (eye_mesh.eye_center(mesh, side) - middle))
        needed = max(needed, float((offset + half).max()))
    return needed + EDGE_MARGIN
