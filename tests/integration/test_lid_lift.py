"""Lid lift on real photos, from the detector to a second look at the painted picture."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
import pytest

from contracts.crop import CropParams
from contracts.face import SIDES, Face, Side
from crop.app.src.crop import FaceCrop, crop_face
from face.app.src.face_analysis import FaceAnalyser
from face.app.src.picture_pyramid import PicturePyramid
from gen.app.src.strategies.lid_lift import LidLift
from gen.app.src.strategy import EyeScene, FaceView, Painting
from imaging import eye_mesh
from imaging.gaze import iris_position
from imaging.photo import read_photo
from tests.photos import LabelledPhoto, labelled_photos, needs_photos

pytestmark = needs_photos

THRESHOLD, SMALLEST_FACE = 260.0, 60


@dataclass(frozen=True, eq=False)
class Opened:
    """One painted face and what the detector sees in it afterwards."""

    name: str
    sides: tuple[Side, ...]
    crop: FaceCrop
    painting: Painting
    again: Face | None
    seconds: float


@cache
def analyser() -> FaceAnalyser:
    return FaceAnalyser()


def closed_photos(*categories: str) -> list[LabelledPhoto]:
    return [
        photo
        for photo in labelled_photos(*categories)
        if photo.faces and any("closed" in face.values() for face in photo.faces)
    ]


def opened_faces(photo: LabelledPhoto) -> Iterator[Opened]:
    pixels = read_photo(photo.path)
    for face in analyser().find(PicturePyramid(pixels.as_rgb8()), THRESHOLD, SMALLEST_FACE):
        sides = tuple(side for side in SIDES if face.eye(side).closed)
        if not sides:
            continue
        crop = crop_face(pixels, face, sides, CropParams())
        scene = EyeScene(FaceView(crop.picture, crop.document, np.array(crop.document.mesh)), sides, seed=42)
        assert LidLift().refuse(scene) is None
        started = time.perf_counter()
        painting = LidLift().paint(scene)
        seconds = time.perf_counter() - started
        yield Opened(photo.path.stem, sides, crop, painting, looked_again(face, crop, painting), seconds)


def looked_again(face: Face, crop: FaceCrop, painting: Painting) -> Face | None:
    """The face as the detector reads it in the painted crop, bordered so that the mesh has room."""
    border = crop.document.crop_size // 2
    levels = np.round(np.clip(painting.painted, 0, 1) * 255).astype(np.uint8)
    room = cv2.copyMakeBorder(levels, border, border, border, border, cv2.BORDER_REPLICATE)
    mesh = tuple((x + border, y + border, z) for x, y, z in crop.document.mesh)
    moved = Face(**{**face.__dict__, "mesh": mesh})
    seen = analyser().look_again(PicturePyramid(room), [moved], THRESHOLD)
    return seen[0] if seen else None


@pytest.fixture(scope="module")
def closed() -> list[Opened]:
    return [opened for photo in closed_photos("closed", "pairs") for opened in opened_faces(photo)]


def test_the_smallest_photos() -> None:
    smallest = sorted(closed_photos("closed", "pairs"), key=lambda photo: photo.path.stat().st_size)[:3]
    for photo in smallest:
        for opened in opened_faces(photo):
            assert opened.again is not None
            assert all(opened.again.eye(side).state == "open" for side in opened.sides), opened.name
            assert (opened.painting.painted == opened.crop.picture)[opened.painting.alpha == 0].all()


@pytest.mark.heavy
def test_closed_eyes_are_seen_open_afterwards(closed: list[Opened]) -> None:
    states = [
        opened.again.eye(side).state == "open" for opened in closed if opened.again for side in opened.sides
    ]
    assert len(states) >= 50
    assert np.mean(states) >= 0.95


@pytest.mark.heavy
def test_both_eyes_look_the_same_way(closed: list[Opened]) -> None:
    skews = []
    for opened in closed:
        if opened.again and len(opened.sides) == 2:
            mesh = np.array(opened.again.mesh)
            skews.append(abs(iris_position(mesh, "left") - iris_position(mesh, "right")))
    assert np.mean(skews) <= 0.11  # real open frames that look at the camera have 0.08-0.13
    assert max(skews) < 0.25


@pytest.mark.heavy
def test_nothing_outside_of_the_paint_changes_and_grey_stays_grey(closed: list[Opened]) -> None:
    for opened in closed:
        untouched = opened.painting.alpha == 0
        assert (opened.painting.painted == opened.crop.picture)[untouched].all(), opened.name
        assert np.isfinite(opened.painting.painted).all(), opened.name
        if opened.crop.document.greyscale:
            chroma = np.ptp(opened.painting.painted, axis=2).max()
            assert chroma <= np.ptp(opened.crop.picture, axis=2).max() + 0.02, opened.name


@pytest.mark.heavy
def test_an_ordinary_face_takes_a_fraction_of_a_second(closed: list[Opened]) -> None:
    ordinary = [
        opened.seconds
        for opened in closed
        if 30 < eye_mesh.eye_width(np.array(opened.crop.document.mesh), "left") < 80
    ]
    assert np.median(ordinary) < 1.0  # 0.15 s on an idle core


@pytest.mark.heavy
def test_a_winking_eye_takes_the_colour_of_the_other() -> None:
    sources = [
        eye.iris_source
        for photo in closed_photos("wink")
        for opened in opened_faces(photo)
        if len(opened.sides) == 1
        for eye in opened.painting.eyes
    ]
    assert len(sources) >= 12
    assert sources.count("other_eye") >= len(sources) - 1
