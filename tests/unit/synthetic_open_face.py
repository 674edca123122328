"""The drawn face of `synthetic_face` with its eyes open: lids, sclera, iris and an off-centre catchlight."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from contracts.crop import CropDocument
from contracts.face import SIDES, Side
from gen.app.src.open_shape import OpenEye, open_eye_of
from gen.app.src.strategy import FaceView
from gen.app.src.transfer.mesh_mirror import mirrored_indices
from imaging import eye_mesh
from imaging.colour import to_encoded, to_linear
from tests.unit.synthetic_face import face_mesh, face_picture, face_scene

FloatArray = NDArray[np.float64]

OPENING = 0.28
"""Height of the opening, eye widths."""
IRIS_RADIUS = 0.20
SCLERA = np.array([0.62, 0.60, 0.58])
IRIS = np.array([0.05, 0.09, 0.16])
"""Linear RGB."""
CATCHLIGHT = np.array([-0.07, -0.05])
"""Place in the iris, eye widths from its centre: the light comes from the viewer's left, above."""


FRAME = (0.12, 0.1, 0.1)

BROW = (50, 51, 52, 53, 69)
CHEEK = (55, 56, 57, 58, 59, 60)
"""Points of an eye region's third ring, outer to inner."""


def closed_mesh(spacing: float = 100.0, brow: float = 0.75) -> FloatArray:
    """`face_mesh` with two halves alike, brows `brow` eye widths above the corners, and cheeks below."""
    mesh = face_mesh(spacing)
    partner = np.array(mirrored_indices())
    flipped = mesh[partner] * [-1, 1, 1] + [2 * 1.2 * spacing, 0, 0]
    right_half = partner < np.arange(len(partner))
    mesh[right_half] = flipped[right_half]
    midline = partner == np.arange(len(partner))
    mesh[midline, 0] = 1.2 * spacing
    for side in SIDES:
        region = eye_mesh.EYE_REGION[side]
        outer, inner = eye_mesh.corners(mesh, side)
        for points, height in ((BROW, -brow), (CHEEK, 0.7)):
            for k, t in zip(points, np.linspace(-0.2, 1.2, len(points))):
                offset = [0.0, height * eye_mesh.eye_width(mesh, side)]
                mesh[region[k], :2] = outer + t * (inner - outer) + offset
    return mesh


def open_mesh(mesh: FloatArray, sides: tuple[Side, ...] = SIDES, gaze: float = 0.0) -> FloatArray:
    """The mesh with open eyes. gaze: shift of both irises to the viewer's right, eye widths."""
    opened = np.array(mesh, float)
    for side in sides:
        region = list(eye_mesh.EYE_REGION[side])
        width = eye_mesh.eye_width(mesh, side)
        arc = 1 - np.linspace(-1, 1, 9)[1:8] ** 2
        upper = [region[k] for k in range(9, 16)]
        opened[upper, 1] -= OPENING * width * arc
        center = eye_mesh.eye_center(mesh, side) + np.array([gaze, -0.04]) * width
        spokes = IRIS_RADIUS * width * np.array([[0, 0], [1, 0], [0, -1], [-1, 0], [0, 1]])
        opened[list(eye_mesh.IRIS[side]), :2] = center + spokes
    return opened


def open_picture(mesh: FloatArray, sides: tuple[Side, ...] = SIDES, **drawn: Any) -> NDArray[np.float32]:
    """sRGB-encoded crop; eyes of `sides` open, the others closed. drawn: see `face_picture`."""
    linear = to_linear(face_picture(mesh, **drawn))
    for side in sides:
        _draw_eye(linear, open_eye_of(mesh, side))
    return to_encoded(linear)


def _draw_eye(linear: NDArray[np.float32], eye: OpenEye) -> None:
    width = eye.width
    aperture = _filled(linear.shape, eye.region[list(eye_mesh.POLYGON), :2])
    center = eye.iris[0, :2]
    circle = np.linspace(0, 2 * np.pi, 48, endpoint=False)
    disc = np.stack([np.cos(circle), np.sin(circle)], axis=1)
    iris = _filled(linear.shape, center + disc * eye.iris_radius)
    light = _filled(linear.shape, center + (CATCHLIGHT + 0.03 * disc) * width)
    eyeball = SCLERA + (IRIS - SCLERA) * iris
    eyeball = eyeball + (0.95 - eyeball) * light
    linear += ((eyeball - linear) * aperture).astype(np.float32)


def _filled(shape: tuple[int, ...], points: FloatArray) -> NDArray[np.float32]:
    mask = np.zeros(shape[:2], np.uint8)
    cv2.fillPoly(mask, [np.round(points * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
    return np.asarray(mask[..., None] / 255, np.float32)


def with_brows(picture: NDArray[np.float32], mesh: FloatArray) -> NDArray[np.float32]:
    """The picture with dark brows: edges that open and closed faces have in common."""
    drawn = np.array(picture, np.float32)
    for side in SIDES:
        brow = eye_mesh.eye_region(mesh, side)[list(BROW), :2]
        thickness = max(1, round(0.12 * eye_mesh.eye_width(mesh, side)))
        points = np.round(brow * 16).astype(np.int32)
        cv2.polylines(drawn, [points], False, (0.15, 0.1, 0.08), thickness, cv2.LINE_AA, 4)
    return drawn


def with_brow_points(mesh: FloatArray) -> FloatArray:
    """The mesh with the upper edges of its brows above their lower ones."""
    result = np.array(mesh, float)
    for side in ("left", "right"):
        region = eye_mesh.EYE_REGION[side]
        for low, high in zip(eye_mesh.BROW_EDGE, eye_mesh.BROW[:4:-1]):
            result[region[high]] = result[region[low]] - [0, 0.14 * eye_mesh.eye_width(mesh, side), 0]
    return result


def with_glasses(face: FaceView, drop: float = 0.0, arc: float = 360.0) -> FaceView:
    """The face with oval rims. drop: eye widths by which they hang lower. arc: degrees that are drawn."""
    picture = face.crop.copy()
    for side in SIDES:
        (x, y), w = eye_mesh.eye_center(face.mesh, side), eye_mesh.eye_width(face.mesh, side)
        center = (round(x * 16), round((y + drop * w) * 16))
        axes = (round(0.72 * w * 16), round(0.5 * w * 16))
        cv2.ellipse(picture, center, axes, 0, 200, 200 + arc, FRAME, 2, cv2.LINE_AA, 4)
    return replace(face, crop=picture)


def open_face(spacing: float = 100.0, gaze: float = 0.0, **drawn: Any) -> FaceView:
    """A donor: the same face as `synthetic_face`, both eyes open."""
    mesh = open_mesh(closed_mesh(spacing), gaze=gaze)
    scene = face_scene(open_picture(mesh, **drawn), mesh, ("left",))
    return FaceView(scene.crop, with_open_eyes(scene.document), mesh)


def with_open_eyes(document: CropDocument) -> CropDocument:
    """The document of a face with both eyes open and nothing to do."""
    left, right = (replace(document.eye(side), state="open", to_open=False) for side in SIDES)
    return replace(document, left_eye=left, right_eye=right)
