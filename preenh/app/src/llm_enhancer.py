"""Variations of a prompt by a language model: asked, checked, and written by rules where it fails."""

from __future__ import annotations

import hashlib
import itertools
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import Protocol

from preenh.app.src.fragments import NEGATIVE, POSITIVE
from preenh.app.src.instruction import Manner, Question, question, read_answer
from preenh.app.src.model_checks import faults_of_a_model
from preenh.app.src.rule_enhancer import Enhanced, Prompts, variations

ATTEMPTS: tuple[Manner, ...] = ("rewrite", "extend", "extend")
"""A model that failed at its own words may only add to the prompt then."""

_OPPOSITE = {
    "prompt": "negative_prompt",
    "negative_prompt": "prompt",
    "refiner_prompt": "refiner_negative_prompt",
    "refiner_negative_prompt": "refiner_prompt",
}


class Writer(Protocol):
    """A language model in memory."""

    def answer(self, asked: Question, seed: int, until: float) -> str:
        """The model's answer, cut off at `until` (`time.monotonic`); the same for the same seed.

        Raises:
            ValueError: it cannot answer this question, for instance as it is too long.
        """


@dataclass(frozen=True)
class Written:
    """enhanced: the fields and what to report. by_rules: names of the fields that the rules wrote."""

    enhanced: Enhanced
    by_rules: tuple[str, ...]


class LanguageModelEnhancer:
    """Makes the variations of one request.

    Args:
        seconds: the model's time for one variation; what is not written then, the rules write.
        clock: replaced in tests.
    """

    def __init__(
        self,
        writer: Writer,
        original: Prompts,
        instruction: str,
        seconds: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._writer = writer
        self._original = original
        self._instruction = instruction
        self._seconds = seconds
        self._clock = clock
        self._taken = {f.name: [getattr(original, f.name)] for f in fields(Prompts)}

    def variation(self, number: int, seed: int) -> Written:
        """Variation `number` (from 1); differs from those made before in every field that has room.

        An empty field stays empty. What the model asks in vain is decided by seed, number and field
        alone, so a variation does not depend on how many others were made, save for duplicates.
        """
        until = self._clock() + self._seconds
        texts: dict[str, str] = {}
        warnings: list[str] = []
        by_rules: list[str] = []
        for name, taken in self._taken.items():
            original = taken[0]
            texts[name] = original
            if not original.strip():
                continue
            text, reason = self._ask(name, number, seed, until)
            if reason:
                text = self._by_rules(name, number, seed)
                by_rules.append(name)
                end = "written by rules" if text else "no wording by rules fits, the text stays as it is"
                warnings.append(f"{name}: the language model failed ({reason}); {end}")
            texts[name] = text or original
            taken.append(texts[name])
        return Written(Enhanced(Prompts(**texts), tuple(warnings)), tuple(by_rules))

    def _ask(self, name: str, number: int, seed: int, until: float) -> tuple[str, str]:
        """The model's text and "", or "" and why there is none."""
        taken = self._taken[name]
        reason = ""
        for attempt, manner in enumerate(ATTEMPTS):
            if self._clock() >= until:
                return "", f"{reason}; " * bool(reason) + f"no time left of {self._seconds:g} s"
            asked = question(name, taken[0], self._instruction, manner)
            try:
                text = read_answer(self._writer.answer(asked, _seed(seed, number, name, attempt), until))
            except ValueError as error:
                reason = str(error)
                continue
            found = faults_of_a_model(taken[0], text, taken, getattr(self._original, _OPPOSITE[name]))
            if not found:
                return text, ""
            reason = "; ".join(found)
        return "", reason

    def _by_rules(self, name: str, number: int, seed: int) -> str:
        """The rules' variation of this number, or the next one that is not taken; "" without room."""
        taken = self._taken[name]
        table = NEGATIVE if name.endswith("negative_prompt") else POSITIVE
        opposite = getattr(self._original, _OPPOSITE[name])
        offered = variations(taken[0], opposite, table, f"{seed}/{name}")
        return next(_untaken(itertools.islice(offered, number - 1, None), taken), "")


def _untaken(offered: itertools.islice[str], taken: Sequence[str]) -> itertools.filterfalse[str]:
    return itertools.filterfalse(lambda text: text in taken, offered)


def _seed(seed: int, number: int, name: str, attempt: int) -> int:
    """31 bits, the same on every machine."""
    named = f"{seed}/{number}/{name}/{attempt}".encode()
    return int.from_bytes(hashlib.sha256(named).digest()[:4], "big") >> 1
