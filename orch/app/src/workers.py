"""The stages of a run, kept warm: started side by side, asked one request at a time.

A stage that dies is started again, and the items it left are tried once more, each by itself, so
that one item that kills it does not take the others along.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from contracts.envelope import ErrorInfo, Metrics, Request, Result, StageName, Versions
from contracts.error_codes import ErrorCode
from environments.reexec import child_environment
from orch.app.src.result_checks import checked_items
from orch.app.src.stage_process import OnEvent, StageDied, StageProcess
from orch.app.src.stage_registry import PROJECT_ROOT, STAGES, StageEntry

MOST_DEATHS = 3
"""A stage that dies so often within one request is not started again for it."""
_LAST_BREATH_S = 0.3
"""How long idle processes may take to end by themselves."""


class Channel(Protocol):
    """A running stage; `StageProcess` in earnest, a function in tests."""

    def ask(self, request: Request, deadline_s: float, on_event: OnEvent) -> Result: ...
    def close(self) -> None: ...
    def kill(self, wait_s: float = 0.0) -> None: ...


Launcher = Callable[[StageEntry, str], Channel]
"""Starts a stage with a backend and returns at once."""

FindInterpreter = Callable[[Path, str], Path]
"""(stage folder, recipe) -> interpreter of that environment."""


@dataclass
class StageUse:
    """What a stage cost so far. wall_s: as the orchestrator waited; run_s, load_s: as the stage says."""

    requests: int = 0
    items: int = 0
    restarts: int = 0
    wall_s: float = 0.0
    run_s: float = 0.0
    load_s: float = 0.0
    peak_rss_mb: float | None = None
    peak_vram_mb: float | None = None
    versions: Versions = field(default_factory=Versions)

    def add(self, request: Request, result: Result, wall_s: float) -> None:
        self.requests += 1
        self.items += len(request.items)
        self.wall_s += wall_s
        self.run_s += result.metrics.run_s
        self.load_s += result.metrics.load_s
        self.peak_rss_mb = _larger(self.peak_rss_mb, result.metrics.peak_rss_mb)
        self.peak_vram_mb = _larger(self.peak_vram_mb, result.metrics.peak_vram_mb)
        if result.versions.python:
            self.versions = result.versions


class StageWorker:
    """One stage with one backend, restarted when it dies."""

    def __init__(self, entry: StageEntry, backend: str, launch: Launcher) -> None:
        self.entry = entry
        self.backend = backend
        self.use = StageUse()
        self._launch = launch
        self._channel: Channel | None = launch(entry, backend)

    def run(self, request: Request, on_event: OnEvent) -> Result:
        """Every item gets an answer; this never raises for what a stage does.

        Items that were not answered because the stage died, and items that failed with a retryable
        error, are tried once more by themselves.
        """
        started = time.monotonic()
        result, deaths = self._attempt(request, on_event)
        items = {item.item_id: item for item in result.items}
        for item in request.items:
            error = items[item.item_id].error
            if error is None or not error.retryable:
                continue
            if deaths >= MOST_DEATHS:
                break
            if error.code == ErrorCode.OUT_OF_MEMORY:
                self._stop()  # a fresh process has the most memory
            alone, died = self._attempt(replace(request, items=(item,)), on_event)
            deaths += died
            items[item.item_id] = alone.items[0]
            result = _combined(result, alone)
        result = replace(result, items=tuple(items.values()))
        self.use.add(request, result, time.monotonic() - started)
        return result

    def close(self) -> None:
        if self._channel:
            self._channel.close()

    def kill(self, wait_s: float = 0.0) -> None:
        if self._channel:
            self._channel.kill(wait_s)
            self._channel = None

    def _attempt(self, request: Request, on_event: OnEvent) -> tuple[Result, int]:
        """Ask once; a death becomes failed items. Also returns the number of deaths, 0 or 1."""
        if self._channel is None:
            self.use.restarts += 1
            self._channel = self._launch(self.entry, self.backend)
        deadline_s = request.deadline_s or self.entry.deadline(len(request.items))
        try:
            result = self._channel.ask(request, deadline_s, on_event)
            deaths = 0
        except StageDied as death:
            self._channel = None
            result, deaths = _result_of(death, request), 1
        return replace(result, items=checked_items(self.entry, request, result)), deaths

    def _stop(self) -> None:
        self.kill(_LAST_BREATH_S)


class WorkerPool:
    """All stages of a run; a context manager that leaves no process behind."""

    def __init__(self, launch: Launcher, stages: Mapping[StageName, StageEntry] = STAGES) -> None:
        self._launch = launch
        self._stages = stages
        self._workers: dict[StageName, StageWorker] = {}

    def __enter__(self) -> WorkerPool:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def start(self, backends: Iterable[tuple[StageName, str]]) -> None:
        """Start stages side by side; they load while this returns."""
        for stage, backend in backends:
            self._workers[stage] = StageWorker(self._stages[stage], backend, self._launch)

    def run(self, request: Request, on_event: OnEvent = lambda event: None) -> Result:
        """Ask a stage that was started."""
        return self._workers[request.stage].run(request, on_event)

    def backends(self) -> dict[StageName, str]:
        """Stages that were started, with their backends."""
        return {name: worker.backend for name, worker in self._workers.items()}

    def use(self) -> dict[StageName, StageUse]:
        """What each stage cost so far."""
        return {name: worker.use for name, worker in self._workers.items()}

    def close(self) -> None:
        """End all processes: ask them all first, then wait for each."""
        for worker in self._workers.values():
            worker.close()
        deadline = time.monotonic() + _LAST_BREATH_S
        for worker in self._workers.values():
            worker.kill(max(0.0, deadline - time.monotonic()))


def process_launcher(
    find_interpreter: FindInterpreter, log_of: Callable[[StageName], Path], environ: Mapping[str, str]
) -> Launcher:
    """Launches stages as processes, each in the environment of its backend's recipe.

    Args:
        find_interpreter: called for backends with a recipe; the others run in this interpreter.
        log_of: stage -> log file.
        environ: what the children's environment is made from.
    """
    environment = stage_environment(environ)

    def launch(entry: StageEntry, backend: str) -> StageProcess:
        recipe = entry.backends[backend].recipe
        interpreter = Path(sys.executable) if recipe is None else find_interpreter(entry.folder, recipe)
        command = [str(interpreter), "-m", entry.module, "serve", "--backend", backend]
        return StageProcess(entry.name, command, environment, PROJECT_ROOT, log_of(entry.name))

    return launch


def stage_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Variables of stage processes: the checkout on the path, threads by cores.

    Only one stage computes at a time, so each may use all cores; what the person set is kept.
    """
    return {"OMP_NUM_THREADS": str(available_cores()), **child_environment(environ)}


def available_cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _result_of(death: StageDied, request: Request) -> Result:
    error = ErrorInfo(death.code, death.message, death.hint, death.retryable)
    return Result(
        request_id=request.request_id,
        stage=request.stage,
        backend=request.backend,
        status="failed",
        exit_code=int(death.exit_code),
        items=death.finished,
        error=error,
    )


def _combined(first: Result, second: Result) -> Result:
    """The first result with the second's cost added."""
    metrics = Metrics(
        load_s=first.metrics.load_s + second.metrics.load_s,
        run_s=first.metrics.run_s + second.metrics.run_s,
        peak_rss_mb=_larger(first.metrics.peak_rss_mb, second.metrics.peak_rss_mb),
        peak_vram_mb=_larger(first.metrics.peak_vram_mb, second.metrics.peak_vram_mb),
    )
    error = first.error if second.error else None
    versions = second.versions if second.versions.python else first.versions
    return replace(first, metrics=metrics, error=error, versions=versions)


def _larger(a: float | None, b: float | None) -> float | None:
    return max((x for x in (a, b) if x is not None), default=None)
