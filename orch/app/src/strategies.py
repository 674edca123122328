"""Which ways of painting are tried for a face, in which order, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from contracts.error_codes import ErrorCode, StageError
from contracts.exit_codes import ExitCode
from contracts.face import Face, Side

AUTO = "auto"
SDXL_MODELS = ("sdxl", "sdxl-turbo")
"""Values of `generation.model`, and strategies, that the backend gen/sdxl paints; embedded does the rest."""


@dataclass(frozen=True)
class Chain:
    """names: strategies in the order to try them; reason: one line for the person."""

    names: tuple[str, ...]
    reason: str


def backend_of(strategy: str) -> str:
    """The gen stage's backend that has a strategy."""
    return "sdxl" if strategy in SDXL_MODELS else "embedded"


def choose(
    model: str, face: Face, eyes_to_open: Sequence[Side], donor: str = "", sdxl: bool = False
) -> Chain:
    """The chain for one face.

    Args:
        model: `generation.model`; "auto" chooses, anything else is asked for exactly.
        donor: why there is a donor for this face, "" where there is none.
        sdxl: whether the backend for it was chosen for this run.
    """
    if model != AUTO:
        return Chain((model,), f"{model}, as asked for")
    names, reasons = [], []
    if donor:
        names.append("donor")
        reasons.append(f"donor first, {donor}")
    if sdxl:
        names.append("sdxl")
        reasons.append("sdxl, since its weights and a GPU are there")
    other_open = [s for s in ("left", "right") if s not in eyes_to_open and face.eye(s).state == "open"]
    if len(eyes_to_open) == 1 and other_open:
        names.append("mirror")
        reasons.append("mirror, since the other eye is open")
    names.append("lid_lift")
    reasons.append("lid_lift" if reasons else "lid_lift, since there is no donor and no open eye")
    return Chain(tuple(names), "auto: " + "; then ".join(reasons))


def validate(model: str, donor: bool) -> None:
    """Refuse what cannot work before the first photo is touched.

    Raises:
        StageError: BAD_ARGUMENTS.
    """
    if model == "donor" and not donor:
        raise StageError(
            ErrorCode.BAD_ARGUMENTS,
            "generation.model 'donor' needs a photo of the same people with open eyes",
            "give one with --donor PHOTO or --donor FOLDER, or let the run look for donors in several photos",
            ExitCode.USAGE,
        )
