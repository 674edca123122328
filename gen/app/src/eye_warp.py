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

GRID_STEP = 4
"""px between evaluated map points; a thin-plate map is smooth, so the rest is interpolated."""


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
    height, width = box.shape
    xs = np.arange(box.x1, box.x2 + GRID_STEP, GRID_STEP, dtype=float)
    ys = np.arange(box.y1, box.y2 + GRID_STEP, GRID_STEP, dtype=float)
    nodes = np.stack(np.meshgrid(xs, ys), axis=-1)
    coarse = plate(nodes.reshape(-1, 2)).reshape(*nodes.shape).astype(np.float32)
    enlarge = np.array([[GRID_STEP, 0, 0], [0, GRID_STEP, 0]], np.float32)
    fine = cv2.warpAffine(
        coarse, enlarge, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(fine, np.float32)


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


def box_anchors(box: Box) -> FloatArray:
    """Eight points on the border of a box, to pin a map there, shape (8, 2)."""
    x1, y1, x2, y2 = box
    xm, ym = (x1 + x2) / 2, (y1 + y2) / 2
    return np.array([(x1, y1), (xm, y1), (x2, y1), (x1, ym), (x2, ym), (x1, y2), (xm, y2), (x2, y2)], float)


def _kernel(a: FloatArray, b: FloatArray) -> FloatArray:
    """U(|a_i - b_j|), shape (len(a), len(b)); U(0) = 0."""
    squared = ((a[:, None, :] - b[None, :, :]) ** 2).sum(axis=2)
    return np.asarray(0.5 * squared * np.log(np.maximum(squared, 1e-300)), float)
