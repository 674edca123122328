"""An InsightFace pack: a folder of ONNX files, opened by InsightFace; nothing is ever downloaded."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from contracts.envelope import Notice
from contracts.files import sha256_file
from face.app.src.insight.pack_folder import (
    CUDA,
    check_providers,
    first_line,
    onnx_files,
    unusable,
    wanted_providers,
)
from face.app.src.insight.recognition import unit
from face.app.src.picture_pyramid import FloatArray, Rgb8

TASKS = ("detection", "landmark_2d_106", "genderage", "recognition")
NEEDED = ("detection", "landmark_2d_106")
DETECTION_SIZE = (640, 640)
"""Named, because InsightFace's own default looks twice; 1024 was measured to lose close-ups."""


@dataclass(frozen=True)
class Detection:
    """A face as the detector sees it.

    Attributes:
        box: x1, y1, x2, y2, photo px.
        score: 0..1.
        points: (5, 2), photo px: eyes from the viewer's left, nose, corners of the mouth.
    """

    box: tuple[float, float, float, float]
    score: float
    points: FloatArray


@dataclass(frozen=True)
class Looks:
    """What the other models of the pack say; None where it has no such model."""

    landmarks: FloatArray
    age: float | None
    gender: str | None
    identity: tuple[float, ...] | None


class Pack:
    """The models of one folder, loaded.

    Args:
        device: "auto", "cpu" or "cuda".

    Raises:
        StageError: WEIGHTS_MISSING, WEIGHTS_UNUSABLE, NO_GPU.
    """

    def __init__(self, folder: Path, device: str) -> None:
        files = onnx_files(folder)
        self._models = self._opened(folder, wanted_providers(device))
        self.notices: tuple[Notice, ...] = check_providers(self._models, device)
        self._files = files
        self._hashes: dict[str, str] = {}

    @property
    def hashes(self) -> dict[str, str]:
        """File name -> sha256."""
        if not self._hashes:
            self._hashes = {file.stem: sha256_file(file) for file in self._files}
        return self._hashes

    def detect(self, rgb: Rgb8) -> list[Detection]:
        """Faces of a picture (height, width, 3) at one size."""
        boxes, points = self._models["detection"].detect(np.ascontiguousarray(rgb[..., ::-1]))
        return [
            Detection((float(b[0]), float(b[1]), float(b[2]), float(b[3])), float(b[4]), np.asarray(p, float))
            for b, p in zip(boxes, points)
        ]

    def look(self, rgb: Rgb8, face: Detection, identity: bool) -> Looks:
        """Ask the other models about a face. identity: whether its vector is wanted."""
        from insightface.app.common import Face

        bgr = np.ascontiguousarray(rgb[..., ::-1])
        seen = Face(bbox=np.array(face.box), kps=face.points.astype(np.float32), det_score=face.score)
        for task, model in self._models.items():
            if task in ("landmark_2d_106", "genderage") or (task == "recognition" and identity):
                model.get(bgr, seen)
        embedding = seen.get("embedding")
        return Looks(
            landmarks=np.asarray(seen["landmark_2d_106"], float),
            age=None if seen.get("age") is None else float(seen["age"]),
            gender={0: "female", 1: "male"}.get(seen.get("gender")),
            identity=None if embedding is None else unit(embedding),
        )

    def _opened(self, folder: Path, providers: list[str]) -> dict[str, Any]:
        from insightface.app import FaceAnalysis

        try:
            analysis = FaceAnalysis(name=str(folder), allowed_modules=list(TASKS), providers=providers)
            analysis.prepare(ctx_id=0 if CUDA in providers else -1, det_size=DETECTION_SIZE)
        except AssertionError:  # what InsightFace says where no file is a detector
            raise unusable(folder, "none of its files is a face detector") from None
        except Exception as error:  # protobuf, ONNX Runtime and InsightFace each have errors of their own
            raise unusable(folder, first_line(error)) from error
        missing = [task for task in NEEDED if task not in analysis.models]
        if missing:
            raise unusable(folder, f"it has no model for {missing[0]}")
        if not analysis.models["detection"].use_kps:
            raise unusable(folder, "its face detector finds no eyes, nose and mouth")
        return dict(analysis.models)
