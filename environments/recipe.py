"""A recipe: what an environment holds, read strictly from `<stage>/environments/<name>.json`.

    {"summary": "...",
     "python": [[3, 10], [3, 13]],
     "steps": [{"requirements": ["numpy==2.2.6; python_version < '3.11'", ...],
                "flags": ["--no-deps"], "environment": {"CMAKE_ARGS": "..."}}],
     "imports": ["numpy"]}

Steps are installed in their order; markers are evaluated by the installer.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from environments import EnvironmentBroken

Version = tuple[int, int]


@dataclass(frozen=True)
class Step:
    """One call of the installer. flags: given to it as they are. environment: set only for it."""

    requirements: tuple[str, ...]
    flags: tuple[str, ...] = ()
    environment: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Recipe:
    """python: first and last minor version that it works with. imports: modules of the health check."""

    name: str
    steps: tuple[Step, ...]
    imports: tuple[str, ...]
    python: tuple[Version, Version]
    content: str

    def supports(self, version: Version) -> bool:
        return self.python[0] <= version <= self.python[1]


def read_recipe(stage_folder: Path, name: str) -> Recipe:
    """Read `<stage_folder>/environments/<name>.json`.

    Raises:
        EnvironmentBroken: no such recipe, or it is not one.
    """
    path = stage_folder / "environments" / f"{name}.json"
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise EnvironmentBroken(f"cannot read the recipe {path}: {error}") from error
    try:
        return parse_recipe(name, document)
    except (KeyError, TypeError, ValueError) as error:
        raise EnvironmentBroken(f"{path} is not a recipe: {error}") from error


def parse_recipe(name: str, document: Any) -> Recipe:
    """A recipe from its decoded JSON. Raises KeyError, TypeError or ValueError where it is none."""
    if not isinstance(document, dict):
        raise TypeError("expected an object")
    unknown = set(document) - {"summary", "python", "steps", "imports"}
    if unknown:
        raise ValueError(f"unknown keys: {', '.join(sorted(map(str, unknown)))}")
    first, last = ((int(major), int(minor)) for major, minor in document["python"])
    steps = tuple(_parse_step(step) for step in document["steps"])
    imports = tuple(_text(module) for module in document["imports"])
    content = {k: document[k] for k in ("python", "steps", "imports")}
    return Recipe(name, steps, imports, (first, last), json.dumps(content, sort_keys=True))


def _parse_step(document: Any) -> Step:
    if not isinstance(document, dict):
        raise TypeError("a step is an object")
    unknown = set(document) - {"requirements", "flags", "environment"}
    if unknown:
        raise ValueError(f"unknown keys in a step: {', '.join(sorted(map(str, unknown)))}")
    variables = document.get("environment", {})
    return Step(
        tuple(_text(r) for r in document["requirements"]),
        tuple(_text(f) for f in document.get("flags", [])),
        tuple(sorted((_text(k), _text(v)) for k, v in variables.items())),
    )


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"expected text, got {value!r}")
    return value
