"""The recognition network of a pack (ArcFace): 512 numbers, near each other for faces of one person."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from contracts.files import sha256_file
from face.app.src.insight.five_points import five_points
from face.app.src.insight.pack_folder import (
    check_providers,
    first_line,
    onnx_files,
    unusable,
    wanted_providers,
)
from face.app.src.picture_pyramid import FloatArray, Rgb8

TASK = "recognition"
REACH = 3.0
"""Around the five points, in their extent: more than the network's look at a face takes in."""


class ArcFaceNetwork:
    """The network, loaded. Vectors have length 1; cuts are distances of such vectors.

    Args:
        device: "auto", "cpu" or "cuda".

    Raises:
        StageError: WEIGHTS_MISSING, WEIGHTS_UNUSABLE, NO_GPU.
    """

    cut = 1.0
    """A cosine of 0.5, the default of the photo library Immich for this very pack. Not measured on closed
    eyes: the weights are not ours to carry."""
    burst_cut = 1.13
    """The library deepface's cut for ArcFace, a cosine of 0.36."""
    smallest = 16.0
    """px between the eyes; the network's look has 35."""

    def __init__(self, folder: Path, device: str) -> None:
        self.folder = folder
        self.file, self._model = _opened(folder, device)
        self.notices = check_providers({TASK: self._model}, device)
        self.sha256 = sha256_file(self.file)

    @property
    def space(self) -> str:
        """Packs have different networks; vectors of one are not compared to those of another."""
        return f"arcface_{self.sha256[:12]}"

    def vector(self, photo: Rgb8, mesh: FloatArray) -> tuple[float, ...]:
        """The identity vector of one face: 512 numbers.

        Args:
            photo: (height, width, 3) RGB.
            mesh: (478, 3), photo px.
        """
        from insightface.app.common import Face

        points = five_points(mesh)
        reach = REACH * float(np.ptp(points, axis=0).max())
        low = np.maximum(np.floor(points.min(axis=0) - reach), 0).astype(int)
        high = np.ceil(points.max(axis=0) + reach).astype(int) + 1
        bgr = np.ascontiguousarray(photo[low[1] : high[1], low[0] : high[0], ::-1])
        embedding = self._model.get(bgr, Face(kps=(points - low).astype(np.float32)))
        return unit(embedding)


def unit(embedding: FloatArray) -> tuple[float, ...]:
    """At length 1, in six decimals."""
    length = max(float(np.linalg.norm(embedding)), 1e-9)
    return tuple(round(float(value), 6) for value in np.ravel(embedding) / length)


def _opened(folder: Path, device: str) -> tuple[Path, Any]:
    from insightface.model_zoo import get_model

    providers = wanted_providers(device)
    for file in onnx_files(folder):
        try:
            model = get_model(str(file), providers=providers)
        except Exception as error:  # protobuf, ONNX Runtime and InsightFace each have errors of their own
            raise unusable(folder, first_line(error)) from error
        if getattr(model, "taskname", None) == TASK:
            return file, model
    raise unusable(folder, f"it has no model for {TASK}")
