"""What the quality suite decides: votes, matches, halves, falls, order."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tests.quality import opening, views
from tests.quality.appearance import Example, learn
from tests.quality.baseline import falls, read_baseline, stored, write_baseline
from tests.quality.cases import Case, LabelledFace
from tests.quality.conditions import CONDITIONS
from tests.quality.figures import Row, Table
from tests.quality.judging import Place
from tests.quality.matching import matched, overlap
from tests.quality.opening import APPEARANCE, ASPECT_RATIO, BLINK


def face_at(x: float) -> LabelledFace:
    place = Place((x, 0.0, x + 100, 100.0), ((x + 30, 40.0), (x + 70, 40.0)))
    return LabelledFace(place, (("left", "closed"), ("right", "open")))


def test_an_eye_is_opened_when_most_judges_who_saw_it_closed_see_it_open() -> None:
    closed = {BLINK: 0.7, ASPECT_RATIO: 0.1, APPEARANCE: 0.1}
    assert opening.opened(closed, {BLINK: 0.1, ASPECT_RATIO: 0.15, APPEARANCE: 0.9})
    assert not opening.opened(closed, {BLINK: 0.6, ASPECT_RATIO: 0.15, APPEARANCE: 0.9})


def test_a_smear_that_only_landmarks_take_for_an_eye_is_not_opened() -> None:
    closed = {BLINK: 0.7, ASPECT_RATIO: 0.1, APPEARANCE: 0.1}
    assert not opening.opened(closed, {BLINK: 0.1, ASPECT_RATIO: 0.3, APPEARANCE: 0.2})


def test_a_judge_who_took_the_closed_eye_for_open_has_no_vote() -> None:
    before = {BLINK: 0.3, ASPECT_RATIO: 0.1, APPEARANCE: None}
    after = {BLINK: 0.1, ASPECT_RATIO: 0.15, APPEARANCE: None}
    assert opening.votes(before, after) == {ASPECT_RATIO: False}


def test_no_reported_face_is_two_labelled_ones() -> None:
    report = {"faces": [{"bbox": [5, 0, 105, 100]}, {"bbox": [400, 0, 500, 100]}]}
    first, second = matched([face_at(0), face_at(40)], report)
    assert first == report["faces"][0]
    assert second is None


def test_boxes_overlap_only_around_a_middle() -> None:
    assert overlap((0, 0, 100, 100), (0, 0, 100, 100)) == 1.0
    assert overlap((0, 0, 100, 100), (60, 60, 160, 160)) == 0.0


def test_all_photos_of_a_person_are_in_one_half() -> None:
    cases = [
        Case(name, "pairs", person, Path(name), None)
        for person in ("a", "b", "c", "d", "e", "f")
        for name in (f"{person}_open", f"{person}_closed")
    ]
    assert all(one.half == other.half for one, other in zip(cases[::2], cases[1::2], strict=True))
    assert {case.half for case in cases} == {"A", "B"}


def test_points_of_a_changed_picture_are_where_the_pixels_are() -> None:
    picture = np.zeros((300, 200, 3), np.uint8)
    picture[96:105, 66:75] = 255
    for condition in CONDITIONS.values():
        changed = condition.change(picture)
        ((x, y),) = condition.move(np.array([[70.0, 100.0]]), picture.shape)
        assert changed[round(y), round(x)].max() > changed.mean()


def test_who_is_judged_was_not_trained_on() -> None:
    rng = np.random.default_rng(0)
    halves = ("A", "B")
    examples = [
        Example(rng.normal(1 if state == "open" else -1, 1, 20), state, half)
        for half in halves
        for state in ("open", "closed")
        for _ in range(30)
    ]
    learned = learn(examples)
    assert learned is not None
    assert learned.right > 0.95
    only_a = [Example(e.features, e.state, "A") for e in examples]
    assert learn(only_a) is None


ROW = Row("auto", "wink")


def table(psnr: float, false_faces: float = 0.0) -> Table:
    return {ROW: {"psnr": (psnr, 10), "false_faces": (false_faces, 10)}}


def test_noise_is_the_range_over_the_seeds_but_no_less_than_the_floor() -> None:
    figures = stored([table(25.0), table(25.4), table(25.2)])["auto wink"]
    assert figures["psnr"] == (25.2, 0.4)
    assert figures["false_faces"] == (0.0, 0.0)
    assert stored([table(25.0), table(25.0)])["auto wink"]["psnr"] == (25.0, 0.1)


def test_a_fall_is_what_exceeds_the_noise(tmp_path: Path) -> None:
    path = tmp_path / "baseline.json"
    write_baseline("dlib", stored([table(25.0), table(25.4)]), path)
    held = read_baseline("dlib", path)
    assert falls(held, table(24.85)) == []
    assert [fall.figure.name for fall in falls(held, table(24.7))] == ["psnr"]
    assert [fall.figure.name for fall in falls(held, table(26.0, 1.0))] == ["false_faces"]


def test_figures_of_other_judges_are_not_compared(tmp_path: Path) -> None:
    path = tmp_path / "baseline.json"
    write_baseline("dlib", stored([table(25.0)]), path)
    write_baseline("dlib, mediapipe", stored([table(20.0)]), path)
    assert read_baseline("dlib", path)["auto wink"]["psnr"][0] == 25.0
    assert read_baseline("another", path) == {}


def test_a_sheet_has_no_row_wider_than_itself() -> None:
    cells = [np.zeros((10, width, 3), np.uint8) for width in (700, 700, 300, 1600, 100)]
    widths = [[cell.shape[1] for cell in row] for row in views.filled(cells)]
    assert widths == [[700, 700], [300], [1600], [100]]
