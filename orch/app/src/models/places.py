"""Where weights lie: OTE_MODELS, else `models` in the checkout, else the user's data folder."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from contracts.error_codes import ErrorCode, StageError
from contracts.exit_codes import ExitCode
from environments.places import CHECKOUT, in_home, writable

VARIABLE = "OTE_MODELS"


def searched_folders(environ: Mapping[str, str], checkout: Path = CHECKOUT) -> tuple[Path, ...]:
    """Folders in which weights may be, the one that wins first; they need not exist.

    `models` in the checkout is searched also where nothing can be written to it: an image may carry it.
    """
    if environ.get(VARIABLE):
        return (_named(environ[VARIABLE]),)
    of_user = _of_user(environ)
    return (checkout / "models", *([of_user] if of_user else []))


def written_folder(environ: Mapping[str, str], checkout: Path = CHECKOUT) -> Path:
    """The folder that new weights go to; not made here.

    Raises:
        StageError: OUTPUT_NOT_WRITABLE where the checkout is read-only and the user has no home.
    """
    if environ.get(VARIABLE):
        return _named(environ[VARIABLE])
    inside = checkout / "models"
    if writable(inside if inside.is_dir() else checkout):
        return inside
    of_user = _of_user(environ)
    if of_user is None:
        raise StageError(
            ErrorCode.OUTPUT_NOT_WRITABLE,
            f"{checkout} cannot be written to, and this user has no home folder",
            f"name a folder for weights in {VARIABLE}",
            ExitCode.RESOURCE,
        )
    return of_user


def _named(value: str) -> Path:
    return (in_home(value) or Path(value)).absolute()


def _of_user(environ: Mapping[str, str]) -> Path | None:
    if sys.platform == "win32":
        base = environ.get("LOCALAPPDATA") or "~/AppData/Local"
    elif sys.platform == "darwin":
        base = "~/Library/Application Support"
    else:
        base = environ.get("XDG_DATA_HOME") or "~/.local/share"
    return in_home(f"{base}/open-the-eyes/models")
