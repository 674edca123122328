"""What the donor plan needs to know of every face of a run: a small record, the meshes stay on disk."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from contracts.face import SIDES, Face, FaceDocument, Side
from contracts.identity import IdentityDocument
from imaging import eye_mesh
from imaging.gaze import iris_position

_EYEBALL_DEPTH = 0.20
"""Eye widths from the corners back to the eyeball's middle, on which an eye turns: 5.4 mm of 27. Labelled
faces that look into the camera confirm it up to 23 degrees of yaw."""


@dataclass(frozen=True)
class KnownFace:
    """One face of a run.

    Attributes:
        photo: number of its photo among the photos of the run and the donors' photos.
        company: how many faces its photo has.
        closed: eyes that are surely closed.
        yaw, pitch: degrees, as in `contracts.face.Pose`.
        aside: how far the farther iris is from where it lies in an eye that looks into the camera, in eye
            widths.
        openness: mean aspect ratio of both eyes.
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
    openness: float
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


def _camera(yaw: float) -> float:
    """Position of an iris that looks into the camera, as in `imaging.gaze.iris_position`."""
    return 0.5 - _EYEBALL_DEPTH * math.sin(math.radians(yaw))


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
        aside=max(abs(iris_position(mesh, side) - _camera(face.pose.yaw)) for side in SIDES),
        openness=float(np.mean([eye_mesh.aspect_ratio(eye_mesh.eye_region(mesh, side)) for side in SIDES])),
        size=document.image_size,
        taken=taken,
    )
