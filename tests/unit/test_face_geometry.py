"""Squares, looks, tiles, suppression, shoelace areas and head pose: geometry without any network."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from face.app.src.detect_face_micro import polygon_area
from face.app.src.face_mesh import face_square
from face.app.src.head_pose import CHIN, FOREHEAD, VIEWERS_LEFT, VIEWERS_RIGHT, head_pose
from face.app.src.picture_pyramid import PicturePyramid, Square
from face.app.src.suppression import containment, strongest
from face.app.src.tiling import OVERLAP, level_sides, tiles

coordinate = st.floats(-1e3, 1e3)
polygons = st.lists(st.tuples(coordinate, coordinate), min_size=3, max_size=12)
lengths = st.integers(1, 5000)


def test_area_of_known_polygons() -> None:
    assert polygon_area([(0, 0), (10, 0), (10, 10), (0, 10)]) == 100.0
    assert polygon_area([(0, 0), (10, 0), (5, 10)]) == pytest.approx(50.0)
    assert polygon_area([(1, 1), (5, 5)]) == 0.0
    assert polygon_area([]) == 0.0


@given(polygons, coordinate, coordinate, st.floats(0.1, 10))
def test_area_does_not_depend_on_place_start_or_direction(
    points: list[tuple[float, float]], dx: float, dy: float, scale: float
) -> None:
    area = polygon_area(points)
    moved = [(x + dx, y + dy) for x, y in points]
    assert polygon_area(moved) == pytest.approx(area, rel=1e-6, abs=1e-3)
    assert polygon_area(points[1:] + points[:1]) == pytest.approx(area, rel=1e-6, abs=1e-3)
    assert polygon_area(points[::-1]) == pytest.approx(area, rel=1e-6, abs=1e-3)
    larger = [(x * scale, y * scale) for x, y in points]
    assert polygon_area(larger) == pytest.approx(area * scale**2, rel=1e-6, abs=1e-1)


def test_a_look_of_the_same_size_is_the_photo() -> None:
    photo = np.random.default_rng(0).integers(0, 255, (40, 40, 3), np.uint8)
    look = PicturePyramid(photo).look(Square((19.5, 19.5), 40.0), 40)
    assert np.array_equal(look, photo)


def test_a_coarse_look_is_the_mean_of_its_pixels() -> None:
    ramp = np.repeat(np.linspace(0, 255, 256)[None, :, None], 256, axis=0).repeat(3, axis=2).astype(np.uint8)
    look = PicturePyramid(ramp).look(Square((127.5, 127.5), 256.0), 32)
    expected = ramp.reshape(32, 8, 32, 8, 3).mean((1, 3))
    assert np.abs(look.astype(float) - expected)[:, 1:-1].max() <= 1.0


@pytest.mark.parametrize("size", [31, 64, 200])
def test_looks_and_points_agree(size: int) -> None:
    """A white dot lands in the look where `to_photo` says, at any scale and angle."""
    photo = np.zeros((400, 400, 3), np.uint8)
    photo[247:254, 137:144] = 255  # around (140, 250)
    square = Square((160.0, 230.0), 150.0, math.radians(37))
    look = PicturePyramid(photo).look(square, size).astype(float)[..., 0]
    y, x = np.mgrid[0:size, 0:size]
    found = np.array([(x * look).sum(), (y * look).sum()]) / look.sum()
    place = square.to_photo(((found + 0.5) / size)[None])[0]
    assert np.abs(place - [140, 250]).max() < 150 / size * 0.2


@settings(max_examples=60)
@given(lengths, lengths, st.floats(20, 3000), st.data())
def test_every_face_of_a_third_of_a_tile_lies_whole_in_one(
    width: int, height: int, side: float, data: st.DataObject
) -> None:
    face = side * OVERLAP * 0.99
    x, y = (
        data.draw(st.floats(-0.5, max(-0.5, length - 0.5 - face)), label=name)
        for name, length in (("x", width), ("y", height))
    )
    right, bottom = min(x + face, width - 0.5), min(y + face, height - 0.5)

    def holds(square: Square) -> bool:
        half = square.side / 2 + 1e-6
        return (
            abs(x - square.center[0]) <= half
            and abs(right - square.center[0]) <= half
            and abs(y - square.center[1]) <= half
            and abs(bottom - square.center[1]) <= half
        )

    assert any(holds(square) for square in tiles(width, height, side))


@given(lengths, lengths, st.floats(50, 6000))
def test_levels_begin_around_the_photo_and_end_at_the_finest(width: int, height: int, finest: float) -> None:
    longest = max(width, height)
    sides = level_sides(width, height, finest)
    assert sides[:2] == [2.0 * longest, longest]
    assert sides == sorted(sides, reverse=True)
    assert sides[-1] == pytest.approx(min(finest, longest))


def test_a_big_photo_does_not_cost_many_coarse_tiles() -> None:
    sides = level_sides(4000, 3000, 2 * 60 * 192 / 24)
    assert sum(len(list(tiles(4000, 3000, side))) for side in sides) < 45


boxes = st.tuples(coordinate, coordinate, st.floats(1, 500), st.floats(1, 500)).map(
    lambda b: (b[0], b[1], b[0] + b[2], b[1] + b[3])
)


@given(st.lists(boxes, max_size=12))
def test_what_is_kept_does_not_overlap_and_what_goes_does(
    found: list[tuple[float, float, float, float]],
) -> None:
    order = {box: -k for k, box in enumerate(found)}
    kept = strongest(found, lambda box: box, lambda box: order[box])
    for k, box in enumerate(kept):
        assert all(containment(box, other) <= 0.5 for other in kept[:k])
    for box in found:
        assert box in kept or any(
            containment(box, other) > 0.5 and order[other] >= order[box] for other in kept
        )


def test_a_box_inside_another_is_the_same_face() -> None:
    large, small = (0.0, 0.0, 100.0, 100.0), (40.0, 40.0, 60.0, 60.0)
    assert strongest([small, large], lambda b: b, lambda b: b[2] - b[0]) == [large]
    assert containment(large, (200.0, 0.0, 300.0, 100.0)) == 0.0
    assert containment(large, (5.0, 5.0, 5.0, 5.0)) == 0.0


def _symmetric_head() -> np.ndarray:
    """(478, 3): random, but mirrored where the pose reads it."""
    random = np.random.default_rng(5)
    mesh = random.uniform(-60, 60, (478, 3))
    mesh[list(VIEWERS_LEFT), 0] = -np.abs(mesh[list(VIEWERS_LEFT), 0]) - 20
    mesh[list(VIEWERS_RIGHT)] = mesh[list(VIEWERS_LEFT)] * [-1, 1, 1]
    mesh[FOREHEAD], mesh[CHIN] = (0, -100, 5), (0, 100, 5)
    return mesh


@given(st.floats(-40, 40), st.floats(-40, 40), st.floats(-170, 170))
def test_pose_of_a_turned_head(yaw: float, pitch: float, roll: float) -> None:
    y, p, r = (math.radians(a) for a in (yaw, pitch, roll))
    # z points away from the viewer: the nose, in front, moves to the viewer's right for a positive yaw
    turn_yaw = np.array([[math.cos(y), 0, -math.sin(y)], [0, 1, 0], [math.sin(y), 0, math.cos(y)]])
    turn_pitch = np.array([[1, 0, 0], [0, math.cos(p), math.sin(p)], [0, -math.sin(p), math.cos(p)]])
    turn_roll = np.array([[math.cos(r), -math.sin(r), 0], [math.sin(r), math.cos(r), 0], [0, 0, 1]])
    head = _symmetric_head() @ (turn_roll @ turn_yaw @ turn_pitch).T
    pose = head_pose(head * 1.7 + [300, 200, 10])
    assert pose.yaw == pytest.approx(yaw, abs=0.02)
    assert pose.roll == pytest.approx(roll, abs=0.02)
    assert pose.pitch == pytest.approx(pitch, abs=0.02)


def test_a_nose_in_front_follows_a_positive_yaw_and_pitch() -> None:
    head = _symmetric_head()
    nose = np.array([0.0, 0.0, -80.0])
    for index in (1, 4):
        head[index] = nose
    turn = math.radians(25)
    right = np.array([[math.cos(turn), 0, -math.sin(turn)], [0, 1, 0], [math.sin(turn), 0, math.cos(turn)]])
    turned = head @ right.T
    assert turned[1, 0] > 0 and head_pose(turned).yaw > 20
    up = np.array([[1, 0, 0], [0, math.cos(turn), math.sin(turn)], [0, -math.sin(turn), math.cos(turn)]])
    raised = head @ up.T
    assert raised[1, 1] < 0 and head_pose(raised).pitch > 20


@given(st.floats(-180, 180))
def test_the_square_of_a_mesh_is_upright_in_its_own_frame(roll: float) -> None:
    head = _symmetric_head()
    head[33], head[263] = (-30, -20, 0), (30, -20, 0)
    r = math.radians(roll)
    turn = np.array([[math.cos(r), -math.sin(r), 0], [math.sin(r), math.cos(r), 0], [0, 0, 1]])
    square, turned = face_square(head), face_square(head @ turn.T)
    assert turned.side == pytest.approx(square.side, rel=1e-6)
    assert math.cos(turned.angle - r) == pytest.approx(1.0, abs=1e-9)
    assert np.allclose(turned.center, turn[:2, :2] @ square.center, atol=1e-6)
