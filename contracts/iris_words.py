"""The iris colour that a prompt names, and prompts in another one.

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
_WORDS = {"dark": "dark brown"}
"""Names that are no words for eyes by themselves."""

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


def in_colour(prompt: str, colour: str) -> str:
    """The prompt with that iris colour in place of those that it wishes for, or added; "" stays "".

    Args:
        colour: a name of `contracts.gen.IrisColour`.
    """
    word = _WORDS.get(colour, colour)

    def other(match: re.Match[str]) -> str:
        named: str = match["before"] or match["after"]
        new = word.capitalize() if named[0].isupper() else word
        return match[0] if match["no"] else match[0].replace(named, new, 1)

    changed = _PATTERN.sub(other, prompt)
    return changed if not prompt or iris_colour_named(changed) else f"{changed}, {word} eyes"


def not_against(negative_prompt: str, colour: str) -> str:
    """A negative prompt without its parts, between commas, that name eyes of that colour."""
    parts = negative_prompt.split(",")
    return ",".join(part for part in parts if iris_colour_named(part) != colour).strip()
