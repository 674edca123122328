"""Texts that are not ours, as they may be shown."""

from __future__ import annotations

import unicodedata

_JOINERS = "\u200c\u200d"
"""Invisible, but part of words and emoji."""


def visible(text: str) -> str:
    """A text with its control characters and those that change the direction of writing spelt out.

    A file name may hold a newline, move the cursor of a terminal, or show "gpj.exe" backwards.
    """
    if text.isascii() and text.isprintable():  # a picture as text: a million characters
        return text
    return "".join(map(_spelt, text))


def _spelt(char: str) -> str:
    if char == "\n":
        return "\\n"
    hidden = unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp") and char not in _JOINERS
    return f"\\u{ord(char):04x}" if hidden else char
