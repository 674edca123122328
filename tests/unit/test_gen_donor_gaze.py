"""Where the eyes of a donor look, and turning them ahead: irises in the corner are completed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from contracts.face import SIDES, Side
from gen.app.src.lid_frame import LidFrame
from gen.app.src.open_shape import open_eye_of
from gen.app.src.strategy import FaceView, FloatArray, Refused
from gen.app.src.transfer.donor_gaze import aimed
from gen.app.src.transfer.gaze_shift import corner_gap, shifted_mesh, with_shifted_iris
from gen.app.src.transfer.limbus import Limbus, seen_limbus
from gen.app.src.transfer.whole_iris import whole_iris
from imaging import eye_mesh
from imaging.colour import Image
from imaging.gaze import iris_position
from tests.unit.synthetic_open_face import open_face
from tests.unit.test_gen_donor import donor_of, scene_of, with_state


def looking(donor: FaceView, shift: float) -> FaceView:
    """The donor with both irises moved to the viewer's right, in eye widths."""
    crop, mesh = donor.crop, donor.mesh
    for side in SIDES:
        crop = with_shifted_iris(crop, open_eye_of(donor.mesh, side), shift, unmirror=False)
        mesh = shifted_mesh(mesh, side, shift)
    return replace(donor, crop=crop, mesh=mesh)


@pytest.mark.parametrize("shift", [-0.14, 0.14])
def test_a_sideways_stare_is_turned_to_the_camera(shift: float) -> None:
    scene = scene_of()
    ahead = donor_of(scene)
    turned = aimed(looking(ahead, shift), scene)
    for side in SIDES:
        assert iris_position(turned.mesh, side) == pytest.approx(iris_position(ahead.mesh, side), abs=0.04)
        x, y = (round(c) for c in turned.mesh[eye_mesh.IRIS[side][0], :2])
        assert np.abs(turned.crop[y, x] - ahead.crop[y, x]).max() < 0.1


def test_eyes_that_look_near_the_camera_stay_as_they_are() -> None:
    scene = scene_of()
    donor = looking(donor_of(scene), 0.04)
    assert aimed(donor, scene) is donor


def test_one_eye_of_a_donor_looks_where_the_open_eye_looks() -> None:
    scene = scene_of(sides=("right",))
    mesh = shifted_mesh(scene.mesh, "left", 0.1)
    document = with_state(scene.document, "left", "open")
    scene = replace(scene, face=replace(scene.face, mesh=mesh, document=document))
    turned = aimed(donor_of(scene), scene)
    before, after = (iris_position(f.mesh, "right") for f in (donor_of(scene), turned))
    assert after - before == pytest.approx(
        iris_position(mesh, "left") - iris_position(donor_of(scene).mesh, "left"), abs=0.05
    )


def at_iris(face: FaceView, side: Side, x: float, y: float) -> FloatArray:
    """Colour of the crop at a distance from the iris's centre, iris radii."""
    eye = open_eye_of(face.mesh, side)
    column, row = np.round(eye.iris[0, :2] + eye.iris_radius * np.array([x, y])).astype(int)
    return np.asarray(face.crop[row, column], float)


@pytest.mark.parametrize("gaze", [-0.24, 0.24])
def test_an_iris_in_the_corner_is_seen_whole_when_it_is_turned_ahead(gaze: float) -> None:
    scene = scene_of()
    ahead, aside = donor_of(scene), open_face(gaze=gaze)
    assert min(corner_gap(open_eye_of(aside.mesh, side)) for side in SIDES) < 0.5
    turned = aimed(aside, scene)
    for side in SIDES:
        assert iris_position(turned.mesh, side) == pytest.approx(iris_position(ahead.mesh, side), abs=0.06)
        for x, y in ((0.0, 0.2), (-0.6, 0.2), (0.6, 0.2)):
            assert at_iris(turned, side, x, y) == pytest.approx(at_iris(ahead, side, 0.0, 0.2), abs=0.08)
        for x in (-1.4, 1.4):
            assert at_iris(turned, side, x, 0.0).min() > 0.6  # sclera on both sides


