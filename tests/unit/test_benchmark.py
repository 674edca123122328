"""The benchmark's photo and table; its seconds are nobody's business here."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from tests.performance.benchmark_embedded import PHOTO_SIZE, Run, make_photo, outcome, table


def _run(seconds: float) -> Run:
    eyes = [{"outcome": "opened"}, {"outcome": "refused"}]
    photo = {
        "stage_seconds": {"face": seconds / 2, "write": seconds / 4},
        "faces": [{}],
        "variations": [{"faces": [{"eyes": eyes}]}],
    }
    report = {
        "photos": [photo],
        "overhead_s": seconds / 10,
        "peak_rss_mb": 100 * seconds,
        "stages": {"face": {"peak_rss_mb": 50 * seconds}},
    }
    return Run(seconds, 1.5 * seconds, report)


def test_the_table_shows_medians_and_the_highest_peaks() -> None:
    runs = [_run(seconds) for seconds in (2.0, 4.0, 9.0)]
    assert table(runs).splitlines() == [
        "face                2.00 s     450 MB",
        "write               1.00 s",
        "overhead            0.40 s",
        "processor time      6.00 s",
        "whole command       4.00 s     900 MB",
    ]
    assert outcome(runs[0]) == "faces: 1; eyes: opened, refused"


def test_the_photo_has_twelve_megapixels(tmp_path: Path) -> None:
    make_photo(tmp_path / "photo.jpg")
    with Image.open(tmp_path / "photo.jpg") as photo:
        assert photo.size == PHOTO_SIZE
