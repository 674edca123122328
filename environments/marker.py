"""The marker of a finished environment: written last, read by whoever wants to use it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

MARKER = "ready.json"


@dataclass(frozen=True)
class Marker:
    """keys, recipes: keys and canonical contents of the recipes that the environment serves."""

    keys: tuple[str, ...]
    recipes: tuple[str, ...]


def read_marker(folder: Path) -> Marker | None:
    """The marker in a folder, None where it is no finished environment."""
    try:
        document = json.loads((folder / MARKER).read_text(encoding="utf-8"))
        return Marker(tuple(document["keys"]), tuple(document["recipes"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
