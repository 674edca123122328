"""How alike the shapes of two faces are, expression left out; needs NumPy.

A weak cue for "the same person": good enough to choose among the faces of one group photo, not to
confirm an identity.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from imaging.eye_mesh import EYE_REGION, IRIS, MESH_POINTS

FloatArray = NDArray[np.float64]

# fmt: off
LIPS = (
    61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291, 146, 91, 181, 84, 17, 314, 405, 321, 375,
    78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308, 95, 88, 178, 87, 14, 317, 402, 318, 324,
)
# fmt: on
"""Outer and inner contour of the lips, MediaPipe's FACEMESH_LIPS."""

_MOVING = {*EYE_REGION["left"], *EYE_REGION["right"], *IRIS["left"], *IRIS["right"], *LIPS}
RIGID = tuple(sorted(set(range(MESH_POINTS)) - _MOVING))
"""Mesh points that blinking and speaking move least."""


def shape_distance(a: FloatArray, b: FloatArray) -> float:
    """Procrustes distance of two meshes in space, 0 (alike) .. 1; size, place and pose do not count.

    Args:
        a, b: meshes of shape (478, 3).
    """
    first, second = _normalised(a), _normalised(b)
    # The best rotation leaves the sum of singular values as the inner product (Kabsch); a reflection,
    # which no head does, gives its last one the other sign.
    left, singular, right = np.linalg.svd(first.T @ second)
    if np.linalg.det(left @ right) < 0:
        singular[-1] = -singular[-1]
    return float(np.sqrt(max(0.0, 1.0 - singular.sum() ** 2)))


def _normalised(mesh: FloatArray) -> FloatArray:
    points = np.asarray(mesh, float)[list(RIGID)]
    points = points - points.mean(axis=0)
    return np.asarray(points / np.linalg.norm(points))
