"""Small decisions of the orchestrator: colours in prompts, variations, donors, verdicts, versions."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from contracts.blend import EyePaste
from contracts.face import SIDES, EyeState, Face
from contracts.iris_words import in_colour, iris_colour_named
from environments.places import CHECKOUT
from imaging.face_shape import shape_distance
from orch.app.src.opening.variations import VARIED_OPENNESS, gen_item_params, variations
from orch.app.src.settings import DEFAULT_PROMPT, Settings, settings_of
from orch.app.src.strategies import choose
from orch.app.src.verification import verdict
from orch.app.src.version import VERSION
from tests.unit.orch_fakes import eye, face


@pytest.mark.parametrize(
    ("prompt", "colour"),
    [
        (DEFAULT_PROMPT, "brown"),
        ("Blue eyes with visible iris detail, two wide open eyes", "blue"),
        ("portrait of a green-eyed woman", "green"),
        ("eyes of warm brown", "brown"),
        ("dark brown eyes", "dark"),
        ("chestnut irises", "brown"),
        ("no blue eyes, grey eyes", "grey"),
        ("blue shirt, open eyes", None),
        ("Vintage 1960s portrait, black and white photography, classic eye shape", None),
        ("Realistic portrait eyes, open, natural lighting", None),
        ("", None),
    ],
)
def test_colours_in_prompts(prompt: str, colour: str | None) -> None:
    assert iris_colour_named(prompt) == colour


@pytest.mark.parametrize(
    ("prompt", "colour", "changed"),
    [
        ("Brown eyes, open", "green", "Green eyes, open"),
        ("soft, dark brown eyes, no blue eyes", "grey", "soft, grey eyes, no blue eyes"),
        ("eyes of warm brown", "blue", "eyes of warm blue"),
        ("brown hair, open eyes", "dark", "brown hair, open eyes, dark brown eyes"),
        ("", "blue", ""),
    ],
)
def test_prompts_in_another_iris_colour(prompt: str, colour: str, changed: str) -> None:
    assert in_colour(prompt, colour) == changed


def test_openness_stays_in_range_and_neighbours_differ() -> None:
    made = variations(Settings(), {}, 20)
    assert [v.variation_id for v in made[:2]] == ["original", "variation_01"]
    openness = [v.openness for v in made]
    assert all(0.5 <= value <= 1.2 for value in openness)
    assert all(abs(a - b) >= 0.08 for a, b in pairwise(openness))
    assert len(set(VARIED_OPENNESS)) == len(VARIED_OPENNESS)


def test_openness_is_asked_for_and_variations_follow_it_within_its_limits() -> None:
    for asked in (0.5, 0.7, 1.2):
        settings = settings_of({"generation": {"openness": asked}})
        made = variations(settings, {}, 6)
        assert made[0].openness == asked
        assert all(0.5 <= v.openness <= 1.2 for v in made)
        assert gen_item_params(settings, made[0]).openness == asked


def test_prompts_of_a_variation_merge_over_the_settings() -> None:
    made = variations(Settings(), {1: {"generation": {"refiner": {"prompt": "soft"}}}}, 2)
    assert made[1].generation.refiner.prompt == "soft"
    assert made[1].generation.prompt == DEFAULT_PROMPT
    assert made[2].generation == Settings().generation


@pytest.mark.parametrize(
    ("model", "left", "right", "donor", "names"),
    [
        ("auto", "closed", "closed", False, ("lid_lift",)),
        ("auto", "closed", "open", False, ("mirror", "lid_lift")),
        ("auto", "closed", "undetermined", False, ("lid_lift",)),
        ("auto", "closed", "open", True, ("donor", "mirror", "lid_lift")),
        ("auto", "closed", "closed", True, ("donor", "lid_lift")),
        ("mirror", "closed", "closed", True, ("mirror",)),
    ],
)
def test_chains(model: str, left: EyeState, right: EyeState, donor: bool, names: tuple[str, ...]) -> None:
    shown = face(0, left, right)
    chain = choose(model, shown, [side for side in SIDES if shown.eye(side).closed], "given" * donor)
    assert chain.names == names
    assert chain.reason


PASTE = EyePaste(0, "left", (1, 2, 3, 4), 10, 1.2)


def looking(face_: Face, left: float, right: float) -> Face:
    """The face with its irises at these positions along the corner lines, from the viewer's left."""
    mesh = list(face_.mesh)
    mesh[468] = (80 + 40 * left, 100.0, 0.0)
    mesh[473] = (180 + 40 * right, 100.0, 0.0)
    return replace(face_, mesh=tuple(mesh))


