"""Brows and lid lines where the picture shows them, and a brow that is raised, on a drawn face."""

from __future__ import annotations

import numpy as np
import pytest

from contracts.face import Side
from gen.app.src.lids.brow_lift import MOST, over_raised, with_raised_brow
from gen.app.src.open_shape import open_eye_of
from gen.app.src.seen.brows import brow_shift, with_seen_brows
from gen.app.src.seen.irises import iris_shift, with_seen_irises
from gen.app.src.seen.lid_lines import with_seen_lids
from gen.app.src.strategy import FaceView, FloatArray, Painting
from gen.app.src.transfer.fit import missing_skin, opening_below_brow
from imaging import eye_mesh
from imaging.colour import luminance, to_linear
from tests.unit.synthetic_face import face_picture, face_scene
from tests.unit.synthetic_open_face import closed_mesh, open_mesh, open_picture, with_brow_points, with_brows


def moved(mesh: FloatArray, side: Side, positions: tuple[int, ...] | range, by: FloatArray) -> FloatArray:
    """The mesh with points of one eye region moved by (x, y) px."""
    result = np.array(mesh, float)
    result[[eye_mesh.EYE_REGION[side][k] for k in positions], :2] += by
    return result


def face(mesh: FloatArray, picture: np.ndarray) -> FaceView:
    return face_scene(picture, mesh).face


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("drop", [0.0, 0.1, 0.2])
def test_a_brow_is_found_below_the_mesh(side: Side, drop: float) -> None:
    mesh = with_brow_points(closed_mesh())
    width = eye_mesh.eye_width(mesh, side)
    hair = moved(mesh, side, eye_mesh.BROW, np.array([0.0, (drop - 0.07) * width]))
    level = luminance(to_linear(with_brows(face_picture(mesh), hair)))
    assert brow_shift(level, mesh, side) == pytest.approx((drop, drop), abs=0.05)


def test_without_a_brow_the_mesh_stays() -> None:
    mesh = with_brow_points(closed_mesh())
    assert np.allclose(with_seen_brows(face(mesh, face_picture(mesh))).mesh, mesh)


@pytest.mark.parametrize("side", ["left", "right"])
def test_a_lid_line_that_is_pulled_down_askew_is_found(side: Side) -> None:
    drawn = closed_mesh()
    width = eye_mesh.eye_width(drawn, side)
    points = range(eye_mesh.THIRD_RING.start)
    region = [eye_mesh.EYE_REGION[side][k] for k in points]
    u = (drawn[region, 0] - eye_mesh.eye_center(drawn, side)[0]) / width
    askew = np.stack([0 * u, (-0.14 + 0.1 * u) * width], axis=-1)
    guessed = moved(drawn, side, points, askew)
    found = with_seen_lids(face(guessed, face_picture(drawn)), [side]).mesh
    middle = [eye_mesh.EYE_REGION[side][k] for k in range(3, 6)]
    assert np.abs(found[middle, 1] - drawn[middle, 1]).max() < 0.05 * width
    other: Side = "right" if side == "left" else "left"
    assert np.array_equal(eye_mesh.eye_region(found, other), eye_mesh.eye_region(guessed, other))


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("off", [(-0.07, -0.03), (0.0, 0.0), (0.06, 0.0)])
def test_an_iris_is_found_where_its_limbus_is(side: Side, off: tuple[float, float]) -> None:
    mesh = open_mesh(closed_mesh(), (side,))
    width = eye_mesh.eye_width(mesh, side)
    guessed = mesh.copy()
    guessed[list(eye_mesh.IRIS[side]), :2] += np.array(off) * width
    found = with_seen_irises(face(guessed, open_picture(mesh, (side,))), [side]).mesh
    center = eye_mesh.IRIS[side][0]
    assert np.abs(found[center, :2] - mesh[center, :2]).max() < 0.03 * width


def test_an_iris_of_a_few_pixels_stays() -> None:
    mesh = open_mesh(closed_mesh(30.0), ("left",), gaze=0.05)
    assert not iris_shift(face(mesh, open_picture(mesh, ("left",))), "left").any()


@pytest.mark.parametrize(("brow", "missing", "openness"), [(0.75, 0.0, 1.2), (0.25, 0.1, 0.5)])
def test_an_eye_opens_as_far_as_its_brow_lets_it(brow: float, missing: float, openness: float) -> None:
    eye = open_eye_of(open_mesh(closed_mesh(brow=brow)), "left")
    assert missing_skin(eye) == pytest.approx(missing, abs=0.02)
    assert opening_below_brow(eye) == pytest.approx(openness, abs=0.08)


def test_a_raised_brow_is_higher_and_nothing_far_from_it_moves() -> None:
    mesh = with_brow_points(closed_mesh(brow=0.4))
    before = face(mesh, with_brows(face_picture(mesh), mesh))
    width = eye_mesh.eye_width(mesh, "left")
    after = with_raised_brow(before, "left", MOST)
    x, y = eye_mesh.eye_center(mesh, "left")
    column = slice(round(y - 0.9 * width), round(y - 0.1 * width)), round(x)
    hairs = [np.flatnonzero(luminance(f.crop)[column] < 0.3).mean() for f in (before, after)]
    assert hairs[0] - hairs[1] == pytest.approx(MOST * width, abs=2)
    rows, columns = np.nonzero((before.crop != after.crop).any(axis=2))
    assert np.hypot((columns - x) / (1.2 * width), (rows - y) / (1.1 * width)).max() < 1
    assert rows.max() <= y + 1
    brow = [eye_mesh.EYE_REGION["left"][k] for k in eye_mesh.BROW]
    assert np.allclose(after.mesh[brow, 1], mesh[brow, 1] - MOST * width, atol=0.5)


def test_a_painting_over_a_raised_brow_is_the_same_over_the_photo() -> None:
    rng = np.random.default_rng(3)
    crop, painted = rng.random((2, 40, 40, 3)).astype(np.float32)
    raised = crop.copy()
    raised[:20] = rng.random((20, 40, 3))
    alpha = np.zeros((40, 40), np.float32)
    alpha[10:30] = 0.5
    merged = over_raised(Painting(painted, alpha, ()), crop, raised)
    wanted = raised + (painted - raised) * alpha[..., None]
    shown = crop + (merged.painted - crop) * merged.alpha[..., None]
    assert np.allclose(shown, wanted, atol=1e-5)
    assert not merged.alpha[30:].any()
