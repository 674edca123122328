"""Memory that runs out on the way to the device or in the network is told as such."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from contracts.error_codes import ErrorCode, StageError
from res.app.src.torch_faces import TorchFaces

CPU = torch.device("cpu")
SHORT = [
    torch.OutOfMemoryError("CUDA out of memory"),
    RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 4 bytes."),
    RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
]


def told(error: StageError) -> tuple[str, bool, str]:
    return error.code, error.retryable, error.message


EXPECTED = (
    ErrorCode.OUT_OF_MEMORY,
    True,
    "this computer has too little memory to restore a face (about 2 GB)",
)


@pytest.mark.parametrize("error", SHORT)
def test_memory_that_runs_out_in_the_network(error: Exception) -> None:
    def call(_network: nn.Module, _faces: Tensor, _fidelity: float) -> Tensor:
        raise error

    with pytest.raises(StageError) as raised:
        TorchFaces(nn.Identity(), call, CPU).restore(np.zeros((8, 8, 3), np.float32), 0.5)
    assert told(raised.value) == EXPECTED


def test_memory_that_runs_out_on_the_way_to_the_device(monkeypatch: pytest.MonkeyPatch) -> None:
    def to(_where: object) -> nn.Module:
        raise SHORT[1]

    network = nn.Identity()
    monkeypatch.setattr(network, "to", to)
    with pytest.raises(StageError) as raised:
        TorchFaces(network, lambda _network, faces, _fidelity: faces, CPU)
    assert told(raised.value) == EXPECTED


def test_other_faults_stay_what_they_are() -> None:
    def call(_network: nn.Module, _faces: Tensor, _fidelity: float) -> Tensor:
        raise RuntimeError("size mismatch")

    with pytest.raises(RuntimeError, match="size mismatch"):
        TorchFaces(nn.Identity(), call, CPU).restore(np.zeros((8, 8, 3), np.float32), 0.5)
