"""Doing one thing for many photos, several at once.

`Executor` is what a run needs; an engine that spreads photos over machines would be another one.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from itertools import islice
from typing import Protocol, TypeVar

T = TypeVar("T")
R = TypeVar("R")

_PATIENCE_S = 0.5
"""Between two cancellations, for those who were just starting something at the first."""


class Executor(Protocol):
    """Runs a flow over items."""

    def run(self, flow: Callable[[T], R], items: Iterable[T]) -> Generator[R, None, None]:
        """Results as they are ready, in any order.

        Items are taken one by one as there is room, so that neither waiting items nor results that
        nobody asked for pile up. What a flow raises is raised here. An iterator that is closed early
        ends the flows that are under way.
        """


@dataclass
class LocalExecutor:
    """Threads of this process: flows mostly wait for stage processes.

    Attributes:
        in_flight: flows at once; one runs in the caller's own thread.
        cancel: makes flows that are under way end soon; called when the iterator is closed early.
    """

    in_flight: int
    cancel: Callable[[], None]

    def run(self, flow: Callable[[T], R], items: Iterable[T]) -> Generator[R, None, None]:
        """See `Executor.run`."""
        if self.in_flight == 1:
            return (flow(item) for item in items)
        return self._run(flow, iter(items))

    def _run(self, flow: Callable[[T], R], items: Iterator[T]) -> Generator[R, None, None]:
        running: set[Future[R]] = set()
        with ThreadPoolExecutor(self.in_flight, "photo") as threads:
            try:
                running = {threads.submit(flow, item) for item in islice(items, self.in_flight)}
                while running:
                    done, running = wait(running, return_when=FIRST_COMPLETED)
                    for future in sorted(done, key=lambda future: future.exception() is not None):
                        running |= {threads.submit(flow, item) for item in islice(items, 1)}
                        yield future.result()
            finally:
                while running:
                    self.cancel()
                    running = wait(running, _PATIENCE_S).not_done
