"""A recipe: what an environment holds, read strictly from `<stage>/environments/<name>.json`.

    {"summary": "...",
     "python": [[3, 10], [3, 13]],
     "steps": [{"requirements": ["numpy==2.2.6; python_version < '3.11'", ...],
                "flags": ["--no-deps"], "environment": {"CMAKE_ARGS": "..."}, "compiled": true}],
     "imports": ["numpy"]}

Steps are installed in their order; markers are evaluated by the installer. The wheel of a step that is
"compiled" is kept, see `environments.wheels`. In the values of "environment", {ggml_cpu} stands for the
options that suit this machine's processor, {checkout} for the project's folder.

With "extends", a recipe's file relative to the checkout, it adds its steps and imports to another recipe
and takes its Python versions over.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from environments import EnvironmentBroken
from environments.cpu import ggml_options
from environments.places import CHECKOUT

_CPU = "{ggml_cpu}"
_HERE = "{checkout}"
_NEEDED = {"python", "steps", "imports"}

Version = tuple[int, int]


@dataclass(frozen=True)
class Step:
    """One call of the installer. flags: given to it as they are. environment: set only for it.

    compiled: what the wheel depends on besides its requirement, "" where nothing is compiled.
    """

    requirements: tuple[str, ...]
    flags: tuple[str, ...] = ()
    environment: tuple[tuple[str, str], ...] = ()
    compiled: str = ""


@dataclass(frozen=True)
class Recipe:
    """What an environment holds.

    Attributes:
        imports: modules of the health check.
        python: first and last minor version that it works with.
        content: all that makes it different from other recipes, as canonical JSON.
    """

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
    document = _read(path)
    try:
        if isinstance(document, dict) and "extends" in document:
            document = _extended(document)
        return parse_recipe(name, document)
    except ValueError as error:
        raise EnvironmentBroken(f"{path} is not a recipe: {error}") from error


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise EnvironmentBroken(f"cannot read the recipe {path}: {error}") from error


def _extended(document: dict[str, Any]) -> dict[str, Any]:
    """The recipe that a document and the one it extends are together."""
    own = _fields(document, "a recipe that extends another", {"extends", "steps", "imports"}, {"summary"})
    if not isinstance(own["extends"], str):
        raise ValueError(f"extends: expected the file of a recipe, got {own['extends']!r}")
    base = _read(CHECKOUT / own["extends"])
    if isinstance(base, dict) and "extends" in base:
        base = _extended(base)
    base = _fields(base, own["extends"], _NEEDED, {"summary"})
    return {
        "python": base["python"],
        "steps": _list(base["steps"], "steps") + _list(own["steps"], "steps"),
        "imports": _list(base["imports"], "imports") + _list(own["imports"], "imports"),
    }


def parse_recipe(name: str, document: Any) -> Recipe:
    """A recipe from its decoded JSON.

    Raises:
        ValueError: it is none; the message says where.
    """
    fields = _fields(document, "a recipe", _NEEDED, {"summary"})
    content = {key: document[key] for key in ("python", "steps", "imports")}
    return Recipe(
        name,
        tuple(_step(step) for step in _list(fields["steps"], "steps")),
        _texts(fields["imports"], "imports"),
        _range(fields["python"]),
        _for_this_cpu(json.dumps(content, sort_keys=True)),
    )


def _step(document: Any) -> Step:
    fields = _fields(document, "a step", {"requirements"}, {"flags", "environment", "compiled"})
    variables = fields.get("environment", {})
    if not isinstance(variables, dict):
        raise ValueError("environment: expected an object")
    _texts(list(variables.values()), "environment")
    compiled = fields.get("compiled", False)
    if not isinstance(compiled, bool):
        raise ValueError(f"compiled: expected true or false, got {compiled!r}")
    settled = {name: _for_this_cpu(value) for name, value in variables.items()}
    return Step(
        _texts(fields["requirements"], "requirements"),
        _texts(fields.get("flags", []), "flags"),
        tuple(sorted((name, value.replace(_HERE, str(CHECKOUT))) for name, value in settled.items())),
        json.dumps(settled, sort_keys=True) if compiled else "",
    )


def _for_this_cpu(text: str) -> str:
    return text.replace(_CPU, ggml_options()) if _CPU in text else text


def _range(value: Any) -> tuple[Version, Version]:
    match value:
        case [[int(), int()] as first, [int(), int()] as last]:
            return (first[0], first[1]), (last[0], last[1])
    raise ValueError(f"python: expected the first and the last version, got {value!r}")


def _fields(document: Any, what: str, needed: set[str], optional: set[str]) -> dict[str, Any]:
    if not isinstance(document, dict):
        raise ValueError(f"{what} is an object, got {document!r}")
    if missing := needed - set(document):
        raise ValueError(f"{what} lacks {', '.join(sorted(missing))}")
    if unknown := set(document) - needed - optional:
        raise ValueError(f"unknown keys in {what}: {', '.join(sorted(unknown))}")
    return document


def _list(value: Any, where: str) -> list[Any]:
    if not isinstance(value, list):
        raise ValueError(f"{where}: expected a list")
    return value


def _texts(value: Any, where: str) -> tuple[str, ...]:
    if not (isinstance(value, list) and all(isinstance(element, str) for element in value)):
        raise ValueError(f"{where}: expected a list of texts, got {value!r}")
    return tuple(value)
