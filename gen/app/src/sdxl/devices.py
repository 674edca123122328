"""How precise tensors are, and how much memory is free. Needs torch and psutil."""

from __future__ import annotations

import gc

import psutil
import torch

from contracts.gen import Precision

_CPU_ALLOCATOR = "can't allocate memory"
"""What torch says in a bare RuntimeError when the computer's own memory runs out."""


def chosen_dtype(precision: Precision, device: torch.device) -> torch.dtype:
    """The type of a network's numbers."""
    if precision != "auto":
        return {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}[precision]
    if device.type != "cuda":
        return torch.float32
    return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16


def free_bytes(device: torch.device) -> int:
    """Memory that can still be had."""
    if device.type == "cuda":
        reserved = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
        return int(torch.cuda.mem_get_info(device)[0] + reserved)
    return int(psutil.virtual_memory().available)


def ran_out_of_memory(error: BaseException) -> bool:
    """Whether an exception says so; what torch holds in reserve is given back."""
    ran_out = isinstance(error, (torch.OutOfMemoryError, MemoryError)) or _CPU_ALLOCATOR in str(error)
    if ran_out:
        release()
    return ran_out


def release() -> None:
    """Give back memory that nothing uses any more."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
