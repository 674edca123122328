"""Reasons not to paint that several strategies share."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from contracts.face import SIDES
from gen.app.src import refusals
from imaging import eye_mesh
from tests.unit.synthetic_face import face_mesh, face_picture, face_scene
from tests.unit.synthetic_open_face import open_face


def test_an_eye_counts_in_pixels_of_the_photo_not_of_the_crop() -> None:
    mesh = face_mesh(100.0)
    picture = face_picture(mesh)
    assert refusals.too_small(face_scene(picture, mesh)) is None
    assert "only 9 px" in str(refusals.too_small(face_scene(picture, mesh, scale=5.0)))


def test_only_eyes_to_open_must_be_big_enough() -> None:
    mesh = face_mesh(100.0)
    outer, inner = (eye_mesh.EYE_REGION["right"][k] for k in (eye_mesh.OUTER_CORNER, eye_mesh.INNER_CORNER))
    mesh[outer] = mesh[inner] + [5.0, 0.0, 0.0]
    picture = face_picture(face_mesh(100.0))
    assert refusals.too_small(face_scene(picture, mesh, ("left",))) is None
    assert refusals.too_small(face_scene(picture, mesh, ("right",)))


@pytest.mark.parametrize(("yaw", "hidden"), [(0.0, False), (30.0, False), (45.0, True), (-45.0, True)])
def test_the_far_eye_of_a_turned_head_is_hidden(yaw: float, hidden: bool) -> None:
    mesh = face_mesh(100.0, yaw=np.sign(yaw) * 10)
    scene = face_scene(face_picture(face_mesh(100.0)), mesh, yaw=yaw)
    assert (refusals.hidden_by_turn(scene) is not None) is hidden


def test_the_near_eye_of_a_turned_head_is_not_hidden() -> None:
    mesh = face_mesh(100.0, yaw=30.0)
    near = max(SIDES, key=lambda side: eye_mesh.eye_width(mesh, side))
    scene = face_scene(face_picture(face_mesh(100.0)), mesh, (near,), yaw=45.0)
    assert refusals.hidden_by_turn(scene) is None


def test_turned_apart_is_a_matter_of_the_difference() -> None:
    document = face_scene(face_picture(face_mesh()), face_mesh(), yaw=15.0).document
    other = replace(document, pose=replace(document.pose, yaw=-15.0))
    assert refusals.turned_apart(document, document, 25.0) is None
    assert "30 degrees" in str(refusals.turned_apart(document, other, 25.0))


@pytest.mark.parametrize(
    ("left", "right", "word"), [(0.0, 0.0, None), (0.12, -0.14, "crossed"), (-0.2, 0.2, "different")]
)
def test_gaze(left: float, right: float, word: str | None) -> None:
    face = open_face()
    mesh = face.mesh.copy()
    for side, shift in zip(SIDES, (left, right)):
        mesh[list(eye_mesh.IRIS[side]), 0] += shift * eye_mesh.eye_width(mesh, side)
    found = refusals.unusable_gaze(replace(face, mesh=mesh), "the donor's")
    assert (found is None) if word is None else word in str(found)


def test_sunglasses_cover_the_eyes() -> None:
    mesh = face_mesh(100.0)
    picture = face_picture(mesh)
    assert refusals.covered(face_scene(picture, mesh)) is None
    dark = picture.copy()
    for side in ("left", "right"):
        x, y = (round(c) for c in eye_mesh.eye_center(mesh, side))
        dark[y - 30 : y + 25, x - 35 : x + 35] = 0.03
    assert "covers" in str(refusals.covered(face_scene(dark, mesh)))
