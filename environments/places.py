"""Where environments live: OTE_VENVS, else `.venvs` in the checkout, else the user's cache."""

from __future__ import annotations

import os
import sys
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
VARIABLE = "OTE_VENVS"


def environments_folder() -> Path:
    """The folder of all environments; not made here.

    A checkout that cannot be written to (a read-only medium, a system-wide copy) keeps its
    environments in the user's cache.
    """
    named = os.environ.get(VARIABLE)
    if named:
        return Path(named).expanduser().absolute()
    inside = CHECKOUT / ".venvs"
    if inside.is_dir() and os.access(inside, os.W_OK | os.X_OK):
        return inside
    if not inside.exists() and writable(CHECKOUT):
        return inside
    return user_cache() / "venvs"


def writable(folder: Path) -> bool:
    """Whether a file can be made in a folder; asked of the file system, since root passes every mode bit."""
    import tempfile

    try:
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def user_cache() -> Path:
    """The user's cache folder of this project."""
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local"))
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
    return base / "open-the-eyes"
