"""How precise tensors are, and how much memory is free. Needs torch and psutil."""

from __future__ import annotations

import psutil
import torch

from contracts.gen import Precision


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
