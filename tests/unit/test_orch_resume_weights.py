"""A run that is taken up needs stages and weights only for what is left to do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from contracts.envelope import ErrorInfo, Request, Result
from orch.app.src.calling.options import Override
from orch.app.src.report import RunReport
from orch.app.src.stage_registry import StageEntry
from orch.app.src.stages.process import OnEvent
from tests.unit.orch_fakes import FakeStage, World, restoring, run
from tests.unit.resumed_runs import interrupted, notices, painted, world


def test_where_nothing_is_left_no_stage_is_started_for_it(tmp_path: Path) -> None:
    run(world(), tmp_path, run_id="r", num_variations=2)
    later = world()
    report = run(later, tmp_path, resume=True, num_variations=2)
    assert ([p.resumed for p in report.photos], later.work()) == ([True] * 3, [])
    assert set(later.started) == {("face", "facemesh"), ("res", "finish")}


@dataclass
class Damaged(FakeStage):
    """Weights for restoring that do not load."""

    def ask(self, request: Request, deadline_s: float, on_event: OnEvent) -> Result:
        result = super().ask(request, deadline_s, on_event)
        if (request.stage, request.backend, request.items) != ("res", "codeformer", ()):
            return result
        return replace(result, status="failed", error=ErrorInfo("MODEL_005", "codeformer is damaged"))


@pytest.fixture
def restores() -> Iterator[None]:
    with restoring(Path(__file__)):
        yield


def resumed_with_damaged_weights(tmp_path: Path, later: World, **options: Any) -> RunReport:
    def launch(entry: StageEntry, backend: str) -> Damaged:
        return Damaged(entry, later)

    changes = {"launcher": lambda layout, batch_id, threads: launch}
    return run(later, tmp_path, resume=True, surroundings=changes, **options)


@pytest.mark.usefixtures("restores")
def test_what_is_done_needs_no_weights(tmp_path: Path) -> None:
    first = world()
    run(first, tmp_path, run_id="r")
    assert first.of("res")[0].items == ()  # loaded before the first photo
    later = world()
    report = resumed_with_damaged_weights(tmp_path, later)
    assert (report.exit_code, later.work(), notices(report)) == (0, [], [])
    assert [p.resumed for p in report.photos] == [True] * 3


@pytest.mark.usefixtures("restores")
def test_weights_that_load_no_more_do_nothing_again(tmp_path: Path) -> None:
    interrupted(tmp_path)
    for left in (["3.jpg"], []):
        later = world()
        report = resumed_with_damaged_weights(tmp_path, later)
        assert (report.exit_code, painted(later)) == (0, left)
        assert "BACKEND_FALLBACK" in notices(report)


@pytest.mark.usefixtures("restores")
def test_weights_that_were_asked_for_end_the_run_and_the_report_keeps_what_is_done(tmp_path: Path) -> None:
    asked_for = (Override("--restore", ("restoration", "enabled"), True),)
    run(world(interrupt_at="3.jpg"), tmp_path, run_id="r", overrides=asked_for)
    later = world()
    report = resumed_with_damaged_weights(tmp_path, later, overrides=asked_for)
    assert (report.exit_code, painted(later), report.not_done) == (3, [], ("3.jpg",))
    assert report.stopped and report.stopped.code == "MODEL_005"
    assert [p.photo for p in report.photos] == ["1.jpg", "2.jpg"]
