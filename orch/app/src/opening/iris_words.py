"""The iris colour that a prompt names.

Only words that belong to eyes count: "blue eyes", "deep green iris", "eyes of warm brown"; not
"blue shirt, open eyes". Colours behind "no", "not" or "without" are not wishes.
"""

from __future__ import annotations

import re

COLOUR_WORDS: dict[str, str] = {
    "dark brown": "dark",
    "brown": "brown",
    "chestnut": "brown",
    "dark": "dark",
    "black": "dark",
    "hazel": "hazel",
    "green": "green",
    "emerald": "green",
    "blue": "blue",
    "grey": "grey",
    "gray": "grey",
    "amber": "amber",
}
"""Words in prompts -> the names of `contracts.gen.IrisColour`."""

_COLOUR = "|".join(COLOUR_WORDS)
_EYE = r"(?:eyes?|eyed|iris(?:es)?|irides)"
_PATTERN = re.compile(
    rf"(?P<no>\b(?:no|not|without|never)\s+(?:\w+\s+)?)?"
    rf"(?:\b(?P<before>{_COLOUR})[\s-]+(?:\w+\s+){{0,2}}{_EYE}\b"
    rf"|\b{_EYE}\s+(?:are\s+|in\s+|of\s+)(?:\w+\s+)?(?P<after>{_COLOUR})\b)",
    re.IGNORECASE,
)


def iris_colour_named(prompt: str) -> str | None:
    """Name of the first iris colour wished for in a prompt, None where there is none."""
    for match in _PATTERN.finditer(prompt):
        if not match["no"]:
            return COLOUR_WORDS[(match["before"] or match["after"]).lower()]
    return None
