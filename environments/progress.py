"""What is being made, told on standard error: plain lines, short enough for a log."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Say = Callable[[str], None]
"""Takes one line for a person."""


def say(line: str) -> None:
    """The usual way: a line on standard error."""
    print(line, file=sys.stderr, flush=True)


def silent(line: str) -> None:
    """Says nothing."""


@contextmanager
def step(what: str, tell: Say = say) -> Iterator[None]:
    """Say what begins, and how long it took once it is done."""
    started = time.monotonic()
    tell(f"{what} ...")
    yield
    tell(f"{what}: done in {time.monotonic() - started:.0f} s")
