"""Asking a stage, with its progress shown and its time taken."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Protocol

from contracts.envelope import Request, Result, StageName
from orch.app.src.progress.shown import Progress
from orch.app.src.stages.usage import BusyTime

Ask = Callable[[Request, Callable[[dict[str, Any]], None]], Result]


class StageRunner(Protocol):
    """What asking needs of `stages.pool.WorkerPool`."""

    busy: BusyTime

    def lease(self, stage: StageName, backend: str) -> AbstractContextManager[Ask]: ...


class Asker:
    """Sends requests to their stages, for one photo or for the run.

    Attributes:
        seconds: stage -> how long it worked; the wait for a free process is not counted.
        models: name -> what tells the weights with which stages answered; see Versions.
    """

    def __init__(self, stages: StageRunner, progress: Progress) -> None:
        self._stages = stages
        self._progress = progress
        self.seconds: dict[str, float] = {}
        self.models: dict[str, str] = {}

    def afresh(self) -> Asker:
        """Another one, which has asked nothing yet: photos in work side by side have one each."""
        return Asker(self._stages, self._progress)

    def __call__(self, request: Request, shown_as: str = "") -> Result:
        """Ask and wait; every item of the request has an answer.

        Args:
            shown_as: for the progress and the times, where the stage's name does not tell what it does.

        Raises:
            StageError: INTERRUPTED where the run is being ended.
        """
        stage, shown_as = request.stage, shown_as or request.stage
        with self._stages.lease(stage, request.backend) as ask, self.timed(shown_as):
            result = ask(request, lambda event: self._progress.stage_event(shown_as, event))
        self.models |= result.versions.models
        return result

    @contextmanager
    def developing(self) -> Iterator[None]:
        """Around the developing of a photo, which no stage does."""
        started = time.monotonic()
        with self.timed("develop"):
            yield
        self._stages.busy.add(started, time.monotonic())

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
            self._progress.stage_ended(stage)
