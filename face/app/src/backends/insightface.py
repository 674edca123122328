"""The backend of InsightFace packs: detection, 106 landmarks, age, gender; the mesh decides the eyes."""

from __future__ import annotations

from pathlib import Path

from contracts.envelope import Notice
from contracts.face import FaceParams
from contracts.stage import Job
from face.app.src.face_session import Analyser, FaceSession
from face.app.src.insight.analyser import InsightAnalyser
from face.app.src.insight.pack import Pack
from face.app.src.insight.pack_folder import pack_folder

PACKAGES = ("numpy", "opencv-python-headless", "onnxruntime", "insightface", "pillow", "pyvips")


class PackHolder:
    """Loaded when a request first names a pack, and again when another one is named."""

    def __init__(self, device: str) -> None:
        self._device = device
        self._folder: Path | None = None
        self.pack: Pack | None = None

    def analyser(self, job: Job, params: FaceParams) -> Analyser:
        """The analyser of the pack that a request names.

        Raises:
            StageError: WEIGHTS_MISSING, WEIGHTS_UNUSABLE, NO_GPU.
        """
        folder = pack_folder(job, params)
        if self.pack is None or folder != self._folder:
            self.pack = None
            self.pack = Pack(folder, self._device)
            self._folder = folder
        return InsightAnalyser(self.pack, params.identity)

    def models(self) -> dict[str, str]:
        """Name -> sha256 of what is loaded."""
        return self.pack.hashes if self.pack else {}


def open_session(device: str) -> FaceSession:
    """Loads nothing yet."""
    holder = PackHolder(device)

    def notices() -> tuple[Notice, ...]:
        return holder.pack.notices if holder.pack else ()

    return FaceSession("insightface", holder.analyser, PACKAGES, holder.models, notices)
