"""What is being made, told on standard error: plain lines in a log, one line that counts on a terminal."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Say = Callable[[str], None]
"""Takes one line for a person."""

_START_OF_CLEAN_LINE = "\r\x1b[K"
_TICK_S = 1.0


def say(line: str) -> None:
    """The usual way: a line on standard error."""
    start = _START_OF_CLEAN_LINE if sys.stderr.isatty() else ""
    print(f"{start}{line}", file=sys.stderr, flush=True)


@contextmanager
def step(what: str, tell: Say = say) -> Iterator[None]:
    """Say what begins, and how long it took once it is done; on a terminal count the seconds meanwhile."""
    started = time.monotonic()
    if tell is say and sys.stderr.isatty():
        with _counting(what, started):
            yield
    else:
        tell(f"{what} ...")
        yield
    tell(f"{what}: done in {time.monotonic() - started:.0f} s")


@contextmanager
def _counting(what: str, started: float) -> Iterator[None]:
    over = threading.Event()

    def count() -> None:
        while True:
            seconds = time.monotonic() - started
            print(f"{_START_OF_CLEAN_LINE}{what} ... {seconds:.0f} s", end="", file=sys.stderr, flush=True)
            if over.wait(_TICK_S):
                return

    counter = threading.Thread(target=count, name="progress", daemon=True)
    counter.start()
    try:
        yield
    finally:
        over.set()
        counter.join()
        print(_START_OF_CLEAN_LINE, end="", file=sys.stderr, flush=True)
