"""Values as the page says them; every text that is not ours passes `visible`."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from markupsafe import Markup

from contracts.envelope import ErrorInfo
from orch.app.src import visible_text
from orch.app.src.errors import line
from orch.app.src.report import FaceReport, PlannedEye


def visible(value: Any) -> Any:
    """A text as `visible_text` makes it, all else as it is. Escaping for HTML is the template's."""
    return visible_text.visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def number(value: float | None, digits: int) -> str:
    """Rounded, "-" where there is none."""
    if value is None:
        return "–"
    text = f"{value:.{digits}f}"
    return text.lstrip("-") if float(text) == 0 else text


def seconds(value: float) -> str:
    """ "0.42 s", "7.1 s", "125 s" or "1 h 5 min"."""
    if value >= 3600:
        return f"{value // 3600:.0f} h {value % 3600 // 60:.0f} min"
    return f"{value:.{2 if value < 1 else 1 if value < 60 else 0}f} s"


def moment(iso: str) -> str:
    """A date and time of day: "2026-02-07 14:30"."""
    return datetime.fromisoformat(iso).strftime("%Y-%m-%d %H:%M")


def eyes(face: FaceReport) -> str:
    """Both eyes as they were found: "both eyes closed", "left eye open; right eye undetermined: downcast"."""
    left, right = _eye(face.left_eye), _eye(face.right_eye)
    return f"both eyes {left}" if left == right else f"left eye {left}; right eye {right}"


def _eye(eye: PlannedEye) -> str:
    state = eye.numbers.state
    if eye.to_open or state == "open" or eye.reason == state:
        return state
    return eye.reason if eye.reason.startswith(state) else f"{state}, {eye.reason}"


def words(name: str) -> str:
    """A name of the report as words: not_checked, not checked."""
    return name.replace("_", " ")


def slug(state: str) -> str:
    """A state as a name in HTML."""
    return re.sub(r"\W+", "-", state)


def error(info: ErrorInfo) -> str:
    return line(info)


def recompression(measured: dict[str, float]) -> str:
    """What lossy encoding changed, from the report's figures."""
    return (
        f"encoding changed other pixels by {measured['mean_levels']:.2f} levels on average, "
        f"{measured['max_levels']:.0f} at most"
    )
