"""Colours, contrast and texture: real eyes of the samples pass, what a failed painter leaves does not."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from typing import Any

import cv2
import numpy as np
import pytest

from contracts.blend import EyePaste
from contracts.face import SIDES, EyeReading
from environments.places import CHECKOUT
from face.app.src.eye_patch import PATCH, eye_patch
from face.app.src.eye_plausibility import alternations, colour_spread, inner_contrast
from face.app.src.open_eye_template import TEXTURE_TEMPLATE_FILE, eye_texture_likeness
from face.app.src.picture_pyramid import PicturePyramid, Rgb8
from face.tools.patterns import TEXTURES
from imaging.photo import read_photo
from orch.app.src import verification
from orch.app.src.verification import verdict
from tests.edit_regions import faces_in
from tests.unit.orch_fakes import eye, face

PASTE = EyePaste(0, "left", (0, 0, 10, 10), 50, 1.0)


@cache
def open_eyes() -> list[Rgb8]:
    """Patches of the public-domain portraits."""
    patches = []
    for name in ("portrait_open.jpg", "glasses_open.jpg"):
        photo = read_photo(CHECKOUT / "Input_Images" / name).as_rgb8()
        mesh = np.asarray(faces_in(photo)[0].mesh)
        patches += [eye_patch(PicturePyramid(photo), mesh, side) for side in SIDES]
    return patches


def pattern(name: str) -> Rgb8:
    made = TEXTURES[name]((PATCH, PATCH), PATCH / 2, np.random.default_rng(1))
    return np.asarray(np.round(255 * made), np.uint8)


def test_real_eyes_are_plausible_in_any_light() -> None:
    for patch in open_eyes():
        for gain in ((1.0, 1.0, 1.0), (0.3, 0.3, 0.3), (1.0, 0.8, 0.55), (0.7, 0.85, 1.0)):
            lit = np.round(patch * gain).astype(np.uint8)
            assert colour_spread(lit) < verification.MOST_COLOURS
            assert inner_contrast(lit) > verification.LEAST_CONTRAST
            assert alternations(lit) <= verification.MOST_ALTERNATIONS
            assert eye_texture_likeness(lit) > verification.LEAST_TEXTURE


def test_blue_irises_in_warm_skin_lie_on_the_line_too() -> None:
    skin, white, blue = (224, 172, 140), (225, 222, 220), (90, 130, 180)
    drawn = np.full((PATCH, PATCH, 3), skin, np.uint8)
    cv2.ellipse(drawn, (32, 32), (16, 6), 0, 0, 360, white, -1)
    cv2.circle(drawn, (32, 32), 6, blue, -1)
    assert colour_spread(drawn) < verification.MOST_COLOURS


@pytest.mark.parametrize(
    "name", [n for n in TEXTURES if "rainbow" in n] + ["coloured marble", "noise of 1/16"]
)
def test_noise_is_of_all_colours(name: str) -> None:
    assert colour_spread(pattern(name)) > verification.MOST_COLOURS


@pytest.mark.parametrize("name", ["flat white", "flat black", "flat grey", "flat colour"])
def test_flat_colour_has_no_contrast(name: str) -> None:
    assert inner_contrast(pattern(name)) < verification.LEAST_CONTRAST


@pytest.mark.parametrize("name", ["checkerboard of 1/8", "stripes of 1/8", "stripes of 1/4"])
def test_stripes_take_turns_too_often(name: str) -> None:
    assert alternations(pattern(name)) > verification.MOST_ALTERNATIONS


@pytest.mark.parametrize("name", [n for n in TEXTURES if "check" in n or "stripes" in n])
def test_patterns_have_no_texture_of_an_eye(name: str) -> None:
    assert eye_texture_likeness(pattern(name)) < verification.LEAST_TEXTURE


def test_the_texture_template_was_good_on_people_and_patterns_it_had_not_seen() -> None:
    figures = json.loads(TEXTURE_TEMPLATE_FILE.read_text(encoding="utf-8"))["cross_validated"]
    assert figures["eyes accepted"] >= 0.97
    assert figures["patterns rejected"] >= 0.75


def looking(**changes: Any) -> EyeReading:
    seen = eye("open")
    assert seen.appearance is not None
    return replace(seen, appearance=replace(seen.appearance, **changes))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"iris": 0.1, "sclera": 0.1}, "neither iris nor sclera"),
        ({"contrast": 0.02}, "of one colour"),
        ({"colour_spread": 12.0}, "of all colours"),
        ({"alternations": 7}, "striped"),
        ({"texture": 0.1}, "a pattern"),
    ],
)
def test_each_of_them_is_a_reason_not_to_believe_a_painted_eye(changes: dict[str, float], words: str) -> None:
    judged = verdict(face(0), face(0, "open", "open", left_eye=looking(**changes)), "left", PASTE)
    assert judged.outcome == "not_opened"
    assert words in judged.reason
