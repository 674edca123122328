"""Doing one thing for many photos, several at once.

`Executor` is what a run needs; an engine that spreads photos over machines would be another one.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import dataclass
from itertools import islice
from typing import Protocol, TypeVar

T = TypeVar("T")
R = TypeVar("R")

_PATIENCE_S = 0.5
"""Longest wait before a look up; and between two cancellations, for those who were just starting something
at the first."""


class Executor(Protocol):
    """Runs a flow over items."""

    @property
    def in_flight(self) -> int:
        """Flows at once."""

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
        with ThreadPoolExecutor(self.in_flight, "photo") as threads:
            try:
                yield from _results(threads, flow, items, self.in_flight)
            except BaseException:  # a Ctrl-C and an iterator that is closed early among them
                self._end(threads)
                raise

    def _end(self, threads: ThreadPoolExecutor) -> None:
        """Cancel until every thread has ended.

        The threads are waited for, and not the futures: a Ctrl-C may come between the submission of a
        flow and the note of its future.
        """
        ending = threading.Thread(target=threads.shutdown, kwargs={"cancel_futures": True})
        ending.start()
        while ending.is_alive():
            self.cancel()
            ending.join(_PATIENCE_S)


def _results(
    threads: ThreadPoolExecutor, flow: Callable[[T], R], items: Iterator[T], in_flight: int
) -> Generator[R, None, None]:
    running = {threads.submit(flow, item) for item in islice(items, in_flight)}
    while running:
        # With a time limit: a Ctrl-C that comes just before a wait begins does not end it.
        done, running = wait(running, _PATIENCE_S, FIRST_COMPLETED)
        for future in sorted(done, key=lambda future: future.exception() is not None):
            running |= {threads.submit(flow, item) for item in islice(items, 1)}
            yield future.result()
