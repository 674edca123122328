"""Backend `codeformer`: S. Zhou et al., "Towards Robust Blind Face Restoration with Codebook Lookup
Transformer", NeurIPS 2022."""

from __future__ import annotations

from pathlib import Path

from torch import Tensor, nn

from imaging.torch_device import chosen_device
from res.app.src.held_network import HeldNetwork
from res.app.src.session import RestorationSession
from res.app.src.spandrel_models import load_network
from res.app.src.torch_faces import TorchFaces


def restore(network: nn.Module, faces: Tensor, fidelity: float) -> Tensor:
    """fidelity is CodeFormer's `w`: how much of the input's features go past the codebook."""
    restored: Tensor = network(faces, weight=fidelity)[0]
    return restored


def open_session(device: str) -> RestorationSession:
    """Weights are loaded with the first request.

    Raises:
        StageError: NO_GPU.
    """
    chosen = chosen_device(device)

    def load(path: Path) -> TorchFaces:
        return TorchFaces(load_network(path, "CodeFormer"), restore, chosen)

    return RestorationSession(HeldNetwork("codeformer", load))
