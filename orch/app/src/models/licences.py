"""Licences of weights: shown, accepted once, remembered."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from datetime import date
from pathlib import Path

from contracts.error_codes import ErrorCode, StageError
from contracts.exit_codes import ExitCode
from contracts.files import read_json, write_json
from orch.app.src.models.catalogue import StageModel

RECORD = "licences.json"

Ask = Callable[[str], bool]
"""Shows a question and says whether the answer was yes."""


def licence_line(model: StageModel) -> str:
    """Licence, whether it allows commercial use, and where its text is."""
    entry = model.entry
    use = "commercial use allowed" if entry.commercial_use else "NON-COMMERCIAL USE ONLY"
    return f"{entry.licence}, {use}" + (f", {entry.licence_url}" if entry.licence_url else "")


def ensure_accepted(models: Iterable[StageModel], store: Path, accept: bool, ask: Ask | None = None) -> None:
    """Return when the licences of all models were accepted, now or before; remembers those of now.

    Args:
        accept: the person said --accept-license.
        ask: None asks at the terminal where there is one, and refuses where there is none.

    Raises:
        StageError: LICENCE_REFUSED; BAD_REQUEST where the record of those before cannot be read.
    """
    record = store / RECORD
    accepted = _accepted(record)
    new = {model.entry.licence: model for model in models if model.entry.licence not in accepted}
    for licence, model in new.items():
        print(f"licence of {model.name}: {licence_line(model)}")
        if not accept and not (ask or _at_the_terminal)(f"accept {licence}? [y/N] "):
            raise StageError(
                ErrorCode.LICENCE_REFUSED,
                f"the licence of {model.name} was not accepted; nothing was fetched",
                "read it, then add --accept-license",
                ExitCode.USAGE,
            )
        accepted[licence] = date.today().isoformat()
    if new:
        write_json(record, accepted, lasting=True)


def _accepted(record: Path) -> dict[str, str]:
    """Licence -> day on which it was accepted."""
    if not record.is_file():
        return {}
    hint = "remove it; you are asked again then"
    try:
        accepted = read_json(record)
    except StageError as error:
        error.hint = hint
        raise
    if not isinstance(accepted, dict):
        reason = f"{record} is no record of accepted licences"
        raise StageError(ErrorCode.BAD_REQUEST, reason, hint, ExitCode.USAGE)
    return accepted


def _at_the_terminal(question: str) -> bool:
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return False
    return input(question).strip().lower() in ("y", "yes")
