"""Prompts of a diffusion model speak of the irises that the person has, or that somebody asked for."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from contracts.error_codes import StageError
from contracts.face import Side
from contracts.gen import GenItemParams, RefinerParams
from gen.app.src.sdxl.iris_prompts import in_one_colour
from gen.app.src.seen.iris_colour import ALBEDO, nearest_name
from gen.app.src.strategy import EyeScene
from tests.unit.synthetic_face import face_scene
from tests.unit.synthetic_open_face import closed_mesh, open_face, open_mesh, open_picture

PROMPTS: dict[str, Any] = {
    "prompt": "open eyes, brown eyes",
    "negative_prompt": "closed, blue eyes, blur",
    "refiner": RefinerParams(prompt="sharp brown iris", negative_prompt="brown eyes, blue eyes"),
}
IN_BLUE = ("open eyes, blue eyes", "closed, blur", "sharp blue iris", "brown eyes")


def scene(open_sides: tuple[Side, ...] = (), **wishes: Any) -> EyeScene:
    """A face, the right eye to be opened; irises that are seen are blue."""
    mesh = open_mesh(closed_mesh(), open_sides)
    params = GenItemParams(**PROMPTS, **wishes)
    return replace(face_scene(open_picture(mesh, open_sides), mesh, ("right",)), params=params)


def prompts(params: GenItemParams) -> tuple[str, str, str, str]:
    refiner = params.refiner
    return params.prompt, params.negative_prompt, refiner.prompt, refiner.negative_prompt


def test_a_winker_with_blue_eyes_keeps_them_blue() -> None:
    params, source = in_one_colour(scene(("left",), prompt_colour="green", default_colour="brown"))
    assert (prompts(params), source) == (IN_BLUE, "other_eye")


def test_a_donor_tells_the_colour() -> None:
    params, source = in_one_colour(replace(scene(), donor=open_face()))
    assert (prompts(params), source) == (IN_BLUE, "donor")


@pytest.mark.parametrize("wish", ["blue", "#4a7ba6"])
def test_a_wish_comes_before_what_is_seen(wish: str) -> None:
    params, source = in_one_colour(scene(eye_colour=wish))
    assert (prompts(params), source) == (IN_BLUE, "eye_colour")
    params, _ = in_one_colour(scene(("left",), eye_colour="green"))
    assert params.prompt == "open eyes, green eyes"


def test_variations_keep_the_colour_of_the_runs_prompt() -> None:
    params, source = in_one_colour(scene(prompt_colour="blue"))
    assert (prompts(params), source) == (IN_BLUE, "prompt")


def test_without_any_hint_prompts_stay_as_they_are() -> None:
    wanted = scene(default_colour="brown")
    assert in_one_colour(wanted) == (wanted.params, "prompt")


@pytest.mark.parametrize("medium", ["greyscale", "sepia"])
def test_a_photo_without_colours_tells_none(medium: str) -> None:
    seen = scene(("left",))
    seen = replace(seen, face=replace(seen.face, document=replace(seen.document, **{medium: True})))
    assert in_one_colour(seen) == (seen.params, "prompt")


def test_an_unknown_colour_is_refused() -> None:
    with pytest.raises(StageError, match="purple"):
        in_one_colour(scene(eye_colour="purple"))


@pytest.mark.parametrize("name", ALBEDO)
@pytest.mark.parametrize("light", [0.75, 1.0, 1.3])
def test_colours_have_their_names_in_light_and_shade(name: str, light: float) -> None:
    assert nearest_name(light * np.array(ALBEDO[name])) == name
