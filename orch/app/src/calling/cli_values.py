"""What the values of options look like; for `argparse`, which tells a person what is wrong with one."""

from __future__ import annotations

import argparse
from datetime import datetime

from orch.app.src.calling.options import MOST_VARIATIONS
from orch.app.src.inputs.filters import moment
from orch.app.src.stage_registry import STAGES


def variations(text: str) -> int:
    """A number of variations."""
    if not text.isdecimal() or int(text) > MOST_VARIATIONS:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 0 to {MOST_VARIATIONS}")
    return int(text)


def indices(text: str) -> frozenset[int]:
    """Faces: "0,2"."""
    try:
        numbers = frozenset(int(part) for part in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a list of numbers like 0,2") from None
    if min(numbers) < 0:
        raise argparse.ArgumentTypeError("faces are numbered from 0, left to right")
    return numbers


def positive(text: str) -> int:
    """A number from 1 on."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 on")
    return int(text)


def workers(text: str) -> int | dict[str, int]:
    """Processes of every stage, "4", or of those that are named, "face=2,gen=1"."""
    if text.isdecimal():
        return positive(text)
    named: dict[str, int] = {}
    for part in text.split(","):
        stage, equals, number = part.partition("=")
        if not equals or stage not in STAGES:
            raise argparse.ArgumentTypeError(
                f"{text!r} is neither a number nor like face=2,gen=1; stages: {', '.join(STAGES)}"
            )
        named[stage] = positive(number)
    return named


def since(text: str) -> str:
    """A date, a date and time, or an age."""
    try:
        moment(text, datetime.now())
    except (ValueError, OverflowError):
        message = f"{text!r} is no date (2026-11-01), time (2026-11-01T18:30) or age (90m, 12h, 3d, 2w)"
        raise argparse.ArgumentTypeError(message) from None
    return text
