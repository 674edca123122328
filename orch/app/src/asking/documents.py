"""Documents that stages wrote, read back strictly."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, TypeVar

from contracts.codec import from_dict

T = TypeVar("T")


def read_json(path: Path) -> Any:
    """Decode a JSON file."""
    return json.loads(path.read_text(encoding="utf-8"))


def read_document(cls: type[T], path: Path) -> T:
    """A contract document; ContractError names what does not fit."""
    return from_dict(cls, read_json(path), path.name)
