"""The mirror strategy and the turn of a mirrored gaze, on a drawn face."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from contracts.face import Side
from gen.app.src.lid_frame import LidFrame
from gen.app.src.open_shape import OpenEye, open_eye_of
from gen.app.src.strategies import mirror
from gen.app.src.strategies.mirror import Mirror, gaze_shift, height_share
from gen.app.src.strategy import EyeScene, FloatArray, Refused
from gen.app.src.transfer.gaze_shift import iris_room, shifted_mesh, with_shifted_iris
from imaging import eye_mesh
from imaging.colour import Image
from imaging.gaze import iris_position
from tests.unit.synthetic_face import face_scene
from tests.unit.synthetic_open_face import (
    CATCHLIGHT,
    IRIS_RADIUS,
    closed_mesh,
    open_mesh,
    open_picture,
    with_brow_points,
    with_brows,
    with_glasses,
)


def wink(closed: Side = "right", gaze: float = 0.0, light: float = 0.0, **fields: Any) -> EyeScene:
    other: Side = "left" if closed == "right" else "right"
    mesh = open_mesh(closed_mesh(), (other,), gaze)
    return face_scene(open_picture(mesh, (other,), light=light), mesh, (closed,), **fields)


def iris_center(picture: Image, mesh: FloatArray, side: Side) -> FloatArray:
    """Centre of what is blue between the lids, eye widths from the middle of the corner line."""
    (x, y), w = eye_mesh.eye_center(mesh, side), eye_mesh.eye_width(mesh, side)
    box = (slice(round(y - 0.32 * w), round(y + 0.12 * w)), slice(round(x - 0.45 * w), round(x + 0.45 * w)))
    blue = picture[box][..., 2] - picture[box][..., 0] > 0.08
    rows, _ = np.nonzero(blue)
    # Lids cut the disc unevenly: its middle is that of its ends on the row where it is widest.
    widest = np.flatnonzero(blue[round(y - 0.04 * w) - box[0].start])
    column = (widest.min() + widest.max()) / 2
    return np.array([column + box[1].start - x, rows.mean() + box[0].start - y]) / w


def shown(scene: EyeScene) -> Image:
    painting = Mirror().paint(scene)
    return scene.crop + (painting.painted - scene.crop) * painting.alpha[..., None]


@pytest.mark.parametrize("closed", ["left", "right"])
@pytest.mark.parametrize("gaze", [-0.10, 0.0, 0.12])
def test_both_eyes_look_the_same_way(closed: Side, gaze: float) -> None:
    scene = wink(closed, gaze)
    result = shown(scene)
    left, right = (iris_center(result, scene.mesh, side)[0] for side in ("left", "right"))
    assert right - left == pytest.approx(0.08, abs=0.03)


def test_the_catchlight_is_on_the_same_side_of_both_irises() -> None:
    scene = wink("right")
    result = shown(scene)
    w = eye_mesh.eye_width(scene.mesh, "right")
    for side in ("left", "right"):
        center = iris_center(result, scene.mesh, side)
        x, y = eye_mesh.eye_center(scene.mesh, side) + center * w
        near = result[round(y - 0.14 * w) : round(y + 0.08 * w), round(x - 0.14 * w) : round(x + 0.14 * w)]
        bright = np.nonzero(near.min(axis=2) > 0.7)
        assert bright[1].mean() + round(x - 0.14 * w) - x < 0
    assert CATCHLIGHT[0] < 0


@pytest.mark.parametrize(
    ("across", "down", "share"), [(1.1, 1.0, 1.0), (1.0, 0.95, 1 / 0.95), (1.1, 0.6, 1.1)]
)
def test_a_turned_head_changes_the_width_of_eyes_and_not_their_height(
    across: float, down: float, share: float
) -> None:
    seen = open_eye_of(open_mesh(closed_mesh(), ("left",), 0.0), "left")
    placed = OpenEye(seen.region * [across, down, 1.0], seen.iris * [across, down, 1.0])
    assert height_share(seen, placed) == pytest.approx(share, rel=0.01)


@pytest.mark.parametrize(("openness", "share"), [(0.5, 0.9), (1.2, 1.1)])
def test_any_openness_can_be_asked_for(
    openness: float, share: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mirror, "height_share", lambda seen, placed: share)
    scene = wink("left")
    asked = replace(scene, params=replace(scene.params, openness=openness))
    assert Mirror().paint(asked).eyes[0].openness > 0


def test_the_opened_eye_looks_like_the_other_one() -> None:
    scene = wink("left")
    result = shown(scene)
    values = []
    for side in ("left", "right"):
        (x, y), w = eye_mesh.eye_center(scene.mesh, side), eye_mesh.eye_width(scene.mesh, side)
        eye = result[round(y - 0.3 * w) : round(y + 0.1 * w), round(x - 0.4 * w) : round(x + 0.4 * w)]
        values.append((eye.mean(axis=(0, 1)), eye.std()))
    assert np.allclose(values[0][0], values[1][0], atol=0.03)
    assert values[0][1] == pytest.approx(values[1][1], rel=0.1)


def test_what_was_done_is_told() -> None:
    painting = Mirror().paint(wink("left"))
    assert [(eye.side, eye.iris_source) for eye in painting.eyes] == [("left", "other_eye")]


def test_the_shift_makes_the_gaze_parallel() -> None:
    mesh = open_mesh(closed_mesh(), gaze=0.1)
    shift = gaze_shift(mesh, "left")
    seen = iris_position(mesh, "left")
    assert 1 - seen + shift - seen == pytest.approx(0.08)


def test_a_shifted_iris_stays_round_and_the_lids_stay() -> None:
    mesh = open_mesh(closed_mesh())
    picture = open_picture(mesh)
    eye = open_eye_of(mesh, "left")
    shift = 0.15
    result = with_shifted_iris(picture, eye, shift, unmirror=True)
    moved = iris_center(result, mesh, "left") - iris_center(picture, mesh, "left")
    assert moved == pytest.approx([shift, 0.0], abs=0.02)
    (x, y), w = eye_mesh.eye_center(mesh, "left"), eye.width
    lid = (slice(round(y - 0.6 * w), round(y - 0.34 * w)), slice(round(x - 0.5 * w), round(x + 0.5 * w)))
    assert np.abs(result[lid] - picture[lid]).max() < 0.02
    row = result[round(y - 0.04 * w)]
    assert (row[:, 2] - row[:, 0] > 0.08).sum() == pytest.approx(
        2 * 2 * IRIS_RADIUS * w, rel=0.15
    )  # both eyes


def drawn_down() -> EyeScene:
    """A wink whose brow lies right above the closed eye."""
    scene = wink("right")
    region = list(eye_mesh.EYE_REGION["right"])[eye_mesh.THIRD_RING.start :]
    mesh = with_brow_points(scene.mesh)
    mesh[region] = with_brow_points(closed_mesh(brow=0.25))[region]
    return replace(scene, face=replace(scene.face, crop=with_brows(scene.crop, mesh), mesh=mesh))


def test_a_brow_that_is_drawn_down_is_raised() -> None:
    scene = drawn_down()
    (x, y), w = eye_mesh.eye_center(scene.mesh, "right"), eye_mesh.eye_width(scene.mesh, "right")
    above = slice(round(y - 0.8 * w), round(y - 0.2 * w)), round(x)
    hairs = [
        np.flatnonzero(picture[above].max(axis=1) < 0.3).mean() for picture in (scene.crop, shown(scene))
    ]
    assert 0.05 * w < hairs[0] - hairs[1] < 0.2 * w


def test_glasses_before_a_brow_stay_where_they_are() -> None:
    scene = drawn_down()
    face = with_glasses(scene.face)
    result = shown(replace(scene, face=face))
    frame = np.abs(face.crop - scene.crop).max(axis=2) > 0.3
    x, y = eye_mesh.eye_center(scene.mesh, "right")
    frame[round(y) :], frame[:, : round(x - 10)], frame[:, round(x + 10) :] = False, False, False
    assert np.abs(result - face.crop)[frame].mean() < 0.05


def test_a_shifted_mesh_moves_the_iris_alone() -> None:
    mesh = open_mesh(closed_mesh())
    for side in ("left", "right"):
        moved = shifted_mesh(mesh, side, 0.2)
        assert iris_position(moved, side) == pytest.approx(iris_position(mesh, side) + 0.2)
        rest = [k for k in range(len(mesh)) if k not in eye_mesh.IRIS[side]]
        assert np.array_equal(moved[rest], mesh[rest])


def test_lid_coordinates_go_and_come_back() -> None:
    frame = LidFrame.of(open_eye_of(open_mesh(closed_mesh()), "right"))
    points = np.array([[0.1, -0.2], [-0.4, 0.05]])
    back = frame.local(frame.picture(points[:, 0], points[:, 1]).astype(float))
    assert np.allclose(back, points, atol=1e-5)


def test_an_iris_has_room_between_the_corners_only() -> None:
    eye = open_eye_of(open_mesh(closed_mesh()), "left")
    assert iris_room(eye, 0.2) and iris_room(eye, -0.2)
    assert not iris_room(eye, 0.3) and not iris_room(eye, -0.3)


def reason(scene: EyeScene) -> str | None:
    return Mirror().refuse(scene)


def test_a_wink_is_not_refused() -> None:
    assert reason(wink()) is None


def test_two_closed_eyes() -> None:
    mesh = closed_mesh()
    assert "both eyes" in str(reason(face_scene(open_picture(mesh, ()), mesh)))


def test_an_other_eye_that_is_not_clearly_open() -> None:
    scene = wink("right")
    document = scene.document
    unsure = replace(document, left_eye=replace(document.left_eye, state="undetermined"))
    assert "not clearly open" in str(reason(replace(scene, face=replace(scene.face, document=unsure))))


@pytest.mark.parametrize(("yaw", "refused"), [(10.0, False), (26.0, True), (-26.0, True)])
def test_a_turned_head(yaw: float, refused: bool) -> None:
    assert ("turned by" in str(reason(wink(yaw=yaw)))) is refused


def test_an_open_eye_at_the_edge_of_the_face() -> None:
    scene = wink("right")
    slim = scene.mesh.copy()
    outer, _ = eye_mesh.corners(slim, "left")
    slim[:, 0] = np.maximum(slim[:, 0], outer[0] - 0.3 * eye_mesh.eye_width(slim, "left"))
    assert "edge" in str(reason(replace(scene, face=replace(scene.face, mesh=slim))))


def test_hard_light_from_the_side() -> None:
    assert reason(wink(light=0.2)) is None
    assert "times as bright" in str(reason(wink(light=1.3)))


def test_a_gaze_too_far_aside_to_be_mirrored() -> None:
    with pytest.raises(Refused, match="aside"):
        Mirror().paint(wink("right", gaze=0.25))
