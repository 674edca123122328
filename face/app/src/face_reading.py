"""From a mesh to the contract's Face: both eyes measured and decided, pose, and parts for people."""

from __future__ import annotations

from typing import Any

import numpy as np

from contracts.face import SIDES, EyeAppearance, EyeReading, Face, FacePart, Pose, Side
from face.app.src.eye_appearance import eye_appearance
from face.app.src.eye_patch import eye_patch
from face.app.src.eye_state import EyeDecision, EyeMeasures, decide_pair
from face.app.src.eye_visibility import edge_blur, skin_brightness, surrounding_brightness
from face.app.src.face_plausibility import mesh_box
from face.app.src.head_pose import head_pose
from face.app.src.picture_pyramid import FloatArray, PicturePyramid
from imaging import eye_mesh

LANDMARK_SET = "mesh478"
BROW: dict[Side, tuple[int, ...]] = {
    "left": (70, 63, 105, 66, 107, 55, 65, 52, 53, 46),
    "right": (300, 293, 334, 296, 336, 285, 295, 282, 283, 276),
}
NOSE = (168, 6, 197, 195, 5, 4, 1, 19, 94, 2, 98, 327)
DECIMALS = 2
"""Of coordinates in the JSON: a hundredth of a pixel."""


def read_face(
    pyramid: PicturePyramid, mesh: FloatArray, face_index: int, confidence: float, threshold: float
) -> Face:
    """Measure one face and decide its eyes. confidence: of the detector, 0..1."""
    pose = head_pose(mesh)
    looks = {side: eye_appearance(pyramid, mesh, side) for side in SIDES}
    measures = measure_eyes(pyramid, mesh, pose, looks)
    left, right = decide_pair(measures["left"], measures["right"], threshold)
    return _face(mesh, face_index, confidence, pose, {"left": left, "right": right}, looks)


def measure_eyes(
    pyramid: PicturePyramid, mesh: FloatArray, pose: Pose, looks: dict[Side, EyeAppearance]
) -> dict[Side, EyeMeasures]:
    """What the states of both eyes are decided on."""
    skin = max(skin_brightness(pyramid, mesh), 1.0)
    patches = {side: eye_patch(pyramid, mesh, side) for side in SIDES}
    blur = {side: edge_blur(patches[side]) for side in SIDES}
    brightness = {side: surrounding_brightness(patches[side]) / skin for side in SIDES}
    # one lens took both eyes: their mean is steadier than either, unless one is hidden by something flat
    shared_blur = (blur["left"] + blur["right"]) / 2
    return {
        side: EyeMeasures(
            aspect_ratio=eye_mesh.aspect_ratio(eye_mesh.eye_region(mesh, side)),
            appearance=looks[side].score,
            width=eye_mesh.eye_width(mesh, side),
            # turning the nose to the viewer's right hides the right eye
            yaw=pose.yaw if side == "right" else -pose.yaw,
            pitch=pose.pitch,
            blur=min(blur[side], shared_blur),
            brightness=brightness[side],
            inside=_inside(pyramid, mesh, side),
            pair_brightness=(brightness["left"] + brightness["right"]) / 2,
        )
        for side in SIDES
    }


def _face(
    mesh: FloatArray,
    face_index: int,
    confidence: float,
    pose: Pose,
    decisions: dict[Side, EyeDecision],
    looks: dict[Side, EyeAppearance],
) -> Face:
    eyes = {side: _eye(mesh, side, decisions[side], looks[side]) for side in SIDES}
    x1, y1, x2, y2 = (round(v, DECIMALS) for v in mesh_box(mesh))
    return Face(
        face_index=face_index,
        bbox=(x1, y1, x2, y2),
        confidence=round(confidence, 3),
        left_eye=eyes["left"],
        right_eye=eyes["right"],
        left_eyebrow=_part(mesh, BROW["left"]),
        right_eyebrow=_part(mesh, BROW["right"]),
        nose=_part(mesh, NOSE),
        mesh=_points(mesh),
        pose=pose,
        inter_ocular_distance=round(eye_mesh.inter_ocular_distance(mesh), 3),
        requires_processing=any(eye.closed for eye in eyes.values()),
    )


def _eye(mesh: FloatArray, side: Side, decision: EyeDecision, look: EyeAppearance) -> EyeReading:
    polygon = eye_mesh.eye_polygon(mesh, side)
    area = eye_mesh.polygon_area(polygon)
    distance = max(eye_mesh.inter_ocular_distance(mesh), 1e-6)
    return EyeReading(
        state=decision.state,
        closed=decision.state == "closed",
        score=round(decision.score, 3),
        area=round(area, 2),
        normalised_area=round(area * (100.0 / distance) ** 2, 2),
        aspect_ratio=round(eye_mesh.aspect_ratio(eye_mesh.eye_region(mesh, side)), 4),
        width=round(eye_mesh.eye_width(mesh, side), 2),
        points=_points(polygon),
        indices=eye_mesh.polygon_indices(side),
        landmark_set=LANDMARK_SET,
        reason=decision.reason,
        decided_by=decision.decided_by,
        appearance=look,
    )


def _inside(pyramid: PicturePyramid, mesh: FloatArray, side: Side) -> bool:
    """Whether both corners of the eye lie in the photo."""
    last = (pyramid.width - 1, pyramid.height - 1)
    return all(0 <= v <= end for corner in eye_mesh.corners(mesh, side) for v, end in zip(corner, last))


def _part(mesh: FloatArray, indices: tuple[int, ...]) -> FacePart:
    return FacePart(_points(mesh[list(indices), :2]), indices)


def _points(coordinates: FloatArray) -> tuple[Any, ...]:
    """Rows as tuples of rounded numbers."""
    return tuple(tuple(row) for row in np.round(coordinates, DECIMALS).tolist())
