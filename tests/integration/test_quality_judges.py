"""The judges of the quality suite, in their own environment, on the samples."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.quality.judging import Reading, have_mediapipe, read_faces
from tests.quality.made_cases import eyes_of_sample, place_of
from tools.make_samples import FOLDER

OPEN, CLOSED, OTHER = "portrait_open.jpg", "portrait_both_closed.jpg", "glasses_open.jpg"

pytestmark = pytest.mark.heavy


@pytest.fixture(scope="module")
def readings(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Reading]:
    looks = {(FOLDER / name, place_of(eyes_of_sample(name))) for name in (OPEN, CLOSED, OTHER)}
    found = read_faces(looks, tmp_path_factory.mktemp("judges"))
    return {path.name: reading for (path, _), reading in found.items()}


def test_dlib_sees_the_open_eyes_and_the_closed_ones(readings: dict[str, Reading]) -> None:
    for side in ("left", "right"):
        assert readings[OPEN].aspect_ratio(side) > 0.20 > readings[CLOSED].aspect_ratio(side)


def test_a_person_is_nearer_to_herself_than_to_another(readings: dict[str, Reading]) -> None:
    assert readings[OPEN].distance(readings[CLOSED]) < 0.45
    assert readings[OPEN].distance(readings[OTHER]) > 0.6


@pytest.mark.skipif(not have_mediapipe(), reason="MediaPipe's face_landmarker.task is not here")
def test_mediapipe_sees_the_blink_and_where_the_eyes_are(readings: dict[str, Reading]) -> None:
    opened, closed = readings[OPEN], readings[CLOSED]
    assert opened.blink is not None
    assert closed.blink is not None
    for side, (x, y) in zip(("left", "right"), eyes_of_sample(OPEN), strict=True):
        assert opened.blink[side] < 0.35 < closed.blink[side]
        assert opened.axis(side).middle == pytest.approx((x, y), abs=0.15 * opened.axis(side).width)


def test_what_judges_were_asked_is_kept(tmp_path: Path) -> None:
    assert read_faces(set(), tmp_path) == {}
    assert (tmp_path / "looks.json").is_file()
