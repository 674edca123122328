"""A language model's variations: taken when they are good, written by rules when not, and said so."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest

from preenh.app.src.checks import faults
from preenh.app.src.instruction import Question, question, read_answer
from preenh.app.src.llm_enhancer import ATTEMPTS, LanguageModelEnhancer
from preenh.app.src.model_checks import faults_of_a_model
from preenh.app.src.rule_enhancer import Prompts, enhance

ORIGINAL = Prompts(
    "Brown eyes, two wide open expressive eyes, matte finish",
    "closed eyes, distorted pupils, glossy highlights",
)
GOOD = "two expressive brown eyes, wide open, matte finish, fine lashes"
GOOD_NEGATIVE = "closed eyes, badly distorted pupils, glossy highlights, waxy look"


class FakeWriter:
    """Answers in turn, the last one for ever; a ValueError is raised."""

    def __init__(self, *answers: str | ValueError) -> None:
        self.answers = answers
        self.asked: list[tuple[Question, int]] = []

    def answer(self, asked: Question, seed: int, until: float) -> str:
        self.asked.append((asked, seed))
        given = self.answers[min(len(self.asked), len(self.answers)) - 1]
        if isinstance(given, ValueError):
            raise given
        return given


def _text(text: str) -> str:
    return json.dumps({"text": text})


def _enhancer(
    writer: FakeWriter, original: Prompts = ORIGINAL, clock: Callable[[], float] = lambda: 0.0
) -> LanguageModelEnhancer:
    return LanguageModelEnhancer(writer, original, "Elaborate.", 10.0, clock)


def test_what_is_good_is_taken_as_it_is() -> None:
    writer = FakeWriter(_text(GOOD), _text(GOOD_NEGATIVE))
    written = _enhancer(writer).variation(1, 42)
    assert written.enhanced.prompts == Prompts(GOOD, GOOD_NEGATIVE)
    assert written.enhanced.warnings == written.by_rules == ()
    assert len(writer.asked) == 2, "empty fields are not asked for"


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("", "the answer is empty"),
        ("Sure! Here is your prompt:", "no whole JSON"),
        ('{"text": "brown eyes, wide op', "no whole JSON"),
        ('["brown eyes"]', "holds no text"),
        ('{"text": 3}', "holds no text"),
        ('{"text": "  "}', "holds no text"),
        (_text("two wide open expressive eyes, matte finish"), "lost brown"),
        (_text(GOOD + ", blue sparkle"), "added blue"),
        (_text(GOOD + ", a woman's smile"), "added smile"),
        (_text(ORIGINAL.prompt), "same as another variation"),
        (_text(GOOD + ", fine" * 60), "CLIP reads about 60"),
        (_text(GOOD + ", so fine lashes" * 3), "repeats 'fine lashes so'"),
        (_text("brown eyes two wide open in the picture of an eye that one likes"), "a phrase of 14 words"),
        (ValueError("Requested tokens (9000) exceed context window of 2048"), "exceed context window"),
    ],
)
def test_rubbish_is_replaced_by_rules_and_the_reason_is_told(answer: str | ValueError, reason: str) -> None:
    writer = FakeWriter(answer)
    written = _enhancer(writer, Prompts(ORIGINAL.prompt)).variation(2, 42)
    assert written.enhanced.prompts.prompt == enhance(Prompts(ORIGINAL.prompt), 2, 42).prompts.prompt
    assert written.by_rules == ("prompt",)
    (warning,) = written.enhanced.warnings
    assert warning.startswith("prompt: the language model failed (")
    assert reason in warning
    assert warning.endswith("written by rules")
    assert len(writer.asked) == len(ATTEMPTS)


def test_it_is_asked_again_with_another_seed_and_then_only_to_add() -> None:
    writer = FakeWriter(_text("eyes"), _text("eyes"), _text(GOOD))
    written = _enhancer(writer, Prompts(ORIGINAL.prompt)).variation(1, 42)
    assert written.enhanced.prompts.prompt == GOOD
    assert len({seed for _, seed in writer.asked}) == 3
    assert [ORIGINAL.prompt in asked.grammar for asked, _ in writer.asked] == [False, True, True]


def test_a_model_that_always_says_the_same_is_believed_once() -> None:
    enhancer = _enhancer(FakeWriter(_text(GOOD)), Prompts(ORIGINAL.prompt))
    made = [enhancer.variation(number, 42) for number in range(1, 5)]
    texts = [written.enhanced.prompts.prompt for written in made]
    assert texts[0] == GOOD
    assert [written.by_rules for written in made] == [(), *[("prompt",)] * 3]
    for index, text in enumerate(texts):
        assert faults(ORIGINAL.prompt, text, [ORIGINAL.prompt, *texts[:index]]) == ()


def test_seed_and_number_decide_what_is_asked() -> None:
    def seeds(number: int, seed: int) -> list[int]:
        writer = FakeWriter(_text("rubbish"))
        _enhancer(writer).variation(number, seed)
        return [asked for _, asked in writer.asked]

    assert seeds(1, 42) == seeds(1, 42)
    assert not set(seeds(1, 42)) & set(seeds(2, 42))
    assert not set(seeds(1, 42)) & set(seeds(1, 43))
    assert all(0 <= seed < 2**31 for seed in seeds(1, 42))


def test_when_the_time_is_over_the_rules_write() -> None:
    clock: Iterator[float] = iter([0.0, 1.0, 11.0, 11.0])
    writer = FakeWriter(_text(GOOD), _text(GOOD_NEGATIVE))
    written = _enhancer(writer, clock=lambda: next(clock)).variation(1, 42)
    assert written.enhanced.prompts.prompt == GOOD
    assert written.by_rules == ("negative_prompt",)
    assert "no time left of 10 s" in written.enhanced.warnings[0]
    assert len(writer.asked) == 1


def test_a_prompt_without_room_stays_and_that_is_told() -> None:
    full = ", ".join(["open eyes with much detail"] * 13)
    written = _enhancer(FakeWriter(""), Prompts(full)).variation(1, 42)
    assert written.enhanced.prompts.prompt == full
    assert written.enhanced.warnings[0].endswith("no wording by rules fits, the text stays as it is")


def test_the_opposite_prompts_words_do_not_come_over() -> None:
    found = faults_of_a_model(ORIGINAL.prompt, f"{GOOD}, glossy", [], ORIGINAL.negative_prompt)
    assert found == ("added glossy of the opposite prompt",)
    assert faults_of_a_model(ORIGINAL.negative_prompt, "closed eyes, pupils open", [], ORIGINAL.prompt) == (
        "added open of the opposite prompt",
    )


def test_a_longer_phrase_of_the_person_is_no_fault_of_the_model() -> None:
    long = "eyes that are as open as the eyes of a barn owl in the night"
    assert faults_of_a_model(long, f"{long}, fine lashes", [long]) == ()


def test_the_instruction_and_the_text_are_in_the_question() -> None:
    asked = question("negative_prompt", 'no "x"', "Be bold.", "rewrite")
    assert "Be bold." in asked.user and 'no "x"' in asked.user and "must not show" in asked.user
    assert asked.user in asked.plain() and asked.system in asked.together()


def test_an_answer_is_put_on_one_line() -> None:
    assert read_answer('{"text": " brown  eyes,\\n open, "}') == "brown eyes, open"
