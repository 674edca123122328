"""2x3 affine matrices: [x', y'] = M[:, :2] @ [x, y] + M[:, 2]; pixel centres at integers. Needs NumPy."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]


def as_matrix(matrix: ArrayLike) -> FloatArray:
    """Shape (2, 3), float64."""
    return np.asarray(matrix, np.float64).reshape(2, 3)


def apply(matrix: ArrayLike, points: ArrayLike) -> FloatArray:
    """Transform points of shape (..., 2)."""
    m = as_matrix(matrix)
    moved: FloatArray = np.asarray(points, np.float64) @ m[:, :2].T + m[:, 2]
    return moved


def inverse(matrix: ArrayLike) -> FloatArray:
    m = as_matrix(matrix)
    linear = np.linalg.inv(m[:, :2])
    return np.column_stack([linear, -linear @ m[:, 2]])


def compose(second: ArrayLike, first: ArrayLike) -> FloatArray:
    """The matrix that applies `first`, then `second`."""
    a, b = as_matrix(second), as_matrix(first)
    return np.column_stack([a[:, :2] @ b[:, :2], a[:, :2] @ b[:, 2] + a[:, 2]])


def shift(x: float, y: float) -> FloatArray:
    return np.array([[1.0, 0.0, x], [0.0, 1.0, y]])


def scaling(factor: float) -> FloatArray:
    """To a raster `factor` times as dense: pixel areas, not centres, are scaled.

    The centre of the first pixel lies half a pixel inside of the picture's corner in both rasters.
    """
    offset = (factor - 1) / 2
    return np.array([[factor, 0.0, offset], [0.0, factor, offset]])
