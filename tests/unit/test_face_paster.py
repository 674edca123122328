"""Restored faces back in the picture: nothing else changes, and faces that overlap do not add up."""

from __future__ import annotations

import numpy as np
import pytest

from imaging.canvas import Canvas
from res.app.src.alignment import FACE_SIZE
from res.app.src.pasting import FacePaster, FloatArray, FloatImage

GREY, CHANGE = 100, 40


@pytest.fixture
def canvas() -> Canvas:
    return Canvas(np.full((300, 400, 3), GREY, np.uint8), None)


def face_at(x: float, y: float, size: float) -> FloatArray:
    """Canvas -> aligned frame, for a face whose frame is `size` canvas px wide and begins at x, y."""
    scale = FACE_SIZE / size
    return np.array([[scale, 0.0, -x * scale], [0.0, scale, -y * scale]])


def difference() -> FloatImage:
    return np.full((FACE_SIZE, FACE_SIZE, 3), CHANGE / 255, np.float32)


def mask(inside: float = 1.0) -> FloatImage:
    """The middle half of the frame."""
    plane = np.zeros((FACE_SIZE, FACE_SIZE), np.float32)
    quarter = FACE_SIZE // 4
    plane[quarter:-quarter, quarter:-quarter] = inside
    return plane


def test_only_what_the_mask_covers_changes(canvas: Canvas) -> None:
    box = FacePaster(canvas).paste(difference(), mask(), face_at(100, 100, 128))
    assert box is not None
    assert (canvas.levels[150:170, 150:170] == GREY + CHANGE).all()
    outside = np.ones(canvas.levels.shape[:2], bool)
    outside[box[1] : box[3], box[0] : box[2]] = False
    assert (canvas.levels[outside] == GREY).all()
    assert abs(int((canvas.levels[..., 0] != GREY).sum()) - 64 * 64) < 4 * 64 * 2


def test_faces_that_overlap_do_not_add_up(canvas: Canvas) -> None:
    paster = FacePaster(canvas)
    paster.paste(difference(), mask(), face_at(100, 100, 128))
    paster.paste(difference(), mask(), face_at(132, 100, 128))
    assert canvas.levels.max() == GREY + CHANGE
    assert (canvas.levels[150:170, 140:210] == GREY + CHANGE).all()


def test_half_of_each_is_three_quarters(canvas: Canvas) -> None:
    paster = FacePaster(canvas)
    for _ in range(2):
        paster.paste(difference(), mask(0.5), face_at(100, 100, 128))
    assert np.abs(canvas.levels[150:170, 150:170].astype(int) - (GREY + 0.75 * CHANGE)).max() <= 1


def test_a_third_face_finds_what_both_left(canvas: Canvas) -> None:
    paster = FacePaster(canvas)
    for x in (100, 132, 116):
        paster.paste(difference(), mask(), face_at(x, 100, 128))
    assert canvas.levels.max() == GREY + CHANGE


def test_outside_of_the_picture_is_nothing(canvas: Canvas) -> None:
    assert FacePaster(canvas).paste(difference(), mask(), face_at(-600, 0, 128)) is None
    assert FacePaster(canvas).paste(difference(), mask(0.0), face_at(0, 0, 128)) is None
    assert (canvas.levels == GREY).all()
