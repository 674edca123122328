"""Paths as a person types them."""

from __future__ import annotations

from pathlib import Path

from environments.places import in_home


def from_home(path: str | Path) -> Path:
    """A path with its tilde expanded; one that names nobody is part of the name, as in a shell."""
    return in_home(str(path)) or Path(path)
