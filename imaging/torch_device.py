"""Where tensors live. Needs torch."""

from __future__ import annotations

import torch

from contracts.error_codes import ErrorCode, StageError
from contracts.exit_codes import ExitCode


def chosen_device(name: str) -> torch.device:
    """The device of a request: "auto", "cpu" or "cuda".

    Raises:
        StageError: NO_GPU.
    """
    there = torch.cuda.is_available()
    if name == "cuda" and not there:
        raise StageError(
            ErrorCode.NO_GPU,
            "no CUDA device was found",
            "use --device cpu, or auto",
            ExitCode.ENVIRONMENT,
        )
    return torch.device("cuda" if there and name != "cpu" else "cpu")
