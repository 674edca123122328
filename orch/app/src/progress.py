"""What a run shows while it works: a bar on a terminal, lines in a pipe, JSON objects, or nothing.

In a pipe, progress goes to standard error and results to standard output, so that a script reads only
results. With JSON everything is one object a line on standard output.
"""

from __future__ import annotations

import json
import sys
from typing import Any, Protocol, TextIO

from contracts.codec import to_dict
from orch.app.src.report import PhotoReport, RunReport
from orch.app.src.summary import photo_lines, run_lines

STAGE_WORDS = {
    "preenh": "varying prompts",
    "face": "looking at faces",
    "crop": "cropping eyes",
    "gen": "painting eyes",
    "blend": "blending",
    "res": "restoring faces",
    "write": "writing",
}


class Progress(Protocol):
    """Told what happens, in order; a context manager around the run."""

    def __enter__(self) -> Progress: ...
    def __exit__(self, *exc: object) -> None: ...
    def run_started(self, run_id: str, photos: int) -> None: ...
    def photo_started(self, name: str) -> None: ...
    def stage_started(self, stage: str) -> None: ...
    def stage_event(self, stage: str, event: dict[str, Any]) -> None: ...
    def photo_done(self, photo: PhotoReport) -> None: ...
    def run_done(self, run: RunReport, report_path: str | None) -> None: ...


class Silent:
    """For callers from Python."""

    def __enter__(self) -> Silent:
        return self

    def __exit__(self, *exc: object) -> None:
        """Nothing is open."""

    def run_started(self, run_id: str, photos: int) -> None:
        """Not shown."""

    def photo_started(self, name: str) -> None:
        """Not shown."""

    def stage_started(self, stage: str) -> None:
        """Not shown."""

    def stage_event(self, stage: str, event: dict[str, Any]) -> None:
        """Not shown."""

    def photo_done(self, photo: PhotoReport) -> None:
        """Not shown."""

    def run_done(self, run: RunReport, report_path: str | None) -> None:
        """Not shown."""


class Lines(Silent):
    """Plain lines: what is being done on standard error, results on standard output."""

    def __init__(self, out: TextIO | None = None, err: TextIO | None = None) -> None:
        self._out = out or sys.stdout
        self._err = err or sys.stderr
        self._total = 0
        self._number = 0

    def run_started(self, run_id: str, photos: int) -> None:
        self._total = photos

    def photo_started(self, name: str) -> None:
        self._number += 1
        print(f"[{self._number}/{self._total}] {name}", file=self._err, flush=True)

    def photo_done(self, photo: PhotoReport) -> None:
        for text in photo_lines(photo):
            print(text, file=self._out, flush=True)

    def run_done(self, run: RunReport, report_path: str | None) -> None:
        for text in run_lines(run, report_path):
            print(text, file=self._out, flush=True)


class Bar(Lines):
    """A progress bar by rich, for a person at a terminal; results go above it."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn

        super().__init__()
        self._bar = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            console=Console(),
            transient=True,
        )
        self._task = self._bar.add_task("starting", total=None)
        self._photo = ""

    def __enter__(self) -> Bar:
        self._bar.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._bar.stop()

    def run_started(self, run_id: str, photos: int) -> None:
        self._bar.update(self._task, total=photos)

    def photo_started(self, name: str) -> None:
        self._photo = name

    def stage_started(self, stage: str) -> None:
        self._bar.update(self._task, description=f"{self._photo}: {STAGE_WORDS.get(stage, stage)}")

    def photo_done(self, photo: PhotoReport) -> None:
        self._bar.advance(self._task)
        for text in photo_lines(photo):
            self._bar.console.print(text, markup=False, highlight=False, soft_wrap=True)

    def run_done(self, run: RunReport, report_path: str | None) -> None:
        self._bar.stop()
        super().run_done(run, report_path)


class JsonLines(Silent):
    """One JSON object a line on standard output: `photo` when one is done, `run` at the end."""

    def __init__(self, out: TextIO | None = None) -> None:
        self._out = out or sys.stdout

    def run_started(self, run_id: str, photos: int) -> None:
        self._send("started", run_id=run_id, photos=photos)

    def stage_started(self, stage: str) -> None:
        self._send("stage", stage=stage)

    def photo_done(self, photo: PhotoReport) -> None:
        self._send("photo", **to_dict(photo), outputs=photo.output_paths())

    def run_done(self, run: RunReport, report_path: str | None) -> None:
        self._send(
            "run",
            run_id=run.run_id,
            exit_code=run.exit_code,
            total_s=run.total_s,
            outputs=run.output_paths(),
            problems=to_dict(run.problems),
            report=report_path,
        )

    def _send(self, event: str, **fields: Any) -> None:
        line = json.dumps({"event": event, **fields}, ensure_ascii=True, allow_nan=False)
        print(line, file=self._out, flush=True)


def progress_for(log_format: str) -> Progress:
    """What suits the log format and whether a person is watching."""
    if log_format == "json":
        return JsonLines()
    watched = sys.stdout.isatty() and sys.stderr.isatty()
    return Bar() if watched else Lines()
