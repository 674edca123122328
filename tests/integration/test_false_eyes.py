"""Noise, patterns and flat colour over closed eyes are not called open, and real open eyes are.

On the labelled photos where they are, with the real face stage; on the samples everywhere.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import cv2
import numpy as np
import pytest

from contracts.blend import EyePaste
from contracts.face import SIDES, Face, Side
from environments.places import CHECKOUT
from face.app.src.picture_pyramid import FloatArray, PicturePyramid, Rgb8
from face.tools.patterns import SHAPES, TEXTURES, Texture, painted_over
from imaging.photo import read_photo
from orch.app.src.verification import verdict
from tests.edit_regions import THRESHOLD, analyser, faces_in
from tests.photos import labelled_photos, needs_photos

LABEL: dict[Side, str] = {"left": "L", "right": "R"}
NOT_ALIVE = ("painting", "statue", "cat")
CERTAIN = ("rainbow", "flat", "coloured marble", "noise of 1/16", "noise of 1/32")
"""Kinds of which none may pass, at any size. Grey patterns may look like an eye by chance."""
LEAST_REJECTED = 0.9
MOST_PIECES = 0.15
"""Share of pieces of the photo that may pass: some, cut out in the very shape of an eye, are dark and light
where an eye is (9 of 85)."""


def opened(before: Face, after: Face | None, side: Side) -> str:
    """Why the eye is not called open, "" where it is."""
    return verdict(before, after, side, EyePaste(before.face_index, side, (0, 0, 1, 1), 1, 1.0)).reason


def painted(photo: Rgb8, face: Face, textures: dict[Side, Texture], shape: str, seed: int) -> dict[Side, str]:
    """Why the eyes of a face that were painted over are not called open."""
    random, picture = np.random.default_rng(seed), photo
    for side, texture in textures.items():
        picture = painted_over(picture, np.asarray(face.mesh), side, texture, SHAPES[shape], random)
    seen = analyser().look_again(PicturePyramid(picture), [face], THRESHOLD)
    return {side: opened(face, seen[0] if seen else None, side) for side in textures}


def piece_of(photo: Rgb8) -> Texture:
    """Another texture: any part of the photo itself, of any size. Nothing was learned of these."""

    def made(shape: tuple[int, int], width: float, random: np.random.Generator) -> FloatArray:
        size = [min(photo.shape[k], int(shape[k] * random.uniform(0.5, 2))) for k in range(2)]
        y, x = (int(random.integers(0, photo.shape[k] - size[k] + 1)) for k in range(2))
        return cv2.resize(photo[y : y + size[0], x : x + size[1]], shape[::-1]) / 255

    return made


def labelled_faces(*categories: str) -> Iterator[tuple[str, Rgb8, Face, dict[str, str]]]:
    for labelled in labelled_photos(*categories):
        if not labelled.faces or any(word in labelled.shows for word in NOT_ALIVE):
            continue
        photo = read_photo(labelled.path).as_rgb8()
        faces = faces_in(photo)
        if len(faces) == len(labelled.faces):
            for face, label in zip(faces, labelled.faces):
                yield labelled.path.stem, photo, face, label


def test_over_the_eyes_of_a_sample() -> None:
    photo = read_photo(CHECKOUT / "Input_Images" / "portrait_both_closed.jpg").as_rgb8()
    (face,) = faces_in(photo)
    passed = Counter(
        kind
        for number, (kind, texture) in enumerate(TEXTURES.items())
        for shape in SHAPES
        for reason in painted(photo, face, dict.fromkeys(SIDES, texture), shape, number).values()
        if not reason
    )
    assert not [kind for kind in passed if kind.startswith(CERTAIN)], passed
    assert passed.total() <= (1 - LEAST_REJECTED) * 2 * len(TEXTURES) * len(SHAPES), passed


@pytest.mark.heavy
@needs_photos
def test_over_labelled_closed_eyes() -> None:
    passed, tried = Counter[str](), Counter[str]()
    kinds, number = list(TEXTURES), 0
    for _, photo, face, label in labelled_faces("closed", "wink", "group", "pairs"):
        closed = [side for side in SIDES if label[LABEL[side]] == "closed" and face.eye(side).closed]
        for _turn in range(6 if closed else 0):
            chosen = {side: kinds[(number + 7 * k) % len(kinds)] for k, side in enumerate(closed)}
            shape = list(SHAPES)[number % len(SHAPES)]
            textures = {side: TEXTURES[kind] for side, kind in chosen.items()}
            if number % 6 == 0:
                chosen, textures = dict.fromkeys(closed, "piece"), dict.fromkeys(closed, piece_of(photo))
            for side, reason in painted(photo, face, textures, shape, number).items():
                tried[chosen[side]] += 1
                passed[chosen[side]] += not reason
            number += 1
    assert tried.total() > 400
    assert not [kind for kind in passed if kind.startswith(CERTAIN) and passed[kind]], passed
    assert passed.total() <= (1 - LEAST_REJECTED) * tried.total(), passed
    assert passed["piece"] <= MOST_PIECES * tried["piece"], (passed, tried)


@needs_photos
def test_real_open_eyes_are_believed() -> None:
    doubted = [
        f"{name} {side}: {reason}"
        for name, _, face, label in labelled_faces()
        for side in SIDES
        if label[LABEL[side]] == "open" and (reason := opened(face, face, side))
    ]
    assert not doubted
