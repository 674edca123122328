"""Thin-plate splines: smooth maps of the plane through pairs of points.

Bookstein, "Principal warps", 1989. Systems here have at most about 150 points: a dense solve with
NumPy takes a millisecond, and importing SciPy for it would take three hundred.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from gen.app.src.eye_box import Box

FloatArray = NDArray[np.float64]

_GRID_STEPS = 24.0
"""Evaluated map points along a unit; a thin-plate map is smooth, so the rest is interpolated."""


@dataclass(frozen=True)
class ThinPlate:
    """f(x) = affine(x) + sum of weights_i * U(|x - points_i|), U(r) = r^2 log r; see `fit_thin_plate`."""

    points: FloatArray
    weights: FloatArray
    affine: FloatArray
    center: FloatArray
    unit: float

    def __call__(self, queries: FloatArray) -> FloatArray:
        """Values at points (n, 2), shape (n, k)."""
        q = (np.asarray(queries, float) - self.center) / self.unit
        basis = np.column_stack([np.ones(len(q)), q])
        return _kernel(q, self.points) @ self.weights + basis @ self.affine


def fit_thin_plate(points: FloatArray, values: FloatArray, unit: float, smoothing: float = 0.0) -> ThinPlate:
    """The thin-plate spline that takes `points` (n, 2) to `values` (n, k).

    Args:
        unit: length that counts as 1, usually the eye's width; makes `smoothing` independent of size.
        smoothing: 0 interpolates; 1e-4 lets points of an eye give way by about a hundredth of its width.

    Raises:
        ValueError: fewer than three points, or all on one line.
    """
    center = np.asarray(np.mean(points, axis=0), float)
    p = (np.asarray(points, float) - center) / unit
    n = len(p)
    basis = np.column_stack([np.ones(n), p])
    if np.linalg.matrix_rank(basis) < 3:
        raise ValueError("a map of the plane needs three points that are not on one line")
    system = np.zeros((n + 3, n + 3))
    system[:n, :n] = _kernel(p, p) + smoothing * np.eye(n)
    system[:n, n:] = basis
    system[n:, :n] = basis.T
    right = np.vstack([values, np.zeros((3, np.shape(values)[1]))])
    solution = np.asarray(np.linalg.solve(system, right), float)
    return ThinPlate(p, solution[:n], solution[n:], center, unit)


def backward_map(
    target_points: FloatArray,
    source_points: FloatArray,
    box: Box,
    unit: float,
    smoothing: float = 0.0,
) -> NDArray[np.float32]:
    """Source coordinates of every pixel of `box`, shape (height, width, 2), for `cv2.remap`.

    Args:
        target_points: (n, 2) in the frame of the picture that `box` lies in.
        source_points: (n, 2) where each of them comes from, in the source picture's frame.
        unit, smoothing: see `fit_thin_plate`.
    """
    plate = fit_thin_plate(target_points, source_points, unit, smoothing)
    step = max(1, int(unit / _GRID_STEPS))
    along_y, along_x = (_between_nodes(size, step) for size in box.shape)
    # One node before the first pixel, for the cubic that begins there.
    xs = box.x1 + step * (np.arange(along_x.shape[1]) - 1.0)
    ys = box.y1 + step * (np.arange(along_y.shape[1]) - 1.0)
    nodes = np.stack(np.meshgrid(xs, ys), axis=-1)
    values = plate(nodes.reshape(-1, 2)).reshape(nodes.shape)
    fine = np.einsum("hy,yxk,wx->hwk", along_y, values, along_x, optimize=True)
    return np.asarray(fine, np.float32)


def _between_nodes(count: int, step: int) -> FloatArray:
    """Weights of grid nodes for `count` pixels, shape (count, nodes); node 1 lies on pixel 0.

    Catmull-Rom: exact for quadratic maps, and continuous in the first derivative.
    """
    position = np.arange(count) / step
    first = position.astype(int)
    t = position - first
    weights = np.zeros((count, int(first.max()) + 4))
    for k, w in enumerate(
        (
            -0.5 * t + t**2 - 0.5 * t**3,
            1 - 2.5 * t**2 + 1.5 * t**3,
            0.5 * t + 2 * t**2 - 1.5 * t**3,
            -0.5 * t**2 + 0.5 * t**3,
        )
    ):
        weights[np.arange(count), first + k] = w
    return weights


def sample(picture: NDArray[np.float32], coordinates: NDArray[np.float32]) -> NDArray[np.float32]:
    """Cubic interpolation of `picture` at coordinates (height, width, 2); borders are mirrored."""
    return np.asarray(
        cv2.remap(
            picture,
            coordinates[..., 0],
            coordinates[..., 1],
            cv2.INTER_CUBIC,
            borderMode=cv2.BORDER_REFLECT_101,
        ),
        np.float32,
    )


def _kernel(a: FloatArray, b: FloatArray) -> FloatArray:
    """U(|a_i - b_j|), shape (len(a), len(b)); U(0) = 0."""
    squared = ((a[:, None, :] - b[None, :, :]) ** 2).sum(axis=2)
    return np.asarray(0.5 * squared * np.log(np.maximum(squared, 1e-300)), float)
