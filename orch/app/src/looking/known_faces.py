"""What the donor plan needs to know of every face of a run: a small record, the meshes stay on disk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from contracts.face import SIDES, Face, FaceDocument, Side
from contracts.identity import IdentityDocument
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
        size: of the photo, px.
        taken: seconds since 1970, None where the photo does not tell.
        vector: of the identity backend, None where there is none.
        scene: of the photo, as in `contracts.identity`; empty where there is no vector.
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
    size: tuple[int, int] = (0, 0)
    taken: float | None = None
    vector: tuple[float, ...] | None = None
    scene: tuple[float, ...] = ()


def known_faces(photo: int, document: FaceDocument, taken: float | None) -> list[KnownFace]:
    """The records of a photo's faces, without identity."""
    return [_known(photo, document, face, taken) for face in document.faces]


def with_identity(faces: Sequence[KnownFace], identity: IdentityDocument) -> list[KnownFace]:
    """The records of a photo's faces with their vectors."""
    vectors = {found.face_index: found.vector for found in identity.faces}
    return [
        replace(face, vector=vectors[face.face_index], scene=identity.scene)
        if face.face_index in vectors
        else face
        for face in faces
    ]


def _known(photo: int, document: FaceDocument, face: Face, taken: float | None) -> KnownFace:
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
        size=document.image_size,
        taken=taken,
    )
