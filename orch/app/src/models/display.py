"""How downloads are shown: a bar for a person at a terminal, lines in a pipe."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

OnBytes = Callable[[int], None]
_LINE_EVERY = 0.1
"""Share of a file after which a pipe gets another line."""


class BarDisplay:
    """Bars by rich, one file at a time."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(stderr=True)

    @contextmanager
    def file(self, name: str, size: int | None) -> Iterator[OnBytes]:
        columns = (
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            DownloadColumn(),
            TransferSpeedColumn(),
            TimeRemainingColumn(),
        )
        with Progress(*columns, console=self._console, transient=True) as bar:
            task = bar.add_task(name, total=size)
            yield lambda done: bar.update(task, completed=done)

    def say(self, text: str) -> None:
        self._console.print(text, markup=False, highlight=False, soft_wrap=True)


class LineDisplay:
    """A line at the start of a file and after each tenth of it, on standard error."""

    @contextmanager
    def file(self, name: str, size: int | None) -> Iterator[OnBytes]:
        self.say(f"fetching {name}" + (f", {size / 1e6:.1f} MB" if size else ""))
        told = 0.0

        def on_bytes(done: int) -> None:
            nonlocal told
            if size and done / size >= told + _LINE_EVERY:
                told = done / size
                self.say(f"  {100 * told:.0f} %")

        yield on_bytes

    def say(self, text: str) -> None:
        print(text, file=sys.stderr, flush=True)


def display() -> BarDisplay | LineDisplay:
    """What suits where standard error goes."""
    return BarDisplay() if sys.stderr.isatty() else LineDisplay()
