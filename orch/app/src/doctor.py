"""`doctor`: what is installed, what is missing, and what `--backend auto` would choose."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from contracts.exit_codes import ExitCode
from orch.app.src.models.catalogue import catalogue
from orch.app.src.models.listing import where
from orch.app.src.models.store import model_store
from orch.app.src.stage_registry import STAGES
from orch.app.src.version import PROGRAM, VERSION
from orch.app.src.workers import available_cores

IsReady = Callable[[Path, str], bool]
"""(stage folder, recipe) -> whether that environment is built and healthy."""


def doctor(is_ready: IsReady) -> int:
    """Print the findings; ENVIRONMENT where weights of the default path are broken."""
    print(f"{PROGRAM} {VERSION}, Python {platform.python_version()}, {platform.platform()}")
    print(f"processor cores: {available_cores()}")
    print(f"GPU: {gpu() or 'none found; the default path needs none'}")
    print("environments:")
    for stage in STAGES.values():
        recipe = stage.backends[stage.default_backend].recipe
        print(f"  {stage.name} ({stage.default_backend}): {_environment(recipe, stage.folder, is_ready)}")
    print("weights in the repository:")
    broken = False
    store = model_store(os.environ)
    for model in catalogue():
        if model.entry.in_repository:
            state = store.state(model, hashes=True)
            broken |= state != "ok"
            print(f"  {model.entry.name}: {state}")
    print("weights that are not (all optional):")
    for model in catalogue():
        if not model.entry.in_repository:
            print(f"  {model.name}, {model.entry.used_for}: {where(model, store)}")
    print("--backend auto: the donor's eyes where --donor is given; else the other eye, mirrored, where")
    print("  exactly one is closed; else the lid is lifted and an eye rendered (lid_lift). SDXL is not")
    print("  chosen: this version has no backend for it.")
    print("--restore auto: skipped: this version has no restoration backend.")
    return int(ExitCode.ENVIRONMENT if broken else ExitCode.OK)


def gpu() -> str:
    """Name of the NVIDIA GPU that the driver tells, "" where there is none."""
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return ""
    command = [tool, "--query-gpu=name,memory.total", "--format=csv,noheader"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return ""  # the tool is there, the driver or the card is not
    return "; ".join(answer.stdout.strip().splitlines())


def _environment(recipe: str | None, folder: Path, is_ready: IsReady) -> str:
    if recipe is None:
        return "needs none of its own"
    return "ready" if is_ready(folder, recipe) else "not built yet; the first run that needs it does that"
