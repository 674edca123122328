"""Is this mesh a face? Ghosts on textures, hands and halves of faces are left out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from contracts.face import SIDES
from face.app.src.face_mesh import SURFACE_POINTS, MeshReading
from face.app.src.head_pose import head_axes
from face.app.src.picture_pyramid import FloatArray
from face.app.src.suppression import Box
from imaging.eye_mesh import IRIS, corners, eye_center, eye_width


@dataclass(frozen=True)
class Limits:
    """presence: least word of the network. spread: largest of the looks, in inter-ocular distances."""

    presence: float
    spread: float


TO_FIND = Limits(presence=0.999, spread=0.045)
"""Labelled faces, at 45 px too, have a presence of 0.9995 or more and a spread of 0.002 to 0.037; most
patterns that only resemble a face fail the first."""
TO_KEEP = Limits(presence=0.9, spread=0.09)
"""For a face that is known to be there: it was found, and is read again."""
FARTHEST_IRIS = 0.75
"""Distance of the iris from the middle of its eye, in eye widths."""
MOUTH = (13, 14)


def mesh_box(mesh: FloatArray) -> Box:
    """x1, y1, x2, y2 around the face's surface."""
    low, high = mesh[:SURFACE_POINTS, :2].min(0), mesh[:SURFACE_POINTS, :2].max(0)
    return (float(low[0]), float(low[1]), float(high[0]), float(high[1]))


def is_plausible(reading: MeshReading, width: int, height: int, limits: Limits) -> bool:
    """A face that the network sees alike each time, in order, with its middle in the photo."""
    mesh = reading.mesh
    return (
        reading.presence >= limits.presence
        and reading.spread <= limits.spread
        and _in_order(mesh)
        and _middle_inside(mesh, width, height)
    )


def _in_order(mesh: FloatArray) -> bool:
    """Eyes above the mouth, the left one left, irises in their eyes (in the head's own frame)."""
    axes = head_axes(mesh)
    left, right = (mesh[list(corner_indices)].mean(0) @ axes.T for corner_indices in ((33, 133), (362, 263)))
    mouth = mesh[list(MOUTH)].mean(0) @ axes.T
    irises = all(
        np.linalg.norm(mesh[IRIS[side][0], :2] - eye_center(mesh, side))
        <= FARTHEST_IRIS * max(eye_width(mesh, side), 1e-6)
        for side in SIDES
    )
    return bool(left[0] < right[0] and max(left[1], right[1]) < mouth[1] and irises)


def _middle_inside(mesh: FloatArray, width: int, height: int) -> bool:
    """Between the eyes: a face cut off there has nothing that could be opened."""
    middle = np.mean([corner for side in SIDES for corner in corners(mesh, side)], axis=0)
    return bool(0 <= middle[0] <= width - 1 and 0 <= middle[1] <= height - 1)
