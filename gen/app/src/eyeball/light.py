"""The light on a face, estimated from its skin: where it comes from and how even it is.

Directions: x right, y down, z away from the viewer, so a light behind the camera has z = -1.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from imaging import eye_mesh
from imaging.colour import Image, luminance

FloatArray = NDArray[np.float64]

_PRIOR = np.array([0.0, -0.25, -0.45])
"""Shading of an ordinary photo per unit normal, relative to the mean: light from above and in front."""
_PRIOR_WEIGHT = 0.03
"""Weight of the prior against the mean square of the data; keeps weakly determined directions sane."""
_NOT_SKIN = np.array(
    sorted(
        {i for side in eye_mesh.EYE_REGION.values() for i in (*side[:48], *side[50:54], *side[63:71])}
        | {i for ring in eye_mesh.IRIS.values() for i in ring}
        | {0, 11, 12, 13, 14, 15, 16, 17, 37, 39, 40, 61, 84, 91, 146, 181, 185, 267, 269, 270, 291}
        | {314, 321, 375, 405, 409, 78, 80, 81, 82, 87, 88, 95, 178, 191, 308, 310, 311, 312, 317, 318}
        | {324, 402, 415}
    )
)
"""Mesh points on the eyes, the brows and the lips."""


@dataclass(frozen=True)
class SceneLight:
    """First-order lighting of a face.

    Attributes:
        direction: unit vector towards the light.
        ambient: share of the light that comes from everywhere, 0.2 hard .. 0.9 soft.
    """

    direction: FloatArray
    ambient: float

    def irradiance(self, normals: FloatArray) -> FloatArray:
        """Light on unit normals, shape (..., 3), relative to a surface that faces the viewer."""
        return self._raw(normals) / float(self._raw(np.array([0.0, 0.0, -1.0])))

    def _raw(self, normals: FloatArray) -> FloatArray:
        # Half-Lambert: a face is lit around its edges by what its surroundings throw back.
        facing = np.clip(0.5 + 0.5 * (normals @ self.direction), 0.0, 1.0) ** 1.5
        return self.ambient + (1.0 - self.ambient) * facing


def estimate_light(linear: Image, mesh: FloatArray) -> SceneLight:
    """Fit a mean and a shading vector to the skin's luminance over the mesh's surface normals.

    Args:
        linear: crop in linear light.
        mesh: (478, 3) in the crop frame.
    """
    normals, values = _skin_samples(linear, mesh)
    if len(values) < 12:
        shading, mean = _PRIOR, 1.0
    else:
        shading, mean = _fit(normals, values)
    strength = float(np.linalg.norm(shading)) / max(mean, 1e-6)
    direction = shading / max(float(np.linalg.norm(shading)), 1e-6)
    if direction[2] > -0.2:  # what is seen of a face is lit from the viewer's side
        direction = direction * np.array([1.0, 1.0, 0.0]) + np.array([0.0, 0.0, -0.2])
        direction = direction / np.linalg.norm(direction)
    return SceneLight(direction, float(np.clip(1.0 - 0.8 * strength, 0.2, 0.9)))


def _fit(normals: FloatArray, values: FloatArray) -> tuple[FloatArray, float]:
    """Reweighted least squares: shading vector and mean, relative to the median luminance."""
    design = np.column_stack([normals, np.ones(len(values))])
    weight = np.ones(len(values))
    prior = np.append(_PRIOR, 0.0)
    hold = np.diag([1.0, 1.0, 1.0, 0.0]) * _PRIOR_WEIGHT
    solution = prior
    for _ in range(4):
        weighted = design * weight[:, None]
        gram = weighted.T @ design / weight.sum() + hold
        solution = np.linalg.solve(gram, weighted.T @ values / weight.sum() + hold @ prior)
        error = np.abs(design @ solution - values)
        weight = 1.0 / (1.0 + (error / (1.5 * np.median(error) + 1e-6)) ** 2)
    # The mean belongs to a surface that faces the viewer.
    return solution[:3], float(solution[3] - solution[2])


def _triangulated(points: FloatArray, size: int) -> NDArray[np.intp]:
    """Delaunay triangles of points (n, 2) inside a picture of `size`, as indices (m, 3)."""
    mesh = cv2.Subdiv2D((0, 0, size, size))
    single = np.ascontiguousarray(points, np.float32).tolist()
    for point in single:
        mesh.insert(point)
    index = {tuple(point): number for number, point in enumerate(single)}
    corners = np.reshape(mesh.getTriangleList(), (-1, 2)).tolist()
    found = np.array([index.get(tuple(corner), -1) for corner in corners], np.intp).reshape(-1, 3)
    return found[(found >= 0).all(axis=1)]  # others reach to the corners of the frame around the picture


def _skin_samples(linear: Image, mesh: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Unit normals (n, 3) and relative luminance (n,) of mesh triangles on skin inside the crop."""
    size = linear.shape[0]
    keep = np.setdiff1d(np.arange(eye_mesh.MESH_POINTS), _NOT_SKIN)
    points = mesh[keep]
    inside = np.all((points[:, :2] > 2) & (points[:, :2] < size - 3), axis=1)
    points = points[inside]
    if len(points) < 12:
        return np.zeros((0, 3)), np.zeros(0)
    triangles = points[_triangulated(points[:, :2], size)]
    edge_a, edge_b = triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0]
    normals = np.cross(edge_a, edge_b)
    length = np.linalg.norm(normals, axis=1)
    longest = np.max(np.linalg.norm(np.stack([edge_a, edge_b, edge_b - edge_a])[..., :2], axis=2), axis=0)
    good = (length > 1e-6) & (longest < 0.2 * size)
    normals, triangles = normals[good] / length[good, None], triangles[good]
    normals = np.where(normals[:, 2:] > 0, -normals, normals)
    center = triangles.mean(axis=1)[:, :2].astype(np.float32)
    blurred = cv2.GaussianBlur(luminance(linear), (0, 0), max(0.8, size / 120))
    values = cv2.remap(blurred, center[:, 0], center[:, 1], cv2.INTER_LINEAR).ravel().astype(float)
    return normals, values / max(float(np.median(values)), 1e-4)
