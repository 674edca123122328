"""Painting big eyes at a bounded size: only the difference is enlarged, so the photo's detail stays."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from gen.app.src.strategy import EyeScene, FaceView, Painting, Strategy
from imaging import eye_mesh
from imaging.colour import Image

WORKING_WIDTH = 250.0
"""px; wider eyes are painted at this width. Time grows with the area, and a photo in which an eye is
wider has no matching detail that a painted eye could miss."""


def paint_at_working_scale(strategy: Strategy, scene: EyeScene) -> Painting:
    """`strategy.paint`, on a smaller scene where the eyes are wider than `WORKING_WIDTH`.

    Raises:
        Refused: as `strategy.paint`.
    """
    widest = max(eye_mesh.eye_width(scene.mesh, side) for side in scene.sides)
    if widest <= WORKING_WIDTH:
        return strategy.paint(scene)
    small = replace(scene, face=scaled_view(scene.face, WORKING_WIDTH / widest))
    return enlarged(strategy.paint(small), small.crop, scene.crop)


def scaled_view(face: FaceView, factor: float) -> FaceView:
    """The same face at another size; pixel centres stay where they are in the picture."""
    height, width = face.crop.shape[:2]
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    exact = np.array([size[0] / width, size[1] / height])
    mesh = face.mesh.copy()
    mesh[:, :2] = (face.mesh[:, :2] + 0.5) * exact - 0.5
    mesh[:, 2] *= exact.mean()
    crop = np.asarray(cv2.resize(face.crop, size, interpolation=cv2.INTER_AREA), np.float32)
    return FaceView(crop, face.document, mesh)


def enlarged(painting: Painting, small: Image, crop: Image) -> Painting:
    """A painting of `small` brought to the size of `crop`: crop + enlarged(painted - small)."""
    size = (crop.shape[1], crop.shape[0])

    def onto(picture: Image) -> Image:
        difference = cv2.resize(picture - small, size, interpolation=cv2.INTER_CUBIC)
        return np.asarray(np.clip(crop + difference, 0, 1), np.float32)

    alpha = cv2.resize(painting.alpha, size, interpolation=cv2.INTER_LINEAR)
    return replace(
        painting,
        painted=onto(painting.painted),
        alpha=np.clip(alpha, 0, 1).astype(np.float32),
        intermediates={name: onto(picture) for name, picture in painting.intermediates.items()},
    )
