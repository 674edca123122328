"""Whether an eye was opened, by the judges' votes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

Evidence = Mapping[str, float | None]
"""Judge -> what it measured; None where it saw nothing."""


@dataclass(frozen=True)
class Judge:
    """Open where the value passes; a change below `step` is no opening but a value that wavers."""

    is_open: Callable[[float], bool]
    step: float


BLINK, ASPECT_RATIO, APPEARANCE = "blink", "aspect ratio", "appearance"
JUDGES = {
    BLINK: Judge(lambda value: value < 0.35, -0.15),
    ASPECT_RATIO: Judge(lambda value: value > 0.20, 0.03),
    APPEARANCE: Judge(lambda value: value > 0.5, 0.1),
}
"""MediaPipe's blink, dlib's aspect ratio, and the classifier of gradients; the first two cuts were measured
on 88 labelled faces."""


def votes(before: Evidence, after: Evidence) -> dict[str, bool]:
    """Whether each judge says "opened". Who took the eye for open before has no vote, unless all did."""
    seen = [name for name in JUDGES if before.get(name) is not None and after.get(name) is not None]
    saw_closed = [name for name in seen if not JUDGES[name].is_open(before[name] or 0.0)]
    if not saw_closed:
        return {name: JUDGES[name].is_open(after[name] or 0.0) for name in seen}
    return {name: _opened(JUDGES[name], before[name] or 0.0, after[name] or 0.0) for name in saw_closed}


def opened(before: Evidence, after: Evidence) -> bool:
    """Most say so, and the eye looks open: landmarks alone pass half of all smears."""
    cast = votes(before, after)
    look = after.get(APPEARANCE)
    return sum(cast.values()) * 2 > len(cast) and (look is None or JUDGES[APPEARANCE].is_open(look))


def closed(evidence: Evidence) -> bool:
    """Both of the judges that err least see the eye and take it for closed."""
    values = {name: evidence.get(name) for name in (BLINK, APPEARANCE)}
    return all(value is not None and not JUDGES[name].is_open(value) for name, value in values.items())


def _opened(judge: Judge, before: float, after: float) -> bool:
    moved = after - before
    return judge.is_open(after) and (moved >= judge.step if judge.step > 0 else moved <= judge.step)
