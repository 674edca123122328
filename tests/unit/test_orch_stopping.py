"""When a run ends before its last photo."""

from __future__ import annotations

from pathlib import Path

from orch.app.src.progress.shown import Silent
from orch.app.src.report import PhotoReport
from tests.unit.orch_fakes import World, face, run


def world(**changes: object) -> World:
    return World({f"{n}.jpg": (face(0),) for n in range(1, 6)}, **changes)  # type: ignore[arg-type]


def test_failures_stop_a_run_only_where_a_person_says_so(tmp_path: Path) -> None:
    fails = {("face", f"in:{n}.jpg"): "INPUT_003" for n in (2, 3)}
    assert len(run(world(fails=fails), tmp_path / "a").photos) == 5
    report = run(world(fails=fails), tmp_path / "b", max_failures=2)
    assert report.exit_code == 9
    assert report.stopped is not None and report.stopped.code == "RUN_003"
    assert [p.photo for p in report.photos] == ["2.jpg", "3.jpg"]
    assert report.not_done == ("1.jpg", "4.jpg", "5.jpg")


def test_the_first_failure_stops_with_fail_fast(tmp_path: Path) -> None:
    made = world(fails={("crop", "in:2.jpg"): "CROP_001"})
    report = run(made, tmp_path, max_failures=1)
    assert [(p.photo, p.status) for p in report.photos] == [("1.jpg", "edited"), ("2.jpg", "failed")]
    assert len(made.of("crop")) == 2


def test_a_full_disk_stops_a_run_and_fails_no_photo(tmp_path: Path) -> None:
    report = run(world(fails={("gen", "original/0"): "OUTPUT_002"}), tmp_path, run_id="r")
    assert report.exit_code == 7
    assert report.stopped is not None and report.stopped.code == "OUTPUT_002"
    assert report.photos == ()
    assert len(report.not_done) == 5
    assert run(world(), tmp_path, resume=True).exit_code == 0


def test_a_full_disk_in_the_first_pass_stops_too(tmp_path: Path) -> None:
    report = run(world(fails={("face", "in:2.jpg"): "OUTPUT_002"}), tmp_path)
    assert (report.exit_code, report.photos) == (7, ())


class FragileScreen(Silent):
    """A terminal that goes away with the second photo."""

    done = 0

    def photo_done(self, report: PhotoReport) -> None:
        self.done += 1
        if self.done == 2:
            raise UnicodeEncodeError("ascii", "漢.jpg", 0, 1, "ordinal not in range(128)")


def test_an_error_that_nobody_expected_ends_a_run_with_its_report(tmp_path: Path) -> None:
    report = run(world(), tmp_path, surroundings={"progress": lambda log_format: FragileScreen()})
    assert report.exit_code == 70
    assert report.stopped is not None and report.stopped.code == "INTERNAL_001"
    assert [p.photo for p in report.photos] == ["1.jpg", "2.jpg"]
    assert report.not_done == ("3.jpg", "4.jpg", "5.jpg")
    assert (tmp_path / "out/Output_Json" / f"report_{report.run_id}.json").exists()