def test_an_open_eye_is_opened() -> None:
    after = face(0, "open", "open")
    judged = verdict(face(0), after, "left", PASTE)
    assert (judged.outcome, judged.reason, judged.region) == ("opened", "", PASTE.region)
    assert judged.iris_position == 0.5
    assert judged.after is not None and judged.after.state == "open"


def test_a_doubtful_eye_counts_where_it_is_clearly_wider() -> None:
    wide = face(0, "open", "open", left_eye=eye("undetermined", appearance=0.8))
    assert verdict(face(0), wide, "left", PASTE).outcome == "opened"
    before = face(0, left_eye=replace(eye("closed"), aspect_ratio=0.1))
    assert "still undetermined" in verdict(before, wide, "left", PASTE).reason


@pytest.mark.parametrize(
    ("after", "paste", "words"),
    [
        (face(0, "closed", "open"), PASTE, "still closed"),
        (face(0, "open", "open", left_eye=eye("open", 0.2)), PASTE, "does not look like an eye"),
        (
            face(0, "open", "open", left_eye=replace(eye("open"), appearance=None)),
            PASTE,
            "could not be measured",
        ),
        (looking(face(0, "open", "open"), 0.1, 0.1), PASTE, "the iris sits at the edge"),
        (looking(face(0, "open", "open"), 0.35, 0.65), PASTE, "the eyes look apart"),
        (face(0, "open", "open"), replace(PASTE, seam=3.0), "its border shows"),
        (None, PASTE, "not found again"),
        (face(0, "open", "open"), None, "nothing was pasted"),
    ],
)
def test_what_is_not_an_open_eye_is_not_called_opened(
    after: Face | None, paste: EyePaste | None, words: str
) -> None:
    judged = verdict(face(0), after, "left", paste)
    assert judged.outcome == "not_opened"
    assert words in judged.reason


def test_a_look_to_the_side_is_no_fault() -> None:
    assert verdict(face(0), looking(face(0, "open", "open"), 0.3, 0.3), "left", PASTE).outcome == "opened"


def head(seed: int, width: float = 1.0) -> np.ndarray:
    """A random head, wider or narrower."""
    points = np.random.default_rng(seed).normal(size=(478, 3)) * [width, 1.2, 0.8]
    return np.asarray(points)


def test_shape_distance_ignores_size_place_and_pose_but_not_shape() -> None:
    angle = 0.4
    turn = np.array([[np.cos(angle), 0, np.sin(angle)], [0, 1, 0], [-np.sin(angle), 0, np.cos(angle)]])
    moved = 3.0 * head(0) @ turn + [10, -5, 2]
    assert shape_distance(head(0), moved) == pytest.approx(0, abs=1e-6)
    assert shape_distance(head(0), head(0, 1.3)) > 0.05
    mirrored = head(0) * [-1, 1, 1]
    assert shape_distance(head(0), mirrored) > 0.3


def test_the_version_is_that_of_the_project() -> None:
    text = (CHECKOUT / "pyproject.toml").read_text(encoding="utf-8")
    found = re.search(r'^version = "(.+)"$', text, re.MULTILINE)
    assert found is not None and found[1] == VERSION
