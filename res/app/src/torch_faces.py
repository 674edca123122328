"""Face networks on torch: from pictures to tensors and back, on the device that is there."""

from __future__ import annotations

import gc
from collections.abc import Callable, Mapping
from importlib.metadata import version

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from contracts.error_codes import ErrorCode, StageError
from contracts.exit_codes import ExitCode

FloatImage = NDArray[np.float32]

Call = Callable[[nn.Module, Tensor, float], Tensor]
"""(network, faces (1, 3, 512, 512) in -1..1, fidelity) -> restored faces alike."""

PACKAGES = ("torch", "spandrel", "spandrel_extra_arches")


class TorchFaces:
    """A network in float32: both architectures lose detail in half precision, and faces are few."""

    def __init__(self, network: nn.Module, call: Call, device: torch.device) -> None:
        self._network = network.to(device)
        self._call = call
        self._device = device

    def restore(self, face: FloatImage, fidelity: float) -> FloatImage:
        """See `face_network.FaceNetwork`."""
        planes = np.ascontiguousarray(face.transpose(2, 0, 1)[None])  # GFPGAN takes views, which need that
        tensor = torch.from_numpy(planes).to(self._device) * 2 - 1
        try:
            with torch.inference_mode():
                restored = self._call(self._network, tensor, fidelity)[0].clamp(-1, 1) / 2 + 0.5
        except torch.OutOfMemoryError as error:
            gc.collect()
            torch.cuda.empty_cache()
            raise StageError(
                ErrorCode.OUT_OF_MEMORY,
                "the graphics card has too little memory to restore a face (about 2 GB)",
                "close other programs that use it, or choose --device cpu",
                ExitCode.RESOURCE,
                retryable=True,
            ) from error
        picture: FloatImage = restored.permute(1, 2, 0).float().cpu().numpy()
        if not np.isfinite(picture).all():
            raise StageError(ErrorCode.RESTORATION_FAILED, "the network answered no picture (not a number)")
        return np.ascontiguousarray(picture)

    def packages(self) -> Mapping[str, str]:
        return {name: version(name) for name in PACKAGES}
