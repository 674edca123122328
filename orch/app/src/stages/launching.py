"""Starting stages as processes, each in the environment of its backend's recipe."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

from contracts.envelope import Request, Result, StageName
from environments.places import CHECKOUT
from environments.reexec import child_environment
from orch.app.src.stage_registry import StageEntry
from orch.app.src.stages.capacity import ALONE
from orch.app.src.stages.hardware import available_cores
from orch.app.src.stages.process import OnEvent, StageProcess


class Channel(Protocol):
    """A running stage; `StageProcess` in earnest, a function in tests."""

    def ask(self, request: Request, deadline_s: float, on_event: OnEvent) -> Result: ...
    def kill(self) -> None: ...


Launcher = Callable[[StageEntry, str], Channel]
"""Starts a stage with a backend and returns at once."""

FindInterpreter = Callable[[Path, str], Path]
"""(stage folder, recipe) -> interpreter of that environment."""


def process_launcher(
    find_interpreter: FindInterpreter,
    log_of: Callable[[StageName], Path],
    environ: Mapping[str, str],
    threads: int | None = None,
) -> Launcher:
    """Launches stages as processes.

    Args:
        find_interpreter: called once for each recipe; backends without one run in this interpreter.
        log_of: stage -> log file.
        environ: what the children's environment is made from.
        threads: of each process, None for one for each core; backends that have one process take all.
    """
    interpreter_of = functools.cache(find_interpreter)

    def launch(entry: StageEntry, backend: str) -> StageProcess:
        recipe = entry.backends[backend].recipe
        interpreter = Path(sys.executable) if recipe is None else interpreter_of(entry.folder, recipe)
        command = [str(interpreter), "-m", entry.module, "serve", "--backend", backend]
        environment = stage_environment(environ, None if backend in ALONE else threads)
        return StageProcess(entry.name, command, environment, CHECKOUT, log_of(entry.name))

    return launch


def stage_environment(environ: Mapping[str, str], threads: int | None = None) -> dict[str, str]:
    """Variables of stage processes: the checkout on the path, threads; what the person set is kept."""
    number = str(threads or available_cores())
    return {"OMP_NUM_THREADS": number, "OPENCV_FOR_THREADS_NUM": number, **child_environment(environ)}
