"""Variations by rules say more than the original and nothing else."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from preenh.app.src.checks import COLOUR_WORDS, MAX_WORDS, faults, key_words, words
from preenh.app.src.fragments import NEGATIVE, POSITIVE, Fragment
from preenh.app.src.rule_enhancer import Prompts, append_while_it_fits, enhance, fits, variations

DEFAULT = Prompts(
    "Brown eyes, two wide open expressive eyes, symmetrical eyelids, realistic skin texture, matte finish",
    "closed eyes, distorted pupils, glossy highlights, cartoon style, flat lighting, colored eyes",
    "matte, clean blending of inpainted eye region, realistic skin texture, brown eyes",
    "glossy, artifacts, blur, blue eyes, no cartoon style",
)
FIELDS = ("prompt", "negative_prompt", "refiner_prompt", "refiner_negative_prompt")

ALL_FRAGMENTS = [f for table in (POSITIVE, NEGATIVE) for group in table.values() for f in group]


@pytest.mark.parametrize("field", FIELDS)
def test_many_variations_keep_the_original_and_differ(field: str) -> None:
    original = getattr(DEFAULT, field)
    taken = [original]
    for number in range(1, 31):
        enhanced = enhance(DEFAULT, number, seed=42)
        text = getattr(enhanced.prompts, field)
        assert text.startswith(original.rstrip(" ,."))
        assert faults(original, text, taken) == ()
        assert enhanced.warnings == ()
        taken.append(text)


def test_seed_and_number_decide_alone() -> None:
    assert enhance(DEFAULT, 3, 7) == enhance(DEFAULT, 3, 7)
    assert enhance(DEFAULT, 3, 7) != enhance(DEFAULT, 3, 8)


def test_the_text_is_the_same_on_every_machine() -> None:
    """Pinned: a photographer gets the same variations after an update of Python."""
    added = enhance(DEFAULT, 1, 42).prompts.prompt.removeprefix(DEFAULT.prompt)
    assert added == (
        ", consistent exposure between eyes and skin, subtle texture of the lower lid, "
        "authentic portrait photograph"
    )


def test_a_long_prompt_is_left_as_it_is_and_said_so() -> None:
    long = ", ".join(["open eyes with much detail"] * 13)
    enhanced = enhance(Prompts(prompt=long), 2, 1)
    assert enhanced.prompts.prompt == long
    assert len(enhanced.warnings) == 1
    assert "differs by its seed" in enhanced.warnings[0]


def test_a_nearly_full_prompt_takes_what_fits() -> None:
    nearly = " ".join(["word"] * (MAX_WORDS - 4))
    for number in range(1, 6):
        text = enhance(Prompts(prompt=nearly), number, 1).prompts.prompt
        assert MAX_WORDS - 4 < len(words(text)) <= MAX_WORDS


def test_an_empty_field_stays_empty() -> None:
    enhanced = enhance(Prompts(prompt="open eyes"), 1, 1)
    assert enhanced.prompts.negative_prompt == ""
    assert enhanced.prompts.refiner_prompt == ""
    assert enhanced.warnings == ()


@pytest.mark.parametrize(
    ("fragment", "text", "opposite"),
    [
        (Fragment("soft even light", ("harsh",)), "eyes in harsh sun", ""),
        (Fragment("authentic portrait photograph"), "open eyes", "photograph, snapshot"),
        (Fragment("rendered look"), "cartoon", "a rendered portrait"),
        (Fragment("open eyes"), "two open eyes", ""),
        (Fragment("golden light"), "open eyes", ""),
    ],
)
def test_what_contradicts_or_repeats_is_not_added(fragment: Fragment, text: str, opposite: str) -> None:
    assert not fits(fragment, text, opposite)


def test_no_fragment_names_a_colour_or_occurs_twice() -> None:
    texts = [fragment.text for fragment in ALL_FRAGMENTS]
    assert len(texts) == len(set(texts))
    assert not [text for text in texts if set(words(text)) & COLOUR_WORDS]


def test_no_fragment_contradicts_another_of_its_table() -> None:
    for table in (POSITIVE, NEGATIVE):
        for a, b in itertools.permutations([f for group in table.values() for f in group], 2):
            assert not set(a.not_with) & set(words(b.text)), (a, b)


def test_fragments_are_appended_after_a_comma() -> None:
    assert append_while_it_fits("open eyes. ", (Fragment("fine lashes"),)) == "open eyes, fine lashes"


@given(st.text(max_size=300), st.text(max_size=100), st.integers())
def test_any_prompt_is_kept_whole(text: str, opposite: str, seed: int) -> None:
    for varied in itertools.islice(variations(text, opposite, POSITIVE, str(seed)), 5):
        assert key_words(text) <= set(words(varied))
        assert varied.startswith(text.rstrip(" ,."))
