"""What a language model's variation must keep besides: models stray, contradict, chat, turn in circles."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from preenh.app.src.checks import STATE_WORDS, faults, words

MIN_KEPT = 1 / 3
"""Share of the original's different words that a variation must have: less is another subject."""

MAX_REPEATS = 2
"""How often three words in a row may come."""

MAX_PHRASE_WORDS = 9
"""Between commas. More is a sentence, which image models read badly."""

OPPOSITES = STATE_WORDS | frozenset(
    words(
        "glossy matte blurry blurred blur sharp cartoon realistic distorted symmetrical asymmetrical "
        "artifacts flat fake painted natural smooth"
    )
)
"""Words that turn a prompt into its opposite where the other prompt has them."""

STRANGE = frozenset(
    words(
        "hair hairs beard nose mouth lip lips smile smiling cheek cheeks cheekbone cheekbones ear ears teeth "
        "hand hands hat dress clothing clothes makeup tattoo earrings woman women man men girl boy child "
        "children baby lady guy person family old young age year years male female females people sky "
        "background backgrounds image picture prompt original message inspired world camera "
        "happy sad angry lifeless dark cruel crying scar i i'm i'll me my you your you're we our he his she "
        "her"
    )
)
"""Another part of the picture, age, sex, mood, and chatting: nothing that a prompt for eyes may gain."""


def faults_of_a_model(
    original: str, variation: str, others: Iterable[str], opposite: str = ""
) -> tuple[str, ...]:
    """Why a language model's variation is not usable, one line each; empty where it is.

    Args:
        original: the prompt that was varied.
        others: variations of the same prompt that are already taken, and the original itself.
        opposite: the prompt of the other sign; what it says of the eyes must not come over.
    """
    found = list(faults(original, variation, others))
    own, new = set(words(original)), set(words(variation))
    gained = new - own
    if against := sorted(gained & set(words(opposite)) & OPPOSITES):
        found.append(f"added {', '.join(against)} of the opposite prompt")
    if strange := sorted(gained & STRANGE):
        found.append(f"added {', '.join(strange)}")
    if len(own & new) < MIN_KEPT * len(own):
        found.append(f"kept {len(own & new)} of {len(own)} words")
    if repeated := _repeated(words(variation)):
        found.append(f"repeats {repeated!r}")
    if sentence := _sentence(original, variation):
        found.append(f"a phrase of {sentence} words")
    if not variation.isprintable():
        found.append("characters that are no text")
    return tuple(found)


def _repeated(sequence: list[str]) -> str:
    """Three words in a row that come more than MAX_REPEATS times, "" where none do."""
    triples = Counter(zip(sequence, sequence[1:], sequence[2:]))
    return next((" ".join(triple) for triple, times in triples.items() if times > MAX_REPEATS), "")


def _sentence(original: str, variation: str) -> int:
    """Words of the longest phrase where it beats the limit and all phrases of the original; else 0."""
    longest = _longest_phrase(variation)
    return longest if longest > max(MAX_PHRASE_WORDS, _longest_phrase(original)) else 0


def _longest_phrase(text: str) -> int:
    return max(len(words(phrase)) for phrase in re.split(r"[,.:;!?]", text))
