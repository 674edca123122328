"""One score against the threshold, monotone; exceptions are undetermined and say why."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from face.app.src.eye_state import (
    CUT_RATIO,
    DEFAULT_THRESHOLD,
    EyeMeasures,
    decide,
    decide_pair,
    openness,
)

OPEN = EyeMeasures(aspect_ratio=0.24, appearance=0.9, width=40, yaw=0, pitch=-8, blur=0.03, brightness=0.9)
CLOSED = replace(OPEN, aspect_ratio=0.05, appearance=0.1)

measures = st.builds(
    EyeMeasures,
    aspect_ratio=st.floats(0.0, 0.45),
    appearance=st.floats(0, 1),
    width=st.floats(2, 300),
    yaw=st.floats(-60, 60),
    pitch=st.floats(-50, 50),
    blur=st.floats(0.01, 0.1),
    brightness=st.floats(0.1, 1.5),
    inside=st.booleans(),
)
thresholds = st.floats(180, 320)


def test_plain_eyes() -> None:
    assert decide(OPEN, DEFAULT_THRESHOLD).state == "open"
    closed = decide(CLOSED, DEFAULT_THRESHOLD)
    assert (closed.state, closed.reason, closed.decided_by) == ("closed", "", "mesh478")


def test_the_default_threshold_is_the_calibrated_cut() -> None:
    neutral = replace(OPEN, aspect_ratio=CUT_RATIO["mesh478"], appearance=0.5)
    assert openness(neutral) == pytest.approx(DEFAULT_THRESHOLD)
    assert decide(neutral, DEFAULT_THRESHOLD).score == pytest.approx(0.5)
    assert decide(replace(neutral, aspect_ratio=0.10), DEFAULT_THRESHOLD).state == "closed"
    assert decide(replace(neutral, aspect_ratio=0.13), DEFAULT_THRESHOLD).state == "open"
    assert decide(neutral, DEFAULT_THRESHOLD).reason == "between open and closed"


@given(measures, measures, thresholds, thresholds)
def test_raising_the_threshold_never_opens_a_closed_eye(
    left: EyeMeasures, right: EyeMeasures, one: float, other: float
) -> None:
    low, high = sorted((one, other))
    assert decide(left, high).score >= decide(left, low).score
    for before, after in zip(decide_pair(left, right, low), decide_pair(left, right, high)):
        if before.state == "closed":
            assert after.state != "open"
        if after.state == "open":
            assert before.state != "closed"


@given(measures, thresholds)
def test_states_follow_the_score_and_give_reasons(eye: EyeMeasures, threshold: float) -> None:
    decision = decide(eye, threshold)
    assert 0 <= decision.score <= 1
    assert (decision.state == "undetermined") == bool(decision.reason)
    if decision.state == "closed":
        assert decision.score > 0.5
    if decision.state == "open":
        assert decision.score < 0.5


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"width": 5.0}, "px wide"),
        ({"yaw": 35.0}, "turned"),
        ({"yaw": -50.0}, "turned"),
        ({"brightness": 0.2}, "dark glasses"),
        ({"inside": False}, "outside"),
        ({"blur": 0.08}, "blurred"),
        ({"pitch": -40.0}, "bowed"),
        ({"appearance": 0.95}, "an eye shows"),
    ],
)
def test_a_closed_eye_that_may_not_be_one_is_undetermined(change: dict[str, Any], word: str) -> None:
    decision = decide(replace(CLOSED, **change), DEFAULT_THRESHOLD)
    assert decision.state == "undetermined"
    assert word in decision.reason


def test_the_near_eye_of_a_turned_head_is_decided() -> None:
    assert decide(replace(CLOSED, yaw=-35.0), DEFAULT_THRESHOLD).state == "closed"


def test_pixels_of_a_small_eye_do_not_count_as_blur() -> None:
    assert decide(replace(CLOSED, blur=0.08, width=11), DEFAULT_THRESHOLD).state == "closed"


def test_an_open_contour_without_an_eye_is_not_open() -> None:
    smear = replace(OPEN, appearance=0.05)
    assert decide(smear, DEFAULT_THRESHOLD).state == "undetermined"


def test_a_wink_needs_a_seeing_eye_beside_it() -> None:
    states = [d.state for d in decide_pair(CLOSED, OPEN, DEFAULT_THRESHOLD)]
    assert states == ["closed", "open"]
    stone = replace(OPEN, aspect_ratio=0.2, appearance=0.4)
    assert [d.state for d in decide_pair(CLOSED, stone, DEFAULT_THRESHOLD)] == ["undetermined", "open"]
    assert [d.state for d in decide_pair(CLOSED, CLOSED, DEFAULT_THRESHOLD)] == ["closed", "closed"]
    hidden = replace(stone, inside=False)
    assert decide_pair(CLOSED, hidden, DEFAULT_THRESHOLD)[0].state == "closed"


def test_lids_clearly_apart_without_an_eye_are_not_closed_either() -> None:
    nothing = replace(OPEN, aspect_ratio=0.16, appearance=0.03)
    assert decide(nothing, DEFAULT_THRESHOLD).state == "undetermined"
