"""Networks from weight files, by spandrel. Needs torch, spandrel and spandrel_extra_arches."""

from __future__ import annotations

import pickle
import sys
from pathlib import Path
from types import ModuleType

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import nn

from contracts.error_codes import ErrorCode, StageError
from contracts.exit_codes import ExitCode

UNREADABLE = (
    RuntimeError, ValueError, TypeError, LookupError, AttributeError, EOFError, OSError, SafetensorError,
)  # fmt: skip
"""What torch and safetensors raise on files that are damaged, cut off, or something else."""


def load_network(path: Path, architecture: str) -> nn.Module:
    """The network whose weights a file holds, in float32 on the CPU, ready to run.

    Args:
        architecture: spandrel's name of the architecture that must be in the file.

    Raises:
        StageError: WEIGHTS_UNUSABLE.
    """
    spandrel = import_spandrel()
    state = spandrel.canonicalize_state_dict(_read(path))
    known = spandrel.MAIN_REGISTRY.architectures("detection")
    found = next((arch for arch in known if arch.detect(state)), None)
    if found is None or found.architecture.id != architecture:
        holds = f"weights of {found.architecture.name}" if found else "weights of no known network"
        raise _unusable(path, f"it holds {holds}, not of {architecture}")
    try:
        network: nn.Module = found.architecture.load(state).model
    except UNREADABLE as error:
        raise _unusable(path, f"its weights do not fit {architecture}: {_first_line(error)}") from error
    return network.float().eval().requires_grad_(False)


def _read(path: Path) -> dict[str, object]:
    """The file's dictionary; nothing in it is ever executed."""
    try:
        if path.suffix == ".safetensors":
            state: object = load_file(path)
        else:
            state = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        # Also what torch says of a file that is no checkpoint at all.
        raise _unusable(
            path, "it is no plain checkpoint: damaged, or made to run code when loaded"
        ) from error
    except MemoryError:
        raise
    except UNREADABLE as error:
        raise _unusable(path, f"it is damaged or no checkpoint ({_first_line(error)})") from error
    if not isinstance(state, dict) or not all(isinstance(key, str) for key in state):
        raise _unusable(path, "it holds no named weights")
    return state


def import_spandrel() -> ModuleType:
    """spandrel with its extra architectures.

    Two architectures that are not used here import three names of torchvision, which is bound to torch's
    build: on a machine with a CPU build it cannot even be imported. They get empty ones.
    """
    names = ("torchvision", "torchvision.transforms", "torchvision.transforms.functional")
    placed = [name for name in names if name not in sys.modules]
    for name in placed:
        sys.modules[name] = ModuleType(name)
    functional = sys.modules[names[-1]]
    if names[-1] in placed:
        vars(functional).update(InterpolationMode=None, rotate=None, normalize=None)
    try:
        import spandrel
        import spandrel_extra_arches
    finally:
        for name in placed:
            del sys.modules[name]
    spandrel_extra_arches.install(ignore_duplicates=True)
    module: ModuleType = spandrel
    return module


def _unusable(path: Path, reason: str) -> StageError:
    return StageError(
        ErrorCode.WEIGHTS_UNUSABLE,
        f"{path} cannot be used: {reason}",
        "fetch it again with `python3 run_pipeline.py models pull`, or name another file",
        ExitCode.ENVIRONMENT,
    )


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
