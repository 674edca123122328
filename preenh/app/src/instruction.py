"""What a language model is asked, and the grammar that its answer is bound to."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Literal

Manner = Literal["rewrite", "extend"]
"""rewrite: the whole text in the model's words. extend: the text stays, the model adds to it."""

SYSTEM = (
    "You write prompts for an image generator that repaints the eyes of a person in a photo. "
    "A prompt is one line of short descriptions, parted by commas, of at most 40 words. "
    "Keep every word about colour, about the eyes and about whether they are open or closed. "
    "Add no other colour, no other person and no explanation. Answer in JSON."
)
_KINDS = {
    "prompt": "what the picture shows",
    "negative_prompt": "what the picture must not show",
    "refiner_prompt": "what the finished picture looks like",
    "refiner_negative_prompt": "what the finished picture must not look like",
}
_NO_TEXT = r'"\\,.:;!?{}()<>0-9\[\]\x00-\x1f\x7f'
"""What a phrase does not hold, in a character class of GBNF: sentences, lists, code, line breaks."""


@dataclass(frozen=True)
class Question:
    """One call of the model. grammar: in GBNF, of llama.cpp; the answer is {"text": "..."}."""

    system: str
    user: str
    grammar: str

    def together(self) -> str:
        """The question as one message."""
        return f"{self.system}\n\n{self.user}"

    def plain(self) -> str:
        """For a model without a chat template."""
        return f"{self.together()}\n\nJSON:\n"


def question(field: str, text: str, instruction: str, manner: Manner) -> Question:
    """What to ask for a variation of one prompt field.

    Args:
        field: one of the attributes of `Prompts`.
        instruction: the person's own, from the configuration.
    """
    wanted = "Write it in other words" if manner == "rewrite" else "Repeat it, then add three short details"
    user = f'{instruction}\nThe prompt says {_KINDS[field]}: "{text}"\n{wanted}, as {{"text": "..."}}.'
    return Question(SYSTEM, user.strip(), _grammar(text, manner))


def _grammar(text: str, manner: Manner) -> str:
    """GBNF of a JSON object with one text of short phrases, which has to begin with `text` to extend it."""
    begun, phrases, words = "", "{2,9}", "{0,7}"
    if manner == "extend":
        begun = json.dumps(f"{text.rstrip(' ,.')}, ", ensure_ascii=False)[1:-1]
        phrases, words = "{1,3}", "{1,4}"
    opening = json.dumps('{"text": "' + begun, ensure_ascii=False)
    letter = "[A-Za-z'-]" if text.isascii() else f"[^ {_NO_TEXT}]"
    return (
        f'root ::= {opening} phrase (", " phrase){phrases} "\\"}}"\n'
        f'phrase ::= word (" " word){words}\n'
        f"word ::= {letter}{{1,16}}"
    )


def read_answer(answer: str) -> str:
    """The text in a model's answer, on one line.

    Raises:
        ValueError: it is empty, or no JSON object with a text; the message says which.
    """
    if not answer.strip():
        raise ValueError("the answer is empty")
    try:
        document = json.loads(answer)
    except ValueError:
        raise ValueError("the answer is no whole JSON") from None
    text = document.get("text") if isinstance(document, dict) else None
    if not isinstance(text, str) or not text.strip():
        raise ValueError("the answer holds no text")
    return " ".join(text.split()).strip(" ,")
