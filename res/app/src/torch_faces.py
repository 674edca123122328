"""Face networks on torch: from pictures to tensors and back, on the device that is there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from contracts.error_codes import ErrorCode, StageError
from contracts.exit_codes import ExitCode
from imaging.torch_device import ran_out_of_memory, release

FloatImage = NDArray[np.float32]

Call = Callable[[nn.Module, Tensor, float], Tensor]
"""(network, faces (1, 3, 512, 512) in -1..1, fidelity) -> restored faces alike."""

PACKAGES = ("torch", "spandrel", "spandrel_extra_arches")


class TorchFaces:
    """A network in float32: both architectures lose detail in half precision, and faces are few."""

    def __init__(self, network: nn.Module, call: Call, device: torch.device) -> None:
        with _memory_watched(device):
            self._network = network.to(device)
        self._call = call
        self._device = device

    def restore(self, face: FloatImage, fidelity: float) -> FloatImage:
        """See `face_network.FaceNetwork`."""
        planes = np.ascontiguousarray(face.transpose(2, 0, 1)[None])  # GFPGAN takes views, which need that
        with _memory_watched(self._device), torch.inference_mode():
            tensor = torch.from_numpy(planes).to(self._device) * 2 - 1
            restored = self._call(self._network, tensor, fidelity)[0].clamp(-1, 1) / 2 + 0.5
        picture: FloatImage = restored.permute(1, 2, 0).float().cpu().numpy()
        if not np.isfinite(picture).all():
            raise StageError(ErrorCode.RESTORATION_FAILED, "the network answered no picture (not a number)")
        return np.ascontiguousarray(picture)

    def packages(self) -> Mapping[str, str]:
        return {name: version(name) for name in PACKAGES}


@contextmanager
def _memory_watched(device: torch.device) -> Iterator[None]:
    """Turns what torch says of memory into the project's error.

    Raises:
        StageError: OUT_OF_MEMORY.
    """
    short = False
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if not ran_out_of_memory(error):
            raise
        short = True
    if short:  # after the exception is gone, and with it the tensors that its traceback held
        release()
        card = device.type == "cuda"
        raise StageError(
            ErrorCode.OUT_OF_MEMORY,
            f"{'the graphics card' if card else 'this computer'} has too little memory to restore a face "
            "(about 2 GB)",
            "close other programs that use it" + (", or choose --device cpu" if card else ""),
            ExitCode.RESOURCE,
            retryable=True,
        )
