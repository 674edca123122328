"""Moving the closed eyes of a mesh onto the lid lines in the picture.

The mesh keeps both eyes on one line: in a wink that pulls the lids down or askew it lies beside the lid line,
farther than `closed_line` looks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from contracts.face import Side
from gen.app.src.eyeball.anatomy import EyeAxes, eye_axes
from gen.app.src.lids.closed_line import closed_line
from gen.app.src.strategy import FaceView
from imaging import eye_mesh
from imaging.colour import luminance, to_linear

FloatArray = NDArray[np.float64]

_ROUNDS = 2
"""Looks that the eye is moved after; a third one changed none of the labelled winks."""
_MIDDLE = 0.4
"""Eye widths off the middle up to which the line is followed; the corners are the mesh's guess."""
_FARTHEST = 0.2
"""Most that a point is moved in one round, eye widths."""


def with_seen_lids(face: FaceView, sides: Sequence[Side]) -> FaceView:
    """The face with its closed eyes' mesh points, less brow and cheek, on the lid lines that are seen."""
    level = luminance(to_linear(face.crop))
    mesh = face.mesh.copy()
    for side in sides:
        indices = list(eye_mesh.EYE_REGION[side])
        moved = settled(level, eye_axes(mesh, side), mesh[indices, :2])
        mesh[indices[: eye_mesh.THIRD_RING.start], :2] = moved[: eye_mesh.THIRD_RING.start]
    return replace(face, mesh=mesh)


def settled(level: NDArray[np.float32], axes: EyeAxes, region: FloatArray) -> FloatArray:
    """The 71 points (x, y) of a closed eye, shifted and tilted onto the lid line that is seen.

    Args:
        level: linear luminance. axes, region: of the eye, in its frame.
    """
    points = axes.to_eye(region[:, :2])
    for _ in range(_ROUNDS):
        v = closed_line(level, axes, axes.to_crop(points))
        u = np.linspace(-0.5, 0.5, len(v))
        lower = points[list(eye_mesh.LOWER_MARGIN)]
        lower = lower[np.argsort(lower[:, 0])]
        followed = np.abs(u) < _MIDDLE
        below = (v - np.interp(u, lower[:, 0], lower[:, 1]))[followed]
        slope, shift = np.polyfit(u[followed], below, 1)
        points[:, 1] += np.clip(shift + slope * points[:, 0], -_FARTHEST, _FARTHEST)
    return axes.to_crop(points)
