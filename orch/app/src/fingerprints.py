"""Short words for long things, equal exactly where the things are: settings, code, weights."""

from __future__ import annotations

import functools
import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from environments.places import CHECKOUT

FACE_CODE = ("contracts", "imaging", "face/app", "face/environments")
"""What decides what is seen in a photo: code, and the versions of the libraries that it uses."""
ALL_CODE = (
    *FACE_CODE,
    *(
        f"{stage}/{part}"
        for stage in ("crop", "gen", "blend", "res", "preenh", "orch")
        for part in ("app", "environments")
    ),
)
"""What decides what a finished picture looks like."""
_LEFTOVERS = (".pyc", "~")
"""Ends of names of files that programs leave; editors also leave hidden ones."""

NO_MATTER = {"processing": ("log_format", "verbose", "debug", "workers"), "input": ("image_path",)}
"""Settings that change no output, by section."""


def fingerprint(value: Any) -> str:
    """Hex digest of a JSON value."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=True, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def code_fingerprint(folders: Sequence[str]) -> str:
    """Of all files below folders of the checkout: code, and the weights and tables beside it."""
    return fingerprint([(folder, _folder_digest(folder)) for folder in folders])


@functools.cache
def _folder_digest(folder: str) -> str:
    digest = hashlib.sha256()
    for place, below, names in os.walk(CHECKOUT / folder):
        below[:] = sorted(name for name in below if name != "__pycache__" and not name.startswith("."))
        inside = os.path.relpath(place, CHECKOUT).replace(os.sep, "/")
        for name in sorted(names):
            if name.startswith(".") or name.endswith(_LEFTOVERS):
                continue
            with open(os.path.join(place, name), "rb", buffering=0) as file:  # noqa: PTH118 - pathlib doubles the time
                content = file.read()
            digest.update(f"{inside}/{name}\0{len(content)}\0".encode())
            digest.update(content)
    return digest.hexdigest()


def weights_fingerprint(weights: Mapping[str, Path]) -> list[tuple[str, str, int, int]]:
    """Of weights outside of the checkout, as JSON: too big to be read for it, so by size and time."""
    found = []
    for name, path in sorted(weights.items()):
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.is_file():
                stat = file.stat()
                found.append((name, str(file), stat.st_size, stat.st_mtime_ns))
    return found


def settings_that_matter(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings without those that change no output."""
    return {
        section: {k: v for k, v in value.items() if k not in NO_MATTER.get(section, ())}
        if isinstance(value, Mapping)
        else value
        for section, value in settings.items()
    }
