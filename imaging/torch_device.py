"""Where tensors live, and when there is no room for them. Needs torch."""

from __future__ import annotations

import gc

import torch

from contracts.error_codes import ErrorCode, StageError
from contracts.exit_codes import ExitCode

_NO_MEMORY = (
    "can't allocate memory",  # the computer's own, as torch says on Linux and macOS
    "not enough memory: you tried to allocate",  # and on Windows
    "CUDA error: out of memory",
    "CUBLAS_STATUS_ALLOC_FAILED",
    "CUDNN_STATUS_ALLOC_FAILED",
)
"""What a bare RuntimeError says where memory ran out beside torch's own allocator for the card."""


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


def ran_out_of_memory(error: BaseException) -> bool:
    """Whether an exception says that memory ran out, the card's or the computer's.

    Call `release` after its handling: until then its traceback holds the tensors.
    """
    if isinstance(error, (torch.OutOfMemoryError, MemoryError)):
        return True
    return isinstance(error, RuntimeError) and any(said in str(error) for said in _NO_MEMORY)


def release() -> None:
    """Give back memory that nothing uses any more."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
