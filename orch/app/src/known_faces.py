"""What the donor plan needs to know of every face of a run: a small record, the meshes stay on disk."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from contracts.face import SIDES, Face, FaceDocument, Side
from imaging.gaze import iris_position


@dataclass(frozen=True)
class KnownFace:
    """One face of a run.

    Attributes:
        photo: number of its photo among the photos of the run and the donors' photos.
        company: how many faces its photo has.
        closed: eyes that are surely closed.
        yaw, pitch: degrees, as in `contracts.face.Pose`.
        aside: how far the farther iris is from the middle of its eye, in eye widths; 0 looks ahead.
        taken: seconds since 1970, None where the photo does not tell.
        vector: of the identity backend, None where there is none.
    """

    photo: int
    face_index: int
    company: int
    closed: tuple[Side, ...]
    both_open: bool
    yaw: float
    pitch: float
    inter_ocular_distance: float
    aside: float
    taken: float | None = None
    vector: tuple[float, ...] | None = None


def known_faces(
    photo: int, document: FaceDocument, taken: float | None, vectors: Mapping[int, tuple[float, ...]]
) -> list[KnownFace]:
    """The records of a photo's faces. vectors: face index -> identity vector."""
    return [_known(photo, document, face, taken, vectors.get(face.face_index)) for face in document.faces]


def _known(
    photo: int, document: FaceDocument, face: Face, taken: float | None, vector: tuple[float, ...] | None
) -> KnownFace:
    mesh = np.asarray(face.mesh)
    return KnownFace(
        photo=photo,
        face_index=face.face_index,
        company=len(document.faces),
        closed=tuple(side for side in SIDES if face.eye(side).state == "closed"),
        both_open=all(face.eye(side).state == "open" for side in SIDES),
        yaw=face.pose.yaw,
        pitch=face.pose.pitch,
        inter_ocular_distance=face.inter_ocular_distance,
        aside=max(abs(iris_position(mesh, side) - 0.5) for side in SIDES),
        taken=taken,
        vector=vector,
    )
