"""Boxes, masks, thin-plate maps and the placement of open eyes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gen.app.src.eye_box import Box, blurred, box_around, grown, polygon_mask
from gen.app.src.open_shape import (
    BOTH_CLOSED,
    ONE_CLOSED,
    OPENNESS_RANGE,
    CornerTrust,
    brow_room,
    fit_similarity,
    open_eye_of,
    open_shapes,
    with_openness,
)
from gen.app.src.transfer.mesh_mirror import mirrored, mirrored_indices
from gen.app.src.transfer.warp import backward_map, fit_thin_plate, sample
from imaging import eye_mesh
from imaging.face_shape import RIGID
from tests.unit.synthetic_face import face_picture, face_scene
from tests.unit.synthetic_open_face import closed_mesh, open_mesh


def test_a_polygon_covers_its_area_and_nothing_outside_of_its_box() -> None:
    square = np.array([[9.5, 9.5], [19.5, 9.5], [19.5, 19.5], [9.5, 19.5]])
    mask = polygon_mask(square, Box(0, 0, 40, 30))
    assert mask.shape == (30, 40)
    assert mask.sum() == pytest.approx(100, rel=0.06)
    assert mask[14, 14] == 1 and mask[5, 5] == 0


def test_a_polygon_lies_where_the_box_says() -> None:
    triangle = np.array([[105.0, 52.0], [125.0, 52.0], [115.0, 68.0]])
    whole = polygon_mask(triangle, Box(0, 0, 140, 80))
    part = polygon_mask(triangle, Box(100, 50, 130, 70))
    assert np.array_equal(whole[50:70, 100:130], part)


def test_a_box_stays_inside_the_picture_and_a_far_one_is_refused() -> None:
    box = box_around(np.array([[2.0, 3.0], [50.0, 20.0]]), 10.0, (25, 40))
    assert box == Box(0, 0, 40, 25)
    with pytest.raises(ValueError, match="outside"):
        box_around(np.array([[500.0, 3.0]]), 10.0, (25, 40))


def test_masks_grow_and_shrink() -> None:
    mask = np.zeros((21, 21), np.float32)
    mask[8:13, 8:13] = 1
    assert grown(mask, 2).sum() > mask.sum() > grown(mask, -1).sum() > 0
    assert grown(mask, 0.2) is mask


def points_of(count: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).uniform(0, 100, (count, 2))


def test_a_thin_plate_without_smoothing_goes_through_its_points() -> None:
    points, values = points_of(60, 1), points_of(60, 2)
    plate = fit_thin_plate(points, values, unit=40.0)
    assert np.allclose(plate(points), values, atol=1e-6)


@given(st.floats(0.3, 3.0), st.floats(-1.5, 1.5), st.floats(0.0, 0.1))
def test_a_thin_plate_keeps_similarities_however_smooth(scale: float, angle: float, smoothing: float) -> None:
    points = points_of(30, 3)
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    plate = fit_thin_plate(points, points @ turn + [5.0, -7.0], unit=50.0, smoothing=smoothing)
    queries = points_of(20, 4)
    assert np.allclose(plate(queries), queries @ turn + [5.0, -7.0], atol=1e-5)


def test_smoothing_does_not_depend_on_the_size_of_the_picture() -> None:
    points, values = points_of(40, 5), points_of(40, 6)
    small = fit_thin_plate(points, values, unit=40.0, smoothing=1e-2)(points)
    large = fit_thin_plate(10 * points, 10 * values, unit=400.0, smoothing=1e-2)(10 * points)
    assert np.allclose(10 * small, large, atol=1e-5)
    assert not np.allclose(small, values, atol=0.1)


def test_points_on_one_line_make_no_map() -> None:
    line = np.column_stack([np.arange(5.0), np.arange(5.0)])
    with pytest.raises(ValueError, match="line"):
        fit_thin_plate(line, line, unit=1.0)


def test_a_backward_map_brings_a_picture_where_its_points_go() -> None:
    rng = np.random.default_rng(7)
    picture = blurred(rng.random((80, 100), dtype=np.float32), 4.0)
    points = points_of(30, 8) * [0.9, 0.7]
    shift = np.array([6.0, -4.0])
    box = Box(20, 20, 70, 60)
    seen = sample(picture, backward_map(points + shift, points, box, unit=50.0))
    expected = picture[20 + 4 : 60 + 4, 20 - 6 : 70 - 6]
    assert np.abs(seen - expected).max() < 1e-3


def test_a_similarity_is_found_again_in_plane_and_in_space() -> None:
    for dimensions in (2, 3):
        rng = np.random.default_rng(dimensions)
        points = rng.normal(size=(40, dimensions))
        turn, _ = np.linalg.qr(rng.normal(size=(dimensions, dimensions)))
        turn[:, 0] *= np.sign(np.linalg.det(turn))
        rotation, scale, shift = fit_similarity(points, 2.5 * points @ turn + 3.0)
        assert np.allclose(rotation, turn) and scale == pytest.approx(2.5)
        assert np.allclose(shift, 3.0)


def test_a_reflection_is_no_similarity() -> None:
    points = np.random.default_rng(0).normal(size=(30, 3))
    rotation, _, _ = fit_similarity(points, points * [-1, 1, 1])
    assert np.linalg.det(rotation) == pytest.approx(1.0)


@pytest.mark.parametrize(("scale", "turn", "shift"), [(1.0, 0.0, 0.0), (1.7, 0.2, 30.0), (0.6, -0.3, -12.0)])
def test_eyes_land_where_the_head_says(scale: float, turn: float, shift: float) -> None:
    closed = closed_mesh()
    donor = open_mesh(closed)
    cos, sin = np.cos(turn) * scale, np.sin(turn) * scale
    moved = donor.copy()
    moved[:, :2] = donor[:, :2] @ np.array([[cos, sin], [-sin, cos]]) + shift
    moved[:, 2] *= scale
    shapes = open_shapes(moved, closed)
    for side in ("left", "right"):
        expected = open_eye_of(donor, side)
        assert np.allclose(shapes[side].region[:16, :2], expected.region[:16, :2], atol=0.5)
        assert np.allclose(shapes[side].iris[0, :2], expected.iris[0, :2], atol=0.5)
        third = eye_mesh.THIRD_RING
        assert np.allclose(shapes[side].region[third], eye_mesh.eye_region(closed, side)[third])


@pytest.mark.parametrize("trust", [ONE_CLOSED, BOTH_CLOSED])
def test_corners_of_closed_eyes_shift_both_eyes_alike_and_not_wholly(trust: CornerTrust) -> None:
    closed = closed_mesh()
    wrong = closed.copy()
    for side in ("left", "right"):
        for k in (eye_mesh.OUTER_CORNER, eye_mesh.INNER_CORNER):
            wrong[eye_mesh.EYE_REGION[side][k], :2] += (4.0, 6.0)
    still, shifted = (open_shapes(open_mesh(closed), mesh, trust=trust) for mesh in (closed, wrong))
    moves = [shifted[side].iris[0, :2] - still[side].iris[0, :2] for side in ("left", "right")]
    assert np.allclose(moves[0], moves[1], atol=0.2)
    lowered = trust.lowered * eye_mesh.eye_width(closed, "left")
    moved = (trust.sideways * 4.0, trust.downwards * (6.0 - lowered))
    assert moves[0] == pytest.approx(moved, abs=0.1)


def test_a_lowered_forehead_leaves_the_eyes_where_they_are() -> None:
    closed = closed_mesh()
    frowning = closed.copy()
    above = eye_mesh.eye_center(closed, "left")[1] - 0.25 * eye_mesh.inter_ocular_distance(closed)
    forehead = [index for index in RIGID if closed[index, 1] < above]
    assert forehead
    frowning[forehead, 1] += 6.0
    still, there = (open_shapes(open_mesh(closed), mesh)["left"].iris for mesh in (closed, frowning))
    assert np.allclose(still, there)


def test_a_lowered_brow_squeezes_the_skin_above_the_lid_and_leaves_the_lid() -> None:
    closed, low = closed_mesh(), closed_mesh(brow=0.6)
    donor = open_mesh(closed)
    wide, narrow = open_shapes(donor, closed)["left"].region, open_shapes(donor, low)["left"].region
    assert np.allclose(wide[:16], narrow[:16], atol=1e-6)
    crease = slice(41, 48)
    lid = wide[eye_mesh.UPPER_LID, 1]
    assert ((lid - narrow[crease, 1]) < (lid - wide[crease, 1]) - 1).all()
    assert brow_room(donor, low, "left") < brow_room(donor, closed, "left") == pytest.approx(1.0, abs=0.02)


def test_openness_moves_the_lids_and_neither_corners_nor_iris() -> None:
    eye = open_eye_of(open_mesh(closed_mesh()), "left")
    assert with_openness(eye, 1.0) is eye
    half = with_openness(eye, 0.6)
    corners = [eye_mesh.OUTER_CORNER, eye_mesh.INNER_CORNER]
    assert np.allclose(half.region[corners], eye.region[corners])
    assert np.array_equal(half.iris, eye.iris)
    assert half.aspect_ratio == pytest.approx(0.6 * eye.aspect_ratio, rel=0.02)
    assert with_openness(eye, 1.2).aspect_ratio == pytest.approx(1.2 * eye.aspect_ratio, rel=0.02)


@pytest.mark.parametrize("openness", [OPENNESS_RANGE[0] - 0.01, OPENNESS_RANGE[1] + 0.01])
def test_openness_out_of_range_is_refused(openness: float) -> None:
    with pytest.raises(ValueError, match="outside"):
        with_openness(open_eye_of(open_mesh(closed_mesh()), "left"), openness)


def test_mirroring_twice_is_the_same_face() -> None:
    partner = mirrored_indices()
    assert [partner[k] for k in partner] == list(range(eye_mesh.MESH_POINTS))
    mesh = open_mesh(closed_mesh())
    scene = face_scene(face_picture(mesh), mesh, ("right",), yaw=7.0)
    once = mirrored(scene.face)
    twice = mirrored(once)
    assert np.array_equal(twice.crop, scene.crop) and np.allclose(twice.mesh, scene.mesh)
    assert once.document.pose.yaw == -7.0
    assert once.document.left_eye.to_open and not once.document.right_eye.to_open


def test_the_skull_has_no_point_without_a_partner_in_the_skull() -> None:
    partner = mirrored_indices()
    assert {partner[k] for k in RIGID} == set(RIGID)


@pytest.mark.parametrize("unit", [30.0, 100.0, 400.0])
def test_a_coarse_grid_says_what_the_map_says(unit: float) -> None:
    points = np.random.default_rng(9).uniform(0, unit, (25, 2))
    values = points + 0.05 * unit * np.sin(4 * points[:, ::-1] / unit)
    box = Box(-3, 5, round(unit) - 3, round(0.8 * unit))
    fine = backward_map(points, values, box, unit, smoothing=1e-3)
    x, y = box.grid()
    exact = fit_thin_plate(points, values, unit, 1e-3)(np.stack([x.ravel(), y.ravel()], axis=1).astype(float))
    assert np.abs(fine.reshape(-1, 2) - exact).max() < 0.004 * unit
