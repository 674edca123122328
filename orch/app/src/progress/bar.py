"""Progress for a person at a terminal."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn

from orch.app.src.progress.pace import Pace
from orch.app.src.progress.shown import Lines, PassName
from orch.app.src.progress.summary import photo_lines
from orch.app.src.report import PhotoReport

PASS_WORDS: dict[PassName, str] = {"look": "looking at photos", "open": "opening eyes"}
STAGE_WORDS = {
    "develop": "developing",
    "preenh": "varying prompts",
    "face": "faces",
    "crop": "cropping",
    "gen": "painting",
    "blend": "blending",
    "res": "restoring",
    "write": "writing",
}


class Bar(Lines):
    """A bar by rich; results go above it."""

    def __init__(self) -> None:
        super().__init__()
        self._bar = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=20),
            MofNCompleteColumn(),
            TextColumn("{task.fields[pace]}", markup=False),
            console=Console(),
            transient=True,
        )
        self._task = self._bar.add_task("starting", total=None, pace="")
        self._pace = Pace()
        self._pass = ""
        self._faces = 0
        self._steps: dict[str, str] = {}

    def __enter__(self) -> Bar:
        self._bar.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._bar.stop()

    def pass_started(self, name: PassName, photos: int) -> None:
        self._pass = PASS_WORDS[name]
        self._pace.begin(photos)
        self._bar.reset(self._task, total=photos)
        self._show()

    def photo_looked(self, name: str, faces: int, closed_eyes: int) -> None:
        self._faces += faces
        self._step(worked=True)

    def stage_started(self, stage: str) -> None:
        self._pace.stage_started(stage)
        self._show()

    def stage_event(self, stage: str, event: dict[str, Any]) -> None:
        if event["event"] == "progress" and event.get("message"):  # a step of what takes minutes
            self._steps[stage] = str(event["message"])
            self._show()

    def stage_ended(self, stage: str) -> None:
        self._pace.stage_ended(stage)
        self._steps.pop(stage, None)

    def photo_done(self, photo: PhotoReport) -> None:
        self._step(worked=not photo.resumed)
        for text in photo_lines(photo):
            self._print(text)

    def _print(self, text: str) -> None:
        self._bar.console.print(text, markup=False, highlight=False, soft_wrap=True)

    def _step(self, worked: bool) -> None:
        self._pace.step(worked)
        self._bar.advance(self._task)
        self._show()

    def _at_work(self, stage: str) -> str:
        word, step = STAGE_WORDS.get(stage, stage), self._steps.get(stage)
        return f"{word}, {step}" if step else word

    @property
    def description(self) -> str:
        """The pass, and what is in work."""
        stages = ", ".join(map(self._at_work, self._pace.stages()))
        return f"{self._pass or 'starting'} ({stages})" if stages else self._pass or "starting"

    def _show(self) -> None:
        rate, left = self._pace.per_minute(), self._pace.left_s()
        pace = [f"{self._faces} face{'' if self._faces == 1 else 's'}"] if self._faces else []
        if rate is not None and left is not None and self._pace.total > 1:
            pace += [f"{rate:g} a minute", f"{_duration(left)} left"]
        self._bar.update(self._task, description=self.description, pace=", ".join(pace))


def _duration(seconds: float) -> str:
    """ "45 s", "12 min", "2 h 05 min"."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60:02d} min"
