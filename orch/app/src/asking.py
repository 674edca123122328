"""Asking a stage, with its progress shown and its time taken."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from contracts.envelope import Request, Result
from orch.app.src.progress import Progress


class StageRunner(Protocol):
    """What asking needs of `workers.WorkerPool`; a function table in tests."""

    def run(self, request: Request, on_event: Callable[[dict[str, Any]], None]) -> Result: ...


class Asker:
    """Sends requests to their stages. seconds: stage -> what was waited for it since the last `reset`."""

    def __init__(self, stages: StageRunner, progress: Progress) -> None:
        self._stages = stages
        self._progress = progress
        self.seconds: dict[str, float] = {}

    def reset(self) -> None:
        self.seconds = {}

    def __call__(self, request: Request) -> Result:
        """Ask and wait; every item of the request has an answer."""
        stage = request.stage
        with self.timed(stage):
            return self._stages.run(request, lambda event: self._progress.stage_event(stage, event))

    @contextmanager
    def timed(self, stage: str) -> Iterator[None]:
        """Show a piece of work and add its time."""
        self._progress.stage_started(stage)
        started = time.monotonic()
        try:
            yield
        finally:
            took = time.monotonic() - started
            self.seconds[stage] = round(self.seconds.get(stage, 0.0) + took, 4)
