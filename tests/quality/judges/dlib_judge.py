"""Dlib: 68 landmarks, and a vector of who it is (same person within 0.6, mostly within 0.45)."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import dlib
import numpy as np

from tests.quality.judges.face_crop import FaceCrop, FloatArray

LANDMARKS = 68
_PREDICTOR = "shape_predictor_68_face_landmarks.dat"
_RECOGNISER = "dlib_face_recognition_resnet_model_v1.dat"
NEAR = (0.35, 0.4)
"""Largest distance of its box from the known face's, across and along, in sides of the box."""
OWN_BOX, LOWER = 0.92, 0.06
"""Side of the box that its detector would have drawn, and how much lower, in sides of the known box."""


class DlibJudge:
    """Two networks and a detector, loaded once."""

    def __init__(self) -> None:
        self._detector = dlib.get_frontal_face_detector()
        self._predictor = dlib.shape_predictor(_model(_PREDICTOR))
        self._recogniser = dlib.face_recognition_model_v1(_model(_RECOGNISER))

    def read(self, crop: FaceCrop) -> tuple[FloatArray, FloatArray]:
        """Landmarks in the crop, shape (68, 2), and the identity vector, shape (128,)."""
        shape = self._predictor(crop.rgb, self._box(crop))
        points = [[shape.part(i).x, shape.part(i).y] for i in range(LANDMARKS)]
        return np.array(points, float), np.array(self._recogniser.compute_face_descriptor(crop.rgb, shape))

    def _box(self, crop: FaceCrop) -> dlib.rectangle:
        (x, y), side = crop.middle, crop.side
        near = [
            box
            for box in self._detector(crop.rgb, 0)
            if abs(box.center().x - x) < NEAR[0] * side and abs(box.center().y - y) < NEAR[1] * side
        ]
        if near:
            return max(near, key=lambda box: box.area())
        half, y = OWN_BOX * side / 2, y + LOWER * side
        return dlib.rectangle(*(int(value) for value in (x - half, y - half, x + half, y + half)))


def _model(name: str) -> str:
    """Found without importing the package that carries it, which needs an outdated setuptools."""
    spec = find_spec("face_recognition_models")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("the package face_recognition_models is not installed")
    return str(Path(spec.origin).parent / "models" / name)
