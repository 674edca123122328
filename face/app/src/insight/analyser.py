"""All faces of a photo as InsightFace finds them, their eyes decided by the mesh.

InsightFace brings the faces, its 106 landmarks, age and gender. Whether an eye is closed is the mesh's
word where the mesh is sure: the 106 landmarks hardly see a wink. Between its two states, they decide.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from contracts.face import SIDES, EyeReading, Face, LandmarkSet, Side
from face.app.src.eye_state import CUT_RATIO, DEFAULT_THRESHOLD
from face.app.src.face_mesh import FaceMesher, MeshReading, face_square
from face.app.src.face_plausibility import TO_KEEP, is_plausible
from face.app.src.face_reading import DECIMALS, read_face
from face.app.src.insight import landmarks_106
from face.app.src.insight.five_points import five_points
from face.app.src.insight.pack import Detection, Looks, Pack
from face.app.src.insight.search import find_faces
from face.app.src.picture_pyramid import FloatArray, PicturePyramid, Square
from imaging import eye_mesh

IN_DOUBT = "between open and closed"
"""The mesh's reason where the other landmarks may decide."""
SURE = 0.25
"""Share of the cut by which their ratio must lie off it."""


class InsightAnalyser:
    """One pack and the mesh. identity: whether vectors are wanted."""

    def __init__(self, pack: Pack, identity: bool) -> None:
        self._pack = pack
        self._mesher = FaceMesher()
        self._identity = identity

    def find(self, pyramid: PicturePyramid, threshold: float, smallest_face: float) -> list[Face]:
        """Search the whole photo; faces are numbered left to right, then top to bottom."""
        found = find_faces(pyramid, self._pack, smallest_face)
        found.sort(key=lambda face: (face.box[0] + face.box[2], face.box[1] + face.box[3]))
        return [self._read(pyramid, face, number, threshold) for number, face in enumerate(found)]

    def look_again(self, pyramid: PicturePyramid, known: Iterable[Face], threshold: float) -> list[Face]:
        """Read known faces on this picture, where they were; they keep their numbers."""
        faces = []
        for face in known:
            reading = self._mesher.read(pyramid, face_square(np.asarray(face.mesh)))
            if is_plausible(reading, pyramid.width, pyramid.height, TO_KEEP):
                there = Detection(face.bbox, face.confidence, five_points(reading.mesh))
                faces.append(self._told(pyramid, there, reading, face.face_index, threshold))
        return faces

    def _read(self, pyramid: PicturePyramid, face: Detection, number: int, threshold: float) -> Face:
        return self._told(pyramid, face, self._mesher.read(pyramid, _square(face)), number, threshold)

    def _told(
        self, pyramid: PicturePyramid, face: Detection, reading: MeshReading, number: int, threshold: float
    ) -> Face:
        looks = self._pack.look(pyramid.photo, face, self._identity)
        by_mesh = read_face(pyramid, reading.mesh, number, face.score, threshold)
        believed = is_plausible(reading, pyramid.width, pyramid.height, TO_KEEP)
        eyes = {side: _eye(by_mesh.eye(side), looks, side, threshold, believed) for side in SIDES}
        return replace(
            by_mesh,
            bbox=_rounded([face.box])[0],
            left_eye=eyes["left"],
            right_eye=eyes["right"],
            requires_processing=any(eye.closed for eye in eyes.values()),
            landmarks=_landmark_sets(looks.landmarks),
            age=looks.age,
            gender=looks.gender,
            identity=looks.identity,
        )


def _eye(mesh: EyeReading, looks: Looks, side: Side, threshold: float, believed: bool) -> EyeReading:
    """The mesh's reading with InsightFace's polygon and numbers, and its word where the mesh has none."""
    polygon = landmarks_106.contour(looks.landmarks, side)
    ratio = landmarks_106.aspect_ratio(looks.landmarks, side)
    area = eye_mesh.polygon_area(polygon)
    width = float(np.ptp(polygon, axis=0).max())
    reading = replace(
        mesh,
        area=round(area, 2),
        normalised_area=round(area * mesh.normalised_area / max(mesh.area, 1e-6), 2),
        aspect_ratio=round(ratio, 4),
        width=round(width, 2),
        points=_rounded(polygon),
        indices=landmarks_106.CONTOUR[side],
        landmark_set=landmarks_106.NAME,
    )
    if not believed:
        reason = "the mesh sees no face here: the landmarks are not to be trusted"
        return replace(reading, state="undetermined", closed=False, reason=reason, decided_by="mesh478")
    if mesh.state != "undetermined" or mesh.reason != IN_DOUBT:
        return reading
    openness = DEFAULT_THRESHOLD * ratio / CUT_RATIO[landmarks_106.NAME] / threshold
    if abs(openness - 1) < SURE:
        return reading
    closed = openness < 1
    return replace(
        reading,
        state="closed" if closed else "open",
        closed=closed,
        reason="",
        decided_by=landmarks_106.NAME,
    )


def _landmark_sets(landmarks: FloatArray) -> tuple[LandmarkSet, ...]:
    """All 106, and of each eye the six that the original design takes."""
    sets = [LandmarkSet(landmarks_106.NAME, _rounded(landmarks))]
    for side in SIDES:
        points = landmarks[list(landmarks_106.REFERENCE_POLYGON[side])]
        sets.append(LandmarkSet(f"{landmarks_106.NAME}_{side}_eye_reference", _rounded(points)))
    return tuple(sets)


def _square(face: Detection) -> Square:
    """The face's own square, upright along its eyes."""
    x1, y1, x2, y2 = face.box
    across = face.points[1] - face.points[0]
    angle = math.atan2(float(across[1]), float(across[0]))
    return Square(((x1 + x2) / 2, (y1 + y2) / 2), max(x2 - x1, y2 - y1), angle)


def _rounded(points: FloatArray | Sequence[tuple[float, ...]]) -> tuple[Any, ...]:
    return tuple(tuple(row) for row in np.round(points, DECIMALS).tolist())
