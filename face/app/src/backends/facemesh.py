"""The embedded backend: MediaPipe's detector and attention mesh on ONNX Runtime, on the processor."""

from __future__ import annotations

import functools
from pathlib import Path

from contracts.model_manifest import read_manifest
from face.app.src.face_analysis import FaceAnalyser
from face.app.src.face_session import FaceSession
from imaging.photo import load_codecs

DETECTOR_NAME = "facemesh"
MANIFEST = Path(__file__).resolve().parents[3] / "models.json"
PACKAGES = ("numpy", "opencv-python-headless", "onnxruntime", "pillow", "pyvips")


def open_session(device: str) -> FaceSession:
    """device is accepted for all stages' sake; these networks are faster on the processor."""
    analyser = FaceAnalyser()
    analyser.load()
    load_codecs()
    return FaceSession(DETECTOR_NAME, lambda job, params: analyser, PACKAGES, _models)


@functools.cache
def _models() -> dict[str, str]:
    entries = read_manifest(MANIFEST).models
    return {entry.name: entry.sha256 or "" for entry in entries if entry.in_repository}
