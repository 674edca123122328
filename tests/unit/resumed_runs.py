"""A run over three photos, to be taken up again."""

from __future__ import annotations

from pathlib import Path

from orch.app.src.report import RunReport
from tests.unit.orch_fakes import World, face, run

NAMES = ("1.jpg", "2.jpg", "3.jpg")


def world(**changes: object) -> World:
    return World({name: (face(0),) for name in NAMES}, **changes)  # type: ignore[arg-type]


def interrupted(tmp_path: Path) -> None:
    report = run(world(interrupt_at="3.jpg"), tmp_path, run_id="r")
    assert (report.exit_code, report.not_done) == (130, ("3.jpg",))


def painted(made: World) -> list[str]:
    """Photos that were cropped, which is the first thing done for those that are worked on."""
    return [request.items[0].photo.removeprefix("in:") for request in made.of("crop")]


def journal_of(tmp_path: Path, run_id: str = "r") -> Path:
    return tmp_path / "out" / "Output_Json" / f"journal_{run_id}.jsonl"


def notices(report: RunReport) -> list[str]:
    return [notice.code for notice in report.notices]
