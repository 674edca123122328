"""Backend `gfpgan`: X. Wang et al., "Towards Real-World Blind Face Restoration with Generative Facial
Prior", CVPR 2021; the "clean" architecture of version 1.4."""

from __future__ import annotations

from pathlib import Path

from torch import Tensor, nn

from imaging.torch_device import chosen_device
from res.app.src.held_network import HeldNetwork
from res.app.src.session import RestorationSession
from res.app.src.spandrel_models import load_network
from res.app.src.torch_faces import TorchFaces


def restore(network: nn.Module, faces: Tensor, fidelity: float) -> Tensor:
    """GFPGAN has no fidelity. Its noise is the one stored with the weights: the same face comes out alike."""
    restored: Tensor = network(faces, return_rgb=False, randomize_noise=False)[0]
    return restored


def open_session(device: str) -> RestorationSession:
    """Weights are loaded with the first request.

    Raises:
        StageError: NO_GPU.
    """
    chosen = chosen_device(device)

    def load(path: Path) -> TorchFaces:
        return TorchFaces(load_network(path, "GFPGAN"), restore, chosen)

    return RestorationSession(HeldNetwork("gfpgan", load))
