"""What a run shows while it works: a bar on a terminal, JSON objects, or in a pipe only the results.

With JSON everything is one object a line on standard output.
"""

from __future__ import annotations

import json
import sys
from typing import Any, Literal, Protocol, TextIO

from contracts.codec import to_dict
from orch.app.src.progress.pace import Pace
from orch.app.src.progress.summary import photo_lines, run_lines
from orch.app.src.report import PhotoReport, RunDocuments, RunReport

PassName = Literal["look", "open"]


class Progress(Protocol):
    """Told what happens; a context manager around the run. Stages are told of from several threads."""

    def __enter__(self) -> Progress: ...
    def __exit__(self, *exc: object) -> None: ...
    def run_started(self, run_id: str, photos: int) -> None: ...
    def pass_started(self, name: PassName, photos: int) -> None: ...
    def photo_looked(self, name: str, faces: int, closed_eyes: int) -> None: ...
    def stage_started(self, stage: str) -> None: ...
    def stage_event(self, stage: str, event: dict[str, Any]) -> None: ...
    def stage_ended(self, stage: str) -> None: ...
    def photo_done(self, photo: PhotoReport) -> None: ...
    def run_done(self, run: RunReport, documents: RunDocuments) -> None: ...


class Silent:
    """For callers from Python."""

    def __enter__(self) -> Silent:
        return self

    def __exit__(self, *exc: object) -> None:
        """Nothing is open."""

    def run_started(self, run_id: str, photos: int) -> None:
        """Not shown."""

    def pass_started(self, name: PassName, photos: int) -> None:
        """Not shown."""

    def photo_looked(self, name: str, faces: int, closed_eyes: int) -> None:
        """Not shown."""

    def stage_started(self, stage: str) -> None:
        """Not shown."""

    def stage_event(self, stage: str, event: dict[str, Any]) -> None:
        """Not shown."""

    def stage_ended(self, stage: str) -> None:
        """Not shown."""

    def photo_done(self, photo: PhotoReport) -> None:
        """Not shown."""

    def run_done(self, run: RunReport, documents: RunDocuments) -> None:
        """Not shown."""


class Lines(Silent):
    """Results as plain lines, and nothing else: for pipes and files."""

    def __init__(self, out: TextIO | None = None) -> None:
        self._out = out or sys.stdout

    def photo_done(self, photo: PhotoReport) -> None:
        for text in photo_lines(photo):
            self._print(text)

    def run_done(self, run: RunReport, documents: RunDocuments) -> None:
        for text in run_lines(run, documents):
            self._print(text)

    def _print(self, text: str) -> None:
        print(text, file=self._out, flush=True)


class JsonLines(Silent):
    """One JSON object a line on standard output.

    `started`, `pass` and `run` frame the run; `look` tells what was found in a photo, `progress` how far
    it is, and `photo` comes exactly once for each photo that is done.
    """

    def __init__(self, out: TextIO | None = None) -> None:
        self._out = out or sys.stdout
        self._pace = Pace()

    def run_started(self, run_id: str, photos: int) -> None:
        self._send("started", run_id=run_id, photos=photos)

    def pass_started(self, name: PassName, photos: int) -> None:
        self._pace.begin(photos)
        self._send("pass", name=name, photos=photos)

    def photo_looked(self, name: str, faces: int, closed_eyes: int) -> None:
        self._send("look", photo=name, faces=faces, closed_eyes=closed_eyes)
        self._pace.step()
        self._progress()

    def stage_started(self, stage: str) -> None:
        self._pace.stage_started(stage)

    def stage_ended(self, stage: str) -> None:
        self._pace.stage_ended(stage)

    def photo_done(self, photo: PhotoReport) -> None:
        self._send("photo", **to_dict(photo), outputs=photo.output_paths())
        self._pace.step(worked=not photo.resumed)
        self._progress()

    def run_done(self, run: RunReport, documents: RunDocuments) -> None:
        self._send(
            "run",
            run_id=run.run_id,
            exit_code=run.exit_code,
            stopped=to_dict(run.stopped) if run.stopped else None,
            not_done=list(run.not_done),
            total_s=run.total_s,
            outputs=run.output_paths(),
            problems=to_dict(run.problems),
            notices=to_dict(run.notices),
            **to_dict(documents),
        )

    def _progress(self) -> None:
        pace = self._pace
        if pace.total > 1:
            self._send(
                "progress",
                done=pace.done,
                total=pace.total,
                stages=pace.stages(),
                photos_per_minute=pace.per_minute(),
                left_s=pace.left_s(),
            )

    def _send(self, event: str, **fields: Any) -> None:
        line = json.dumps({"event": event, **fields}, ensure_ascii=True, allow_nan=False)
        print(line, file=self._out, flush=True)
