"""The stage processes of a run, kept warm: several of each stage, leased to one photo at a time.

The first process of a stage is started ahead, others when a photo would have to wait. Whoever finds
all of them at work waits: that is what holds a run back to what the machine can do.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field

from contracts.envelope import Request, Result, StageName
from contracts.error_codes import ErrorCode, StageError
from contracts.exit_codes import ExitCode
from orch.app.src.stage_registry import STAGES, StageEntry
from orch.app.src.stages.launching import Channel, Launcher
from orch.app.src.stages.process import OnEvent
from orch.app.src.stages.usage import BusyTime, StageUse
from orch.app.src.stages.worker import StageWorker

Key = tuple[StageName, str]
"""Stage and backend."""

_LAST_S = 10.0
"""Seconds: encoding a picture of 45 megapixels takes 1 to 7."""


@dataclass
class _Team:
    """Processes of one stage with one backend. total: with those that are at work or being started."""

    limit: int
    total: int = 0
    idle: list[StageWorker] = field(default_factory=list)
    workers: list[StageWorker] = field(default_factory=list)
    ended: list[StageUse] = field(default_factory=list)

    def shrink(self, most: int) -> None:
        self.limit = min(self.limit, most)
        while self.total > self.limit and self.idle:
            worker = self.idle.pop()
            worker.kill()
            self.workers.remove(worker)
            self.ended.append(worker.use)
            self.total -= 1


class WorkerPool:
    """All stages of a run; a context manager that leaves no process behind.

    Args:
        launch: starts a process.
        processes: (stage, backend) -> most processes.
        lasting: backends that are asked even when the run was cancelled, so that what is done is still
            finished; those that hang are ended as well when `cancel` is called after `_LAST_S` again.
    """

    def __init__(
        self,
        launch: Launcher,
        processes: Callable[[StageName, str], int] = lambda stage, backend: 1,
        stages: Mapping[StageName, StageEntry] = STAGES,
        lasting: Container[Key] = (),
    ) -> None:
        self._launch = launch
        self._processes = processes
        self._stages = stages
        self._lasting = lasting
        self._teams: dict[Key, _Team] = {}
        self._changed = threading.Condition()
        self._cancelled: float | None = None
        # The kernel ends a process with the thread that started it, so that thread has to last.
        self._starter = ThreadPoolExecutor(1, "stage-starter")
        self._ender = ThreadPoolExecutor(thread_name_prefix="stage-ender")
        self._endings: list[Future[None]] = []
        self.busy = BusyTime()

    def __enter__(self) -> WorkerPool:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def start(self, backends: Iterable[Key], each: int = 1) -> None:
        """Have so many processes of each, or as many as there may be; they load while this returns.

        To be called from the thread that runs the pool. May make environments.
        """
        for key in backends:
            team = self._team(key)
            while team.total < min(each, team.limit):
                entry = self._stages[key[0]]
                first = self._launch(entry, key[1])
                worker = StageWorker(entry, key[1], self._launch_lastingly, first)
                with self._changed:
                    team.total += 1
                    team.workers.append(worker)
                    team.idle.append(worker)
                    self._changed.notify()

    def run(self, request: Request, on_event: OnEvent = lambda event: None) -> Result:
        """Ask a process of the request's stage and backend, when one is free."""
        with self.lease(request.stage, request.backend) as ask:
            return ask(request, on_event)

    @contextmanager
    def lease(self, stage: StageName, backend: str) -> Iterator[Callable[[Request, OnEvent], Result]]:
        """A process for oneself; waits until one is free.

        Raises:
            StageError: INTERRUPTED where the run was cancelled.
        """
        team = self._team((stage, backend))
        worker = self._free_one((stage, backend), team) or self._another((stage, backend), team)
        try:
            yield lambda request, on_event: self._ask(worker, request, on_event)
        finally:
            with self._changed:
                team.idle.append(worker)
                self._changed.notify_all()

    def shrink(self, most: Mapping[StageName, int]) -> None:
        """End idle processes beyond these numbers, for good; to be called while none works."""
        for (stage, _), team in self._all_teams():
            if stage in most:
                team.shrink(most[stage])

    def end(self, key: Key) -> None:
        """End the processes of a stage with this backend, for good; to be called while none works."""
        self._team(key).shrink(0)

    def cancel(self) -> None:
        """End all processes that do not last: whoever waits for one is told that the run is over."""
        with self._changed:
            now = time.monotonic()
            if self._cancelled is None:
                self._cancelled = now
            spared = self._lasting if now - self._cancelled < _LAST_S else ()
            self._changed.notify_all()
            ended = [team for key, team in self._teams.items() if key not in spared]
            workers = [worker for team in ended for worker in team.workers]
        for worker in workers:
            worker.kill()

    def use(self) -> dict[Key, StageUse]:
        """What each stage cost so far."""
        used = {}
        for key, team in self._all_teams():
            total = StageUse(processes=0)
            for use in [*team.ended, *(worker.use for worker in team.workers)]:
                total.merge(use)
            used[key] = total
        return used

    def wind_down(self) -> None:
        """Begin to end the processes that do not last: nothing more will be asked of them."""
        self._kill_all(team for key, team in self._all_teams() if key not in self._lasting)

    def close(self) -> None:
        """End all processes."""
        self._kill_all(team for _, team in self._all_teams())
        self._ender.shutdown()
        self._starter.shutdown(wait=False)
        for ending in self._endings:
            ending.result()

    def _kill_all(self, teams: Iterable[_Team]) -> None:
        """Side by side, and beside what the caller does: giving back their memory takes a while."""
        for worker in [worker for team in teams for worker in team.workers]:
            self._endings.append(self._ender.submit(worker.kill))

    def _team(self, key: Key) -> _Team:
        with self._changed:
            if key not in self._teams:
                self._teams[key] = _Team(self._processes(*key))
            return self._teams[key]

    def _all_teams(self) -> list[tuple[Key, _Team]]:
        with self._changed:
            return list(self._teams.items())

    def _free_one(self, key: Key, team: _Team) -> StageWorker | None:
        """A process that is free; None where another one may be started."""
        with self._changed:
            while True:
                if self._cancelled is not None and key not in self._lasting:
                    raise _cancelled()
                if team.idle:
                    return team.idle.pop()
                if team.total < team.limit:
                    team.total += 1
                    return None
                self._changed.wait()

    def _another(self, key: Key, team: _Team) -> StageWorker:
        try:
            worker = StageWorker(self._stages[key[0]], key[1], self._launch_lastingly)
        except BaseException:
            with self._changed:
                team.total -= 1
                self._changed.notify_all()
            raise
        with self._changed:
            team.workers.append(worker)
        return worker

    def _launch_lastingly(self, entry: StageEntry, backend: str) -> Channel:
        if self._cancelled is not None and (entry.name, backend) not in self._lasting:
            raise _cancelled()
        return self._starter.submit(self._launch, entry, backend).result()

    def _ask(self, worker: StageWorker, request: Request, on_event: OnEvent) -> Result:
        result = worker.run(request, on_event)
        now = time.monotonic()
        self.busy.add(now - result.metrics.run_s, now)
        return result


def _cancelled() -> StageError:
    return StageError(ErrorCode.INTERRUPTED, "the run was ended", exit_code=ExitCode.INTERRUPTED)
