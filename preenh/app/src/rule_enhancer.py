"""Variations of a prompt by rules: the original text, whole, plus a few curated fragments.

The same prompt, seed and number give the same text on every machine and Python version.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from preenh.app.src.checks import COLOUR_WORDS, is_duplicate, is_too_long, words
from preenh.app.src.fragments import NEGATIVE, NEUTRAL_WORDS, POSITIVE, Fragment

ASPECTS_PER_VARIATION = 3


@dataclass(frozen=True)
class Prompts:
    """The four prompt fields of a configuration's `generation`."""

    prompt: str = ""
    negative_prompt: str = ""
    refiner_prompt: str = ""
    refiner_negative_prompt: str = ""

    def generation(self) -> dict[str, object]:
        """The `generation` object of a configuration that carries these prompts."""
        return {
            "prompt": self.prompt,
            "negative_prompt": self.negative_prompt,
            "refiner": {
                "prompt": self.refiner_prompt,
                "negative_prompt": self.refiner_negative_prompt,
            },
        }


@dataclass(frozen=True)
class Enhanced:
    """prompts: the varied fields. warnings: one line for every field that could not be varied."""

    prompts: Prompts
    warnings: tuple[str, ...] = ()


def enhance(original: Prompts, number: int, seed: int) -> Enhanced:
    """Variation `number` (from 1) of all four fields; no two numbers give the same text of a field.

    An empty field stays empty. A field without room for a fragment stays as it is, with a warning.
    """
    warnings: list[str] = []

    def vary(name: str, opposite: str, fragments: Mapping[str, tuple[Fragment, ...]]) -> str:
        text: str = getattr(original, name)
        if not text.strip():
            return text
        nth = itertools.islice(variations(text, opposite, fragments, f"{seed}/{name}"), number - 1, None)
        varied = next(nth, text)
        if varied is text:
            warnings.append(
                f"{name}: no further wording fits into what CLIP reads ({len(words(text))} words given); "
                f"variation {number} keeps the text and differs by its seed"
            )
        return varied

    prompts = Prompts(
        vary("prompt", original.negative_prompt, POSITIVE),
        vary("negative_prompt", original.prompt, NEGATIVE),
        vary("refiner_prompt", original.refiner_negative_prompt, POSITIVE),
        vary("refiner_negative_prompt", original.refiner_prompt, NEGATIVE),
    )
    return Enhanced(prompts, tuple(warnings))


def variations(
    text: str, opposite: str, fragments: Mapping[str, tuple[Fragment, ...]], seed: str
) -> Iterator[str]:
    """All different variations of `text`, in an order drawn from `seed`.

    Args:
        opposite: the prompt of the other sign; what it names is not added here.
        fragments: aspect -> fragments to choose from.
    """
    draw = random.Random(seed)
    usable = [[f for f in group if fits(f, text, opposite)] for group in fragments.values()]
    triples = [
        chosen
        for groups in itertools.combinations([g for g in usable if g], ASPECTS_PER_VARIATION)
        for chosen in itertools.product(*groups)
    ]
    draw.shuffle(triples)
    given: list[str] = [text]
    for triple in triples:
        varied = append_while_it_fits(text, triple)
        if not is_duplicate(varied, given):
            given.append(varied)
            yield varied


def fits(fragment: Fragment, text: str, opposite: str) -> bool:
    """Whether a fragment repeats or contradicts neither its own prompt nor the opposite one."""
    own, other, added = set(words(text)), set(words(opposite)), set(words(fragment.text))
    return (
        not own.intersection(fragment.not_with)
        and not added & COLOUR_WORDS
        and not (added - NEUTRAL_WORDS) & other
        and not added <= own
    )


def append_while_it_fits(text: str, fragments: tuple[Fragment, ...]) -> str:
    """`text` followed by those fragments, in order, that leave it short enough for the text encoder."""
    for fragment in fragments:
        longer = f"{text.rstrip(' ,.')}, {fragment.text}"
        if not is_too_long(longer):
            text = longer
    return text
