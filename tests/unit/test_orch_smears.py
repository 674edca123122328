"""Closed eyes smeared over by inpainting are not called open: on real photos, with the real face stage."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from contracts.blend import EyePaste
from contracts.face import SIDES, Face, Side
from orch.app.src.verification import verdict
from tests.photos import labelled_photos, needs_photos

Picture = NDArray[np.uint8]

LEAST_REJECTED = 0.9
INPAINT_RADIUS = 5.0


def smeared(photo: Picture, face: Face, side: Side, method: int) -> Picture:
    """The photo with one eye inpainted from its surroundings: no lashes, no iris, plain skin."""
    eye = face.eye(side)
    polygon = np.asarray(eye.points)
    center = polygon.mean(axis=0)
    across = polygon[np.argmax(polygon[:, 0])] - polygon[np.argmin(polygon[:, 0])]
    angle = float(np.degrees(np.arctan2(across[1], across[0])))
    x1, y1 = np.maximum(center - 1.2 * eye.width, 0).astype(int)
    x2, y2 = (center + 1.2 * eye.width).astype(int)
    window = photo[y1:y2, x1:x2]
    mask = np.zeros(window.shape[:2], np.uint8)
    middle = np.round(center - (x1, y1)).astype(int).tolist()
    axes = (round(0.62 * eye.width), round(0.36 * eye.width))
    cv2.ellipse(mask, middle, axes, angle, 0, 360, 255, -1)
    picture = photo.copy()
    picture[y1:y2, x1:x2] = cv2.inpaint(window, mask, INPAINT_RADIUS, method)
    return np.asarray(picture)


@needs_photos
@pytest.mark.parametrize("method", ["INPAINT_TELEA", pytest.param("INPAINT_NS", marks=pytest.mark.heavy)])
def test_smears_are_rejected(method: str) -> None:
    from face.app.src.face_analysis import FaceAnalyser
    from face.app.src.picture_pyramid import PicturePyramid
    from imaging.photo import read_photo

    analyser = FaceAnalyser()
    rejected: list[bool] = []
    missed: list[str] = []
    for labelled in labelled_photos("closed", "wink"):
        photo = read_photo(Path(labelled.path)).as_rgb8()
        for face in analyser.find(PicturePyramid(photo), 260.0, 60):
            for side in (s for s in SIDES if face.eye(s).closed):
                picture = smeared(photo, face, side, getattr(cv2, method))
                seen = analyser.look_again(PicturePyramid(picture), [face], 260.0)
                paste = EyePaste(face.face_index, side, (0, 0, 1, 1), 1, 1.0)
                judged = verdict(face, seen[0] if seen else None, side, paste)
                rejected.append(judged.outcome == "not_opened")
                if not rejected[-1]:
                    missed.append(f"{labelled.path.name} {side}")
    assert len(rejected) > 40
    assert sum(rejected) / len(rejected) >= LEAST_REJECTED, missed
