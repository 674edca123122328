"""The benchmark's photo and table; its seconds are nobody's business here."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from tests.performance.benchmark_embedded import PHOTO_SIZE, Run, make_photo, outcome, table


def _run(seconds: float, stages: dict[str, float]) -> Run:
    eyes = [{"outcome": "opened"}, {"outcome": "refused"}]
    photo = {"stage_seconds": stages, "faces": [{}], "variations": [{"faces": [{"eyes": eyes}]}]}
    return Run(seconds, {"photos": [photo], "overhead_s": seconds / 10, "peak_rss_mb": 100 * seconds})


def test_the_table_shows_medians_and_the_highest_peak() -> None:
    runs = [_run(s, {"face": s / 2, "gen": s / 4}) for s in (2.0, 4.0, 9.0)]
    assert table(runs).splitlines() == [
        "face                2.00 s",
        "gen                 1.00 s",
        "overhead            0.40 s",
        "whole command       4.00 s",
        "largest process      900 MB",
    ]
    assert outcome(runs[0]) == "faces: 1; eyes: opened, refused"


def test_the_photo_has_twelve_megapixels(tmp_path: Path) -> None:
    make_photo(tmp_path / "photo.jpg")
    with Image.open(tmp_path / "photo.jpg") as photo:
        assert photo.size == PHOTO_SIZE