def test_what_lies_outside_of_the_eye_is_not_turned() -> None:
    scene, aside = scene_of(), open_face(gaze=0.24)
    changed = np.abs(aimed(aside, scene).crop - aside.crop).max(axis=2) > 0.02
    for side in SIDES:
        x, y = (round(c) for c in eye_mesh.eye_center(aside.mesh, side))
        width = round(eye_mesh.eye_width(aside.mesh, side))
        assert changed[y - width // 4 : y + width // 4, x - width // 2 : x + width // 2].any()
        changed[y - width // 2 : y + width // 2, x - 2 * width // 3 : x + 2 * width // 3] = False
    assert not changed.any()


def test_an_iris_of_which_hardly_anything_is_seen_is_no_donor() -> None:
    with pytest.raises(Refused, match="far aside"):
        aimed(open_face(gaze=0.42), scene_of())


def test_skin_as_dark_as_the_iris_hides_where_the_corner_is() -> None:
    aside = open_face(gaze=0.24)
    iris = at_iris(aside, "left", 0.0, 0.3)
    skin = aside.crop[5, 5]
    assert skin.min() > iris.max()
    crop = np.where(np.abs(aside.crop - skin).max(axis=2, keepdims=True) < 0.2, iris, aside.crop)
    with pytest.raises(Refused, match="far aside"):
        aimed(replace(aside, crop=crop.astype(np.float32)), scene_of())


@pytest.mark.parametrize("error", [-0.06, 0.05])
def test_the_limbus_is_found_beside_the_meshs_iris(error: float) -> None:
    face = open_face(gaze=-0.16)
    wrong = replace(face, mesh=shifted_mesh(face.mesh, "right", error))
    limbus = seen_limbus(wrong, "right")
    assert limbus is not None
    eye = open_eye_of(face.mesh, "right")
    u, v = LidFrame.of(eye).local(eye.iris[0, :2])
    assert limbus.u == pytest.approx(u, abs=0.025)
    assert limbus.v == pytest.approx(v, abs=0.05)
    assert limbus.across < limbus.radius == pytest.approx(eye.iris_radius / eye.width, rel=0.15)


def test_hidden_parts_of_an_iris_look_as_the_seen_ones_do() -> None:
    """Rings of an iris, its left half behind a pink lid."""
    y, x = np.mgrid[0:120, 0:120].astype(float)
    reach = np.hypot(x - 60, y - 60) / 40
    rings: Image = np.repeat((0.2 + 0.3 * reach)[..., None], 3, axis=2).astype(np.float32)
    hidden = x < 60
    picture = np.where(hidden[..., None], np.array([0.9, 0.6, 0.5], np.float32), rings)
    frame = LidFrame(np.array([60.0, 60.0]), np.array([1.0, 0.0]), 100.0, np.zeros((2, 2)), np.zeros((2, 2)))
    iris = whole_iris(picture, frame, Limbus(0.0, 0.0, 0.4, 0.4), (~hidden).astype(np.float32))
    assert iris.seen == pytest.approx(0.5, abs=0.05)
    for distance in (0.3, 0.6, 0.9):
        left, right = (iris.at(np.array([[s * distance]]), np.array([[0.0]]))[0, 0] for s in (-1, 1))
        assert left == pytest.approx(right, abs=0.03)
        assert right == pytest.approx(0.2 + 0.3 * distance, abs=0.02)


def test_an_eye_turned_farther_than_the_other_is_turned_back_farther() -> None:
    """Both irises aside, the right one more: turned alike, they would be crossed."""
    scene, ahead = scene_of(), open_face()
    left, right = open_face(gaze=-0.10), open_face(gaze=-0.26)
    middle = ahead.crop.shape[1] // 2
    crop = np.concatenate([left.crop[:, :middle], right.crop[:, middle:]], axis=1)
    mesh = left.mesh.copy()
    mesh[list(eye_mesh.IRIS["right"])] = right.mesh[list(eye_mesh.IRIS["right"])]
    donor = replace(ahead, crop=crop, mesh=mesh)

    def apart(face: FaceView) -> float:
        return iris_position(face.mesh, "right") - iris_position(face.mesh, "left")

    assert apart(donor) < apart(ahead) - 0.15
    assert apart(aimed(donor, scene)) == pytest.approx(apart(ahead), abs=0.11)


def test_an_iris_that_would_have_to_stay_in_the_corner_is_no_donor() -> None:
    scene = scene_of(sides=("right",))
    mesh = shifted_mesh(scene.mesh, "left", 0.36)
    document = with_state(scene.document, "left", "open")
    scene = replace(scene, face=replace(scene.face, mesh=mesh, document=document))
    with pytest.raises(Refused, match="far aside"):
        aimed(open_face(gaze=0.24), scene)
