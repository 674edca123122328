"""Eyes behind sunglasses are undetermined, whatever they do there; clear glasses hide nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from contracts.face import SIDES, Face
from environments.places import CHECKOUT
from face.app.src.picture_pyramid import PicturePyramid, Rgb8
from face.tools.smears import surroundings
from imaging.photo import read_photo
from tests.edit_regions import THRESHOLD, analyser, faces_in
from tests.photos import labelled_photos, needs_photos
from tests.quality.sunglasses import CLEAR, PAIRS, Sunglasses, wear
from tests.running import finish

SAMPLES = ("portrait_both_closed.jpg", "portrait_one_closed.jpg", "portrait_open.jpg")
DARK, LIGHT_TINT, CLEAR_GLASS = (0.9, 0.97), 0.75, 0.05
LARGEST_DISTANCE = 120.0
"""px between the eyes; larger faces are shrunk, drawing would take longer than looking."""


def sample(name: str) -> tuple[Rgb8, Face]:
    photo = read_photo(CHECKOUT / "Input_Images" / name).as_rgb8()
    (face,) = faces_in(photo)
    return photo, face


def behind(photo: Rgb8, face: Face, pair: Sunglasses, opacity: float) -> Face | None:
    """The face with glasses on; None where it is not seen any more."""
    worn = wear(photo, np.asarray(face.mesh), pair, opacity)
    return next(iter(analyser().look_again(PicturePyramid(worn), [face], THRESHOLD)), None)


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.name)
def test_eyes_behind_dark_lenses_are_undetermined(name: str, pair: Sunglasses) -> None:
    photo, face = sample(name)
    for opacity in DARK:
        hidden = behind(photo, face, pair, opacity)
        for eye in (hidden.left_eye, hidden.right_eye) if hidden else ():
            assert eye.state == "undetermined" or (pair.reflection == "mirror" and eye.state == "open")
            if pair.reflection != "mirror":
                assert eye.reason == "behind sunglasses"


def test_clear_glasses_hide_nothing() -> None:
    photo, face = sample("portrait_open.jpg")
    worn = behind(photo, face, CLEAR, CLEAR_GLASS)
    assert worn and [worn.eye(side).state for side in SIDES] == ["open", "open"]


def labelled_faces() -> Iterator[tuple[str, Rgb8, Face]]:
    """Of photos with single faces, cut out and shrunk."""
    for labelled in labelled_photos("closed", "wink", "open"):
        if not labelled.faces or len(labelled.faces) != 1 or "glasses" in labelled.shows:
            continue
        photo = read_photo(labelled.path).as_rgb8()
        for face in faces_in(photo):
            scale = min(1.0, LARGEST_DISTANCE / face.inter_ocular_distance)
            part, _ = surroundings(photo, np.asarray(face.mesh), scale)
            for again in faces_in(part)[:1]:
                yield labelled.path.stem, part, again


@pytest.mark.heavy
@needs_photos
def test_no_labelled_eye_is_taken_for_closed_behind_dark_lenses() -> None:
    seen, closed = 0, []
    for name, photo, face in labelled_faces():
        for pair in PAIRS:
            hidden = behind(photo, face, pair, DARK[0])
            seen += 2
            closed += [f"{name} {pair.name} {side}" for side in SIDES if hidden and hidden.eye(side).closed]
    assert seen > 400
    assert not closed


@pytest.mark.heavy
def test_nothing_is_painted_on_sunglasses(tmp_path: Path) -> None:
    from PIL import Image

    photos = tmp_path / "photos"
    photos.mkdir()
    photo, face = sample("portrait_both_closed.jpg")
    for pair in PAIRS:
        worn = wear(photo, np.asarray(face.mesh), pair, DARK[0])
        Image.fromarray(worn).save(photos / f"{pair.name}.png")
    done = finish("--input", str(photos), output=tmp_path / "out", cwd=tmp_path)
    assert [photo["status"] for photo in done.report["photos"]] == ["unchanged"] * len(PAIRS)
