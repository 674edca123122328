"""A drawn face with closed eyes and a mesh that fits it: everything about it is known exactly."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from contracts.crop import CropDocument, EyeCrop
from contracts.face import SIDES, EyeState, Pose, Side
from contracts.gen import GenItemParams
from gen.app.src.strategy import EyeScene, FaceView
from imaging import eye_mesh
from imaging.colour import to_encoded

FloatArray = NDArray[np.float64]

SKIN = np.array([0.42, 0.27, 0.19])
"""Linear RGB."""
LINE_DEPTH = 0.08
"""v of the middle of the closed line, eye widths."""


def face_mesh(spacing: float = 100.0, yaw: float = 0.0, width_share: float = 0.45) -> FloatArray:
    """(478, 3) mesh of a head with closed eyes, its eyes `spacing` px apart around (1.2, 1.2) * spacing.

    Args:
        yaw: degrees by which the nose turns to the viewer's right.
        width_share: eye width over spacing.
    """
    rng = np.random.default_rng(0)
    mesh = np.zeros((eye_mesh.MESH_POINTS, 3))
    mesh[:, 0] = rng.uniform(-1.0, 1.0, len(mesh))
    mesh[:, 1] = rng.uniform(-0.9, 1.7, len(mesh))
    mesh[:, 2] = 0.35 * mesh[:, 0] ** 2 + 0.12 * mesh[:, 1] ** 2
    for side in SIDES:
        sign = -1.0 if side == "left" else 1.0
        mesh[list(eye_mesh.EYE_REGION[side])] = _eye_region(sign, width_share)
        mesh[list(eye_mesh.IRIS[side])] = [0.5 * sign, 0.0, 0.0]
    fixed = {10: (0, -0.9, 0.1), 152: (0, 1.7, 0.1), 234: (-1.05, 0.2, 0.5), 454: (1.05, 0.2, 0.5)}
    fixed |= {127: (-1.0, 0.0, 0.45), 356: (1.0, 0.0, 0.45)}
    fixed |= {129: (-0.34, 0.58, -0.1), 358: (0.34, 0.58, -0.1)}  # nose wings
    for index, point in fixed.items():
        mesh[index] = point
    turn = np.radians(yaw)
    # A nose that turns to the viewer's right moves points in front (negative z) to the right.
    rotation = np.array([[np.cos(turn), 0, -np.sin(turn)], [0, 1, 0], [np.sin(turn), 0, np.cos(turn)]])
    mesh = mesh @ rotation.T * spacing
    mesh[:, :2] += 1.2 * spacing
    return np.asarray(mesh)


def _eye_region(sign: float, width: float) -> FloatArray:
    """(71, 3) points of a closed eye in inter-ocular distances, the head's middle at (0, 0)."""
    region = np.zeros((71, 3))
    t = np.linspace(-0.5, 0.5, 9)  # outer to inner
    line = LINE_DEPTH * (1 - (2 * t) ** 2)
    lower, upper = list(eye_mesh.LOWER_MARGIN), list(eye_mesh.UPPER_MARGIN)
    region[lower, 0], region[lower, 1] = t, line
    region[upper, 0], region[upper, 1] = t, line
    for ring, height in ((eye_mesh.FIRST_RING, 0.40), (eye_mesh.SECOND_RING, 0.58)):
        under, over = list(range(ring.start, ring.start + 9)), list(range(ring.start + 9, ring.stop))
        region[under, 0], region[under, 1] = t * 1.3, 0.5 * height * (1 - (2 * t) ** 2) + 0.03
        region[over, 0], region[over, 1] = t[1:8] * 1.3, -height * (1 - (2 * t[1:8]) ** 2 * 0.4)
    region[eye_mesh.THIRD_RING, 0] = np.linspace(-0.8, 0.8, 23)
    region[eye_mesh.THIRD_RING, 1] = 0.6
    region[list(eye_mesh.BROW), 1] = -0.8
    region *= width
    region[:, 0] = -region[:, 0] * sign + 0.5 * sign  # outer corners away from the nose
    return region


def face_picture(
    mesh: FloatArray, lash: float = 0.8, skin: FloatArray = SKIN, light: float = 0.0
) -> NDArray[np.float32]:
    """sRGB-encoded crop of skin with closed eyes.

    Args:
        lash: darkness of the closed line and its lashes, 0..1.
        light: relative brightening towards the viewer's right edge, darkening towards the left.
    """
    spacing = float(np.linalg.norm(eye_mesh.eye_center(mesh, "left") - eye_mesh.eye_center(mesh, "right")))
    size = round(2.4 * spacing)
    x = np.linspace(-1.0, 1.0, size)[None, :]
    level = np.repeat(1.0 + light * x, size, axis=0)
    passed = np.ones((size, size), np.float32)
    for side in SIDES:
        width = eye_mesh.eye_width(mesh, side)
        margin = eye_mesh.eye_region(mesh, side)[list(eye_mesh.LOWER_MARGIN), :2]
        points = np.round(margin * 16).astype(np.int32)
        drawn = np.zeros((size, size), np.uint8)
        cv2.polylines(drawn, [points], False, 255, max(1, round(0.05 * width)), cv2.LINE_AA, 4)
        passed = np.minimum(passed, 1 - lash * drawn.astype(np.float32) / 255)
    linear = (level * passed)[..., None] * skin
    return np.asarray(to_encoded(linear.astype(np.float32)), np.float32)


def face_scene(
    picture: NDArray[np.float32],
    mesh: FloatArray,
    sides: tuple[Side, ...] = SIDES,
    seed: int = 1,
    greyscale: bool = False,
    scale: float = 1.0,
    yaw: float = 0.0,
    **params: object,
) -> EyeScene:
    """An EyeScene of it; eyes that are not to be opened count as open."""

    def eye(side: Side) -> EyeCrop:
        x, y = eye_mesh.eye_center(mesh, side)
        state: EyeState = "closed" if side in sides else "open"
        return EyeCrop(state, side in sides, (x, y), eye_mesh.eye_width(mesh, side), 0.0, 0)

    size = picture.shape[0]
    spacing = float(np.linalg.norm(eye_mesh.eye_center(mesh, "left") - eye_mesh.eye_center(mesh, "right")))
    document = CropDocument(
        face_index=0,
        photo_size=(size, size),
        transform=((scale, 0.0, 0.0), (0.0, scale, 0.0)),
        crop_size=size,
        scale=scale,
        crop_rotation_angle=0.0,
        crop_original_position=(0.0, 0.0),
        padded=False,
        greyscale=greyscale,
        sepia=False,
        bit_depth=8,
        left_eye=eye("left"),
        right_eye=eye("right"),
        left_eye_mask_area=0,
        right_eye_mask_area=0,
        mesh=(),
        pose=Pose(yaw, 0.0, 0.0),
        inter_ocular_distance=spacing,
    )
    return EyeScene(FaceView(picture, document, mesh), sides, GenItemParams(**params), seed)  # type: ignore[arg-type]
