"""The checks that also a language model's variations must pass."""

from __future__ import annotations

import pytest

from preenh.app.src.checks import added_colours, faults, is_duplicate, is_too_long, lost_key_words

ORIGINAL = "Brown eyes, two wide open expressive eyes, matte finish"


def test_a_good_variation_has_no_fault() -> None:
    text = "Two wide open, expressive brown eyes with fine lashes and a matte finish"
    assert faults(ORIGINAL, text, [ORIGINAL]) == ()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Expressive brown eyes, two, wide, matte", ("lost open",)),
        ("two wide open expressive eyes", ("lost brown",)),
        ("Blue-ish brown eyes, two wide open eyes, blue", ("added blue",)),
        ("two wide OPEN expressive eyes; brown eyes, finish: matte", ("same as another variation",)),
        ("Brown eyes, two wide open eyes" + " nice" * 60, ("66 words, CLIP reads about 60",)),
        ("", ("lost brown, eyes, open, two, wide",)),
    ],
)
def test_every_fault_is_named(text: str, expected: tuple[str, ...]) -> None:
    assert faults(ORIGINAL, text, [ORIGINAL]) == expected


@pytest.mark.parametrize(
    ("original", "variation"),
    [
        ("left eye open, right eye closed", "left eye closed, right eye open, soft light"),
        ("realistic open eyes", "not open eyes, realistic"),
        ("realistic open eyes", "never open, realistic eyes"),
        ("open brown eyes, natural look", "open brown eyes, natural, nearly closed lids"),
        ("two open eyes", "two open eyes, half shut"),
    ],
)
def test_a_variation_says_no_other_state_of_the_eyes(original: str, variation: str) -> None:
    assert faults(original, variation) == ("says another state of the eyes",)
    assert faults(original, f"{original}, sharp") == ()


def test_words_count_whole_and_whatever_their_case() -> None:
    assert lost_key_words("Brown eyes", "BROWNISH eyes") == ("brown",)
    assert added_colours("no Blue eyes", "BLUE eyes, green eyes") == ("green",)


def test_duplicates_are_told_by_their_words() -> None:
    assert is_duplicate("open eyes, fine lashes", ["Fine lashes - open eyes"])
    assert not is_duplicate("open eyes", ["open eyes eyes"])


def test_sixty_words_are_the_limit() -> None:
    assert not is_too_long(" ".join(["w"] * 60))
    assert is_too_long(" ".join(["w"] * 61))
