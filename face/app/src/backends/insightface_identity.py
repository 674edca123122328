"""The backend that tells people apart by the recognition network of an InsightFace pack."""

from __future__ import annotations

from contracts.face import FaceParams
from contracts.stage import Job
from face.app.src.identity_session import IdentityNetwork, IdentitySession
from face.app.src.insight.pack_folder import pack_folder
from face.app.src.insight.recognition import ArcFaceNetwork

PACKAGES = ("numpy", "opencv-python-headless", "onnxruntime", "insightface", "pillow", "pyvips")


class NetworkHolder:
    """Loaded when a request first names a pack, and again when another one is named."""

    def __init__(self, device: str) -> None:
        self._device = device
        self._network: ArcFaceNetwork | None = None

    def network(self, job: Job, params: FaceParams) -> IdentityNetwork:
        """The recognition network of the pack that a request names.

        Raises:
            StageError: WEIGHTS_MISSING, WEIGHTS_UNUSABLE, NO_GPU.
        """
        folder = pack_folder(job, params)
        if self._network is None or self._network.folder != folder:
            self._network = None
            self._network = ArcFaceNetwork(folder, self._device)
        return self._network

    def models(self) -> dict[str, str]:
        """Name -> sha256 of what is loaded."""
        return {self._network.file.stem: self._network.sha256} if self._network else {}


def open_session(device: str) -> IdentitySession:
    """Loads nothing yet."""
    holder = NetworkHolder(device)
    return IdentitySession(holder.network, PACKAGES, holder.models)
