"""MediaPipe's face landmarker: 478 points and how far each eye blinks, 0 open to 1 closed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import mediapipe
import numpy as np
from mediapipe.tasks.python import BaseOptions, vision
from numpy.typing import NDArray

from tests.quality.judges.face_crop import SIDE, FaceCrop, FloatArray

MODEL = "face_landmarker.task"

FACES, LEAST_CONFIDENCE = 4, 0.2
PADDINGS = (0, 170, -60)
"""Its detector misses faces that fill the crop or are small in it: tried one after the other, px."""
OFF = 0.4
"""Its eyes are this face's when no eye is further off, in distances between the eyes."""
LEAST_DISTANCE = 40.0
"""Between the eyes for that purpose, px of the crop."""
_CORNERS = ((33, 133), (362, 263))


class MediapipeJudge:
    """One network, loaded once."""

    def __init__(self, model: Path) -> None:
        options = vision.FaceLandmarkerOptions(
            base_options=BaseOptions(model_asset_path=str(model)),
            output_face_blendshapes=True,
            num_faces=FACES,
            min_face_detection_confidence=LEAST_CONFIDENCE,
        )
        self._landmarker = vision.FaceLandmarker.create_from_options(options)

    def read(self, crop: FaceCrop) -> tuple[FloatArray, dict[str, float]] | None:
        """Mesh in the crop, shape (478, 2), and blinks by the viewer's sides; None where it sees no face."""
        within = OFF * max(float(np.linalg.norm(crop.eyes[1] - crop.eyes[0])), LEAST_DISTANCE)
        for padding in PADDINGS:
            found = min(self._faces(crop, padding), key=lambda face: face[0], default=None)
            if found and found[0] < within:
                return found[1], found[2]
        return None

    def _faces(self, crop: FaceCrop, padding: int) -> Iterator[tuple[float, FloatArray, dict[str, float]]]:
        """How far off its eyes are, mesh and blinks of every face found."""
        padded = _padded(crop.rgb, padding)
        image = mediapipe.Image(image_format=mediapipe.ImageFormat.SRGB, data=padded)
        seen = self._landmarker.detect(image)
        for landmarks, blendshapes in zip(seen.face_landmarks, seen.face_blendshapes, strict=True):
            mesh = np.array([[p.x, p.y] for p in landmarks]) * padded.shape[0] - padding
            eyes = np.array([mesh[list(pair)].mean(axis=0) for pair in _CORNERS])
            score = {shape.category_name: float(shape.score) for shape in blendshapes}
            blinks = {"left": score["eyeBlinkRight"], "right": score["eyeBlinkLeft"]}  # its are the subject's
            yield float(np.linalg.norm(eyes - crop.eyes, axis=1).max()), mesh, blinks


def _padded(rgb: NDArray[np.uint8], padding: int) -> NDArray[np.uint8]:
    if padding > 0:
        around = cv2.copyMakeBorder(rgb, padding, padding, padding, padding, cv2.BORDER_REPLICATE)
        return np.ascontiguousarray(around, np.uint8)
    return np.ascontiguousarray(rgb[-padding : SIDE + padding, -padding : SIDE + padding])
