"""All faces of a photo, found or looked at again, in the contract's words."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from contracts.face import Face
from face.app.src.adaptive_search import find_faces
from face.app.src.face_detector import Candidate, FaceDetector
from face.app.src.face_mesh import FaceMesher, MeshReading, face_square
from face.app.src.face_plausibility import TO_FIND, TO_KEEP, is_plausible, mesh_box
from face.app.src.face_reading import read_face
from face.app.src.picture_pyramid import PicturePyramid, Square
from face.app.src.suppression import strongest


class FaceAnalyser:
    """Both networks and what is made of their answers."""

    def __init__(self) -> None:
        self._detector = FaceDetector()
        self._mesher = FaceMesher()

    def load(self) -> None:
        """Load both networks now instead of at the first face."""
        self._detector.load()
        self._mesher.load()

    def find(self, pyramid: PicturePyramid, threshold: float, smallest_face: float) -> list[Face]:
        """Search the whole photo; faces are numbered left to right, then top to bottom."""
        found = [
            (candidate, self.mesh(pyramid, Square(candidate.center, candidate.side, candidate.roll)))
            for candidate in find_faces(pyramid, self._detector, smallest_face)
        ]
        faces = _each_once([f for f in found if is_plausible(f[1], pyramid.width, pyramid.height, TO_FIND)])
        faces.sort(key=lambda f: _middle(f[1]))
        return [
            read_face(pyramid, reading.mesh, number, candidate.score, threshold)
            for number, (candidate, reading) in enumerate(faces)
        ]

    def mesh(self, pyramid: PicturePyramid, face: Square) -> MeshReading:
        """The mesh of the face in a square, without judging it."""
        return self._mesher.read(pyramid, face)

    def look_again(self, pyramid: PicturePyramid, known: Iterable[Face], threshold: float) -> list[Face]:
        """Read known faces on this picture, where they were; they keep their numbers. Nothing is searched.

        A face that is not to be seen there any more is left out.
        """
        faces = []
        for face in known:
            reading = self.mesh(pyramid, face_square(np.asarray(face.mesh)))
            if is_plausible(reading, pyramid.width, pyramid.height, TO_KEEP):
                faces.append(read_face(pyramid, reading.mesh, face.face_index, face.confidence, threshold))
        return faces


def _each_once(found: list[tuple[Candidate, MeshReading]]) -> list[tuple[Candidate, MeshReading]]:
    """Two candidates may slide onto one face when the mesh is fitted: the surer one stays."""
    return strongest(found, lambda f: mesh_box(f[1].mesh), lambda f: f[0].score)


def _middle(reading: MeshReading) -> tuple[float, float]:
    x1, y1, x2, y2 = mesh_box(reading.mesh)
    return (x1 + x2) / 2, (y1 + y2) / 2
