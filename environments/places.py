"""Where environments live: OTE_VENVS, else `.venvs` in the checkout, else the user's cache."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from environments import EnvironmentBroken

CHECKOUT = Path(__file__).resolve().parent.parent
VARIABLE = "OTE_VENVS"


def searched_folders() -> tuple[Path, ...]:
    """Folders in which a finished environment may be; they need not exist.

    `.venvs` is searched also where nothing can be written to it: an image or a system-wide copy may
    have been set up ahead.
    """
    named = _named()
    if named:
        return (named,)
    cache = _cached()
    return (_inside(), cache) if cache else (_inside(),)


def building_folder() -> Path:
    """The folder in which a new environment is made; not made here.

    A checkout that cannot be written to keeps its environments in the user's cache.

    Raises:
        EnvironmentBroken: the user has no cache folder either.
    """
    named = _named()
    if named:
        return named
    inside = _inside()
    if writable(inside if inside.is_dir() else CHECKOUT):
        return inside
    cache = _cached()
    if cache is None:
        raise EnvironmentBroken(
            f"{CHECKOUT} cannot be written to, and this user has no home folder",
            f"name a folder for environments in {VARIABLE}",
        )
    return cache


def wheels_folder() -> Path:
    """Where wheels that were compiled here are kept for every clone; need not exist.

    Raises:
        EnvironmentBroken: neither the user's cache nor the folder of environments can be had.
    """
    cache = _cached()
    return cache.parent / "wheels" if cache else building_folder() / "wheels"


def writable(folder: Path) -> bool:
    """Whether a file can be made in a folder; asked of the file system, since root passes every mode bit."""
    import tempfile

    try:
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def in_home(path: str) -> Path | None:
    """A path with its tilde expanded; None where it has one and this user has no home folder."""
    try:
        return Path(path).expanduser()
    except RuntimeError:
        return None


def _named() -> Path | None:
    named = os.environ.get(VARIABLE)
    if not named:
        return None
    expanded = in_home(named)
    return expanded.absolute() if expanded else None


def _inside() -> Path:
    return CHECKOUT / ".venvs"


def _cached() -> Path | None:
    """Environments in the user's cache; None for a user without a home (services, containers)."""
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or "~/AppData/Local"
    elif sys.platform == "darwin":
        base = "~/Library/Caches"
    else:
        base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return in_home(f"{base}/open-the-eyes/venvs")
