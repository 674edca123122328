"""What every variation of a prompt must keep, whoever wrote it: rules or a language model.

A variation may say more than the original, never something else: the colours and the state of the
eyes stay, no colour is added, no two variations are alike, and what the text encoder cannot read is
not written.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

MAX_WORDS = 60
"""CLIP reads 77 tokens, two of them markers; English with commas takes about 1.25 tokens a word."""

_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)?")


def words(text: str) -> list[str]:
    """The words of a text in lower case, without punctuation; hyphens part words."""
    return [word.lower() for word in _WORD.findall(text)]


COLOUR_WORDS = frozenset(
    words(
        "amber aqua auburn azure beige black blond blonde blue brown caramel chestnut chocolate copper cyan "
        "ebony emerald gold golden gray green grey hazel honey indigo ivory jade lilac magenta mahogany navy "
        "olive orange pink purple red rose ruby sapphire silver tan teal turquoise violet white yellow"
    )
)
"""Words that name a colour of an eye or of a picture."""

STATE_WORDS = frozenset(
    words("open opened closed shut half squinting blinking winking wide one two both left right")
)
"""Words that say how open an eye is, and which."""

CLOSING_WORDS = frozenset(words("closed shut half squinting blinking winking"))
NEGATIONS = frozenset(words("no not never without nor neither hardly barely nearly almost"))
"""Words that turn what follows them."""

SUBJECT_WORDS = frozenset(words("eye eyes eyed iris irises pupil pupils eyelid eyelids lid lids"))


def key_words(text: str) -> frozenset[str]:
    """The words of a prompt that no variation may lose: colours, state of the eyes, the eyes themselves."""
    return frozenset(words(text)) & (COLOUR_WORDS | STATE_WORDS | SUBJECT_WORDS)


def lost_key_words(original: str, variation: str) -> tuple[str, ...]:
    """Key words of the original that the variation no longer has, sorted."""
    return tuple(sorted(key_words(original) - frozenset(words(variation))))


def added_colours(original: str, variation: str) -> tuple[str, ...]:
    """Colours that only the variation names, sorted."""
    return tuple(sorted((frozenset(words(variation)) - frozenset(words(original))) & COLOUR_WORDS))


def says_another_state(original: str, variation: str) -> bool:
    """Whether a variation closes or negates what the original does not, or takes one eye for the other.

    Where the original tells left from right, its words of the eyes' state must come in its order: "left open,
    right closed" must not become "left closed, right open".
    """
    own, new = words(original), words(variation)
    if any(new.count(word) > own.count(word) for word in NEGATIONS | (CLOSING_WORDS - set(own))):
        return True
    tells_sides = {"left", "right"} <= set(own)
    return tells_sides and [w for w in own if w in STATE_WORDS] != [w for w in new if w in STATE_WORDS]


def is_duplicate(variation: str, others: Iterable[str]) -> bool:
    """Whether another text has the same words, whatever their order, case and punctuation."""
    own = sorted(words(variation))
    return any(own == sorted(words(other)) for other in others)


def is_too_long(text: str) -> bool:
    return len(words(text)) > MAX_WORDS


def faults(original: str, variation: str, others: Iterable[str] = ()) -> tuple[str, ...]:
    """Why a variation is not usable, one line each; empty where it is.

    Args:
        original: the prompt that was varied.
        others: variations of the same prompt that are already taken, and the original itself.
    """
    found = []
    if lost := lost_key_words(original, variation):
        found.append(f"lost {', '.join(lost)}")
    if added := added_colours(original, variation):
        found.append(f"added {', '.join(added)}")
    if not lost and says_another_state(original, variation):
        found.append("says another state of the eyes")
    if is_duplicate(variation, others):
        found.append("same as another variation")
    if is_too_long(variation):
        found.append(f"{len(words(variation))} words, CLIP reads about {MAX_WORDS}")
    return tuple(found)
