"""What a run finds on this machine: a GPU, environments, weights."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from environments.store import environment_python, is_ready
from orch.app.src.models.catalogue import StageModel, catalogue
from orch.app.src.models.store import ModelStore, model_store


@dataclass(frozen=True)
class Equipment:
    """What backends are chosen by; tests make one up.

    Attributes:
        gpu: name of the GPU, "" for none.
        is_ready: (stage folder, recipe) -> whether that environment is built and healthy.
        make: (stage folder, recipe) -> builds it where it is missing; EnvironmentBroken where it cannot.
        models: all weights that are known.
    """

    gpu: Callable[[], str]
    is_ready: Callable[[Path, str], bool]
    make: Callable[[Path, str], object]
    store: ModelStore
    models: Sequence[StageModel]


def this_equipment(environ: Mapping[str, str]) -> Equipment:
    """The real one."""
    return Equipment(gpu_name, is_ready, environment_python, model_store(environ), catalogue())


@cache
def gpu_name() -> str:
    """Name and memory of the NVIDIA GPUs that the driver tells, "" where there is none."""
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return ""
    command = [tool, "--query-gpu=name,memory.total", "--format=csv,noheader"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return ""  # the tool is there, the driver or the card is not
    return "; ".join(answer.stdout.strip().splitlines())
