"""One stage process with one backend, asked one request at a time and restarted when it dies.

A stage that dies is started again, and the items it left are tried once more, each by itself, so
that one item that kills it does not take the others along.
"""

from __future__ import annotations

import time
from dataclasses import replace

from contracts.envelope import ErrorInfo, Metrics, Request, Result
from contracts.error_codes import ErrorCode
from orch.app.src.stage_registry import StageEntry
from orch.app.src.stages.launching import Channel, Launcher
from orch.app.src.stages.process import OnEvent, StageDied
from orch.app.src.stages.result_checks import checked_items
from orch.app.src.stages.usage import StageUse, larger

MOST_DEATHS = 3
"""A stage that dies so often within one request is not started again for it."""


class StageWorker:
    """One stage with one backend.

    Args:
        launch: starts the process again after a death, and at first where there is no `channel`.

    Attributes:
        use: what it cost so far.
    """

    def __init__(
        self, entry: StageEntry, backend: str, launch: Launcher, channel: Channel | None = None
    ) -> None:
        self.entry = entry
        self.backend = backend
        self.use = StageUse()
        self._launch = launch
        self._channel: Channel | None = channel or launch(entry, backend)

    def run(self, request: Request, on_event: OnEvent) -> Result:
        """Every item gets an answer; this never raises for what a stage does.

        Items that were not answered because the stage died, and items that failed with a retryable
        error, are tried once more by themselves. A full disk is not: it would be full again. What a killed
        process left then is tried again after all others: it may not be to blame.
        """
        started = time.monotonic()
        result, death = self._attempt(request, on_event)
        items = {item.item_id: item for item in result.items}
        deaths = int(death is not None)
        waiting = list(request.items)
        for item in waiting:  # grows
            error = items[item.item_id].error
            if error is None or not error.retryable or error.code == ErrorCode.DISK_FULL:
                continue
            if deaths >= MOST_DEATHS:
                break
            if error.code == ErrorCode.OUT_OF_MEMORY:
                self.kill()  # a fresh process has the most memory
            alone, death = self._attempt(replace(request, items=(item,)), on_event)
            if death:
                deaths += 1
                waiting += [item] if death.killed else []
            items[item.item_id] = alone.items[0]
            result = _combined(result, alone)
        result = replace(result, items=tuple(items.values()))
        self.use.add(request, result, time.monotonic() - started)
        return result

    def kill(self) -> None:
        channel, self._channel = self._channel, None
        if channel:
            channel.kill()

    def _attempt(self, request: Request, on_event: OnEvent) -> tuple[Result, StageDied | None]:
        """Ask once; a death becomes failed items, and is returned as well."""
        channel = self._channel
        if channel is None:
            self.use.restarts += 1
            channel = self._channel = self._launch(self.entry, self.backend)
        deadline_s = request.deadline_s or self.entry.backends[self.backend].deadline(len(request.items))
        try:
            result, death = channel.ask(request, deadline_s, on_event), None
        except StageDied as died:
            self._channel = None
            result, death = _result_of(died, request), died
        return replace(result, items=checked_items(self.entry, request, result)), death


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
        cpu_s=first.metrics.cpu_s + second.metrics.cpu_s,
        peak_rss_mb=larger(first.metrics.peak_rss_mb, second.metrics.peak_rss_mb),
        peak_vram_mb=larger(first.metrics.peak_vram_mb, second.metrics.peak_vram_mb),
    )
    error = first.error if second.error else None
    versions = second.versions if second.versions.python else first.versions
    return replace(first, metrics=metrics, error=error, versions=versions)
