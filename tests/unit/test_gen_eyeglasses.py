"""Rims of glasses on a drawn face: found, kept in front of the paint, left behind by a donor."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from contracts.face import SIDES
from gen.app.src.eye_box import Box
from gen.app.src.in_front.eyeglasses import GLASSES, NO_RIMS, find_rims
from gen.app.src.strategies.donor import Donor
from gen.app.src.strategy import FaceView, Refused
from imaging import eye_mesh
from tests.unit.synthetic_face import face_picture, face_scene
from tests.unit.synthetic_open_face import closed_mesh, open_face, with_glasses


def closed_face(spacing: float = 100.0) -> FaceView:
    mesh = closed_mesh(spacing)
    return face_scene(face_picture(mesh), mesh).face


@pytest.mark.parametrize("spacing", [60.0, 100.0, 220.0])
def test_rims_are_found_at_any_size(spacing: float) -> None:
    rims = find_rims(with_glasses(closed_face(spacing)))
    assert rims.evidence > 0.9
    assert set(rims.masks) == set(SIDES)


def test_a_bare_face_wears_no_glasses() -> None:
    for face in (closed_face(), open_face()):
        rims = find_rims(face)
        assert rims.evidence < 0.2 and not rims.masks


def test_a_brow_is_no_rim() -> None:
    assert find_rims(with_glasses(closed_face(), arc=110.0)).evidence < GLASSES


def test_the_mask_lies_on_the_rim() -> None:
    face = with_glasses(closed_face())
    rims = find_rims(face)
    box, mask = rims.masks["left"]
    bare = closed_face().crop[box.slices]
    drawn = np.abs(face.crop[box.slices] - bare).max(axis=2) > 0.2
    assert mask[drawn].mean() > 0.9
    assert mask[~drawn].mean() < 0.1


def test_masks_move_between_boxes() -> None:
    rims = find_rims(with_glasses(closed_face()))
    box, mask = rims.masks["right"]
    shifted = Box(box.x1 + 5, box.y1 - 3, box.x2 + 5, box.y2 - 3)
    moved = rims.in_box("right", shifted)
    assert moved.shape == mask.shape
    assert np.array_equal(moved[3:, :-5], mask[:-3, 5:])
    assert rims.in_box("right", Box(0, 0, 4, 4)).max() == 0
    assert NO_RIMS.in_box("left", box).max() == 0


def test_rims_stay_in_front_of_the_paint() -> None:
    face = with_glasses(closed_face())
    scene = replace(face_scene(face.crop, face.mesh), donor=with_glasses(open_face(), drop=0.06))
    painting = Donor().paint(scene)
    result = scene.crop + (painting.painted - scene.crop) * painting.alpha[..., None]
    drawn = np.abs(face.crop - closed_face().crop).max(axis=2) > 0.3
    assert np.abs(result - face.crop)[drawn].mean() < 0.03
    x, y = (round(c) for c in eye_mesh.eye_center(face.mesh, "left"))
    assert np.abs(result - face.crop)[y - 5 : y + 5, x - 10 : x + 10].mean() > 0.1


def test_a_donors_own_rims_are_left_behind() -> None:
    """Rims that hang lower in the donor do not appear a second time."""
    face = with_glasses(closed_face())
    bare_donor = replace(face_scene(face.crop, face.mesh), donor=open_face())
    donor = replace(bare_donor, donor=with_glasses(open_face(), drop=0.12))
    results = [
        s.crop + (p.painted - s.crop) * p.alpha[..., None]
        for s, p in ((s, Donor().paint(s)) for s in (bare_donor, donor))
    ]
    assert np.abs(results[0] - results[1]).mean() < 0.004


def test_a_rim_that_is_broken_on_one_side_only_is_left_behind_in_pieces() -> None:
    face = with_glasses(open_face())
    w = eye_mesh.eye_width(face.mesh, "left")
    x, y = eye_mesh.eye_center(face.mesh, "left")
    rows, columns = np.mgrid[: face.crop.shape[0], : face.crop.shape[1]]
    reflection = (np.hypot(columns - x, rows - y) < w) & (np.abs(rows - y) < 0.3 * w)
    picture = np.where(reflection[..., None], open_face().crop, face.crop)
    rims = find_rims(replace(face, crop=picture))
    height = face.crop.shape[0]
    left = rims.in_box("left", Box(0, 0, round(x + w), height))
    drawn = (np.abs(picture - open_face().crop).max(axis=2) > 0.3)[:, : round(x + w)]
    assert left[drawn].mean() > 0.8


def test_behind_glasses_only_the_eye_is_taken() -> None:
    face = with_glasses(closed_face())
    donor = with_glasses(open_face())
    region = eye_mesh.eye_region(donor.mesh, "left")
    x, w = eye_mesh.eye_center(donor.mesh, "left")[0], eye_mesh.eye_width(donor.mesh, "left")
    marked = donor.crop.copy()
    top = round(float(region[list(eye_mesh.UPPER_MARGIN), 1].min()) - 0.18 * w)
    marked[top - 2 : top + 2, round(x - 0.3 * w) : round(x + 0.3 * w)] = (0.6, 0.2, 0.2)
    results = []
    for source in (donor, replace(donor, crop=marked)):
        scene = replace(face_scene(face.crop, face.mesh), donor=source)
        painting = Donor().paint(scene)
        results.append(scene.crop + (painting.painted - scene.crop) * painting.alpha[..., None])
    assert np.abs(results[0] - results[1]).max() < 0.1


def test_glasses_of_the_donor_alone_are_refused() -> None:
    mesh = closed_mesh()
    scene = replace(face_scene(face_picture(mesh), mesh), donor=with_glasses(open_face()))
    with pytest.raises(Refused, match="glasses"):
        Donor().paint(scene)
