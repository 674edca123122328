"""Faces and pictures made of numbers: no photo, no model, known to the last bit."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from contracts.face import SIDES, EyeReading, Face, FaceDocument, FacePart, Pose, Side
from imaging import eye_mesh

FloatArray = NDArray[np.float64]

EYE_WIDTH = 0.46
"""Of the inter-ocular distance."""
RINGS = (
    (eye_mesh.FIRST_RING, 1.3, 0.25),
    (eye_mesh.SECOND_RING, 1.5, 0.45),
    (eye_mesh.THIRD_RING, 1.9, 0.75),
)


def synthetic_mesh(
    middle: tuple[float, float], inter_ocular: float, tilt: float = 0.0, openness: float = 0.05
) -> FloatArray:
    """478 points of an upright face, turned by `tilt` radians about the middle between the eyes.

    Args:
        openness: eye aspect ratio, roughly.
    """
    mesh = np.zeros((eye_mesh.MESH_POINTS, 3))
    # The rest of the face: a sunflower pattern in an oval, enough for whoever takes bounds of it.
    k = np.arange(eye_mesh.MESH_POINTS)
    radius, angle = np.sqrt(k / len(k)), k * 2.39996
    mesh[:, 0] = 1.1 * inter_ocular * radius * np.cos(angle)
    mesh[:, 1] = 1.5 * inter_ocular * radius * np.sin(angle) + 0.5 * inter_ocular
    for side in SIDES:
        mesh[list(eye_mesh.EYE_REGION[side])] = _eye(side, inter_ocular, openness)
    cos, sin = math.cos(tilt), math.sin(tilt)
    mesh[:, :2] = mesh[:, :2] @ np.array([[cos, sin], [-sin, cos]]) + middle
    return mesh


def _eye(side: Side, inter_ocular: float, openness: float) -> FloatArray:
    """71 points; outer corner first, lower lid, inner corner, upper lid from the outside again."""
    half = EYE_WIDTH * inter_ocular / 2
    region = np.zeros((71, 3))
    along = np.linspace(-1, 1, 9)  # outer to inner
    lid = openness * (1 - along**2)
    region[:9, 0], region[:9, 1] = along * half, lid * half
    region[9:16, 0], region[9:16, 1] = along[1:8] * half, -lid[1:8] * half
    for ring, width, height in RINGS:
        count = ring.stop - ring.start
        angle = np.linspace(0, 2 * np.pi, count, endpoint=False)
        region[ring, 0] = -width * half * np.cos(angle)
        region[ring, 1] = height * 2 * half * np.sin(angle)
    sign = 1 if side == "left" else -1  # the outer corner of the viewer's left eye lies to the left
    region[:, 0] = sign * region[:, 0] - sign * inter_ocular / 2
    return region


def face_of(mesh: FloatArray, index: int = 0, closed: tuple[Side, ...] = SIDES) -> Face:
    part = FacePart(((0.0, 0.0),), (0,))
    low, high = mesh[:, :2].min(axis=0), mesh[:, :2].max(axis=0)
    return Face(
        face_index=index,
        bbox=(*low.tolist(), *high.tolist()),
        confidence=0.9,
        left_eye=_reading(mesh, "left", "left" in closed),
        right_eye=_reading(mesh, "right", "right" in closed),
        left_eyebrow=part,
        right_eyebrow=part,
        nose=part,
        mesh=tuple((x, y, z) for x, y, z in mesh.tolist()),
        pose=Pose(0.0, 0.0, 0.0),
        inter_ocular_distance=eye_mesh.inter_ocular_distance(mesh),
        requires_processing=bool(closed),
    )


def face_document(size: tuple[int, int], *faces: Face) -> FaceDocument:
    return FaceDocument("2026-01-01T00:00:00", "in:photo.png", size, "synthetic", 260.0, faces)


def _reading(mesh: FloatArray, side: Side, closed: bool) -> EyeReading:
    points = eye_mesh.eye_polygon(mesh, side)
    area = eye_mesh.polygon_area(points)
    return EyeReading(
        state="closed" if closed else "open",
        closed=closed,
        score=0.9 if closed else 0.1,
        area=area,
        normalised_area=area * 1e4 / eye_mesh.inter_ocular_distance(mesh) ** 2,
        aspect_ratio=eye_mesh.aspect_ratio(eye_mesh.eye_region(mesh, side)),
        width=eye_mesh.eye_width(mesh, side),
        points=tuple((x, y) for x, y in points.tolist()),
        indices=eye_mesh.polygon_indices(side),
        landmark_set="mesh478",
    )


def textured_picture(
    size: tuple[int, int], channels: int = 3, depth: int = 8, seed: int = 0, noise: float = 0.01
) -> NDArray[Any]:
    """Smooth skin-like colours with waves and noise: (height, width, channels) uint8 or uint16.

    Args:
        size: width, height.
        noise: standard deviation, of 1.
    """
    width, height = size
    generator = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width]
    # Each channel has its own waves, so that colour does not follow from lightness.
    waves = [0.08 * np.sin(x / 23 + y / 31 + c) + 0.05 * np.cos(y / 11 - 2 * c) for c in range(channels)]
    base = np.array([0.72, 0.55, 0.46])[:channels]
    picture = base + np.dstack(waves) + noise * generator.standard_normal((height, width, channels))
    top = 2**depth - 1
    levels: NDArray[Any] = np.round(np.clip(picture, 0, 1) * top).astype(
        np.uint8 if depth == 8 else np.uint16
    )
    return levels


def textured_unit(
    size: tuple[int, int], channels: int = 3, seed: int = 0, noise: float = 0.01
) -> NDArray[np.float32]:
    """The same as float32 0..1."""
    return as_unit(textured_picture(size, channels, 16, seed, noise))


def as_unit(levels: NDArray[Any]) -> NDArray[np.float32]:
    """uint8 or uint16 samples as float32 0..1."""
    unit: NDArray[np.float32] = np.divide(levels, np.iinfo(levels.dtype).max, dtype=np.float32)
    return unit
