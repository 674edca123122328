"""The environments that are there: found by their key, built once, whole or not at all.

Building happens in a temporary folder beside the final one. Only after the health check is a marker
written and the folder renamed; what a killed build left behind is removed by the next one. A virtual
environment survives the rename because only `python -m` is used of it, never its scripts.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from environments import EnvironmentBroken
from environments.commands import Run, python_in, run
from environments.interpreters import Interpreter, for_recipe
from environments.key import environment_key
from environments.lock import locked
from environments.marker import MARKER, read_marker
from environments.places import VARIABLE, building_folder, searched_folders
from environments.progress import Say, say, step
from environments.recipe import Recipe, Step, read_recipe

SINGLE = "single"
BUILDING = ".building-"

T = TypeVar("T")


def is_ready(stage_folder: Path, recipe_name: str) -> bool:
    """Whether the environment of a recipe is there; never builds."""
    return ready_python(stage_folder, recipe_name) is not None


def ready_python(stage_folder: Path, recipe_name: str) -> Path | None:
    """The interpreter of a recipe's environment, None where it has to be built first.

    Raises:
        EnvironmentBroken: there is no such recipe, or no interpreter that it works with.
    """
    recipe = read_recipe(stage_folder, recipe_name)
    return _find(environment_key(recipe, for_recipe(recipe)))


def environment_python(stage_folder: Path, recipe_name: str, *, tell: Say = say, execute: Run = run) -> Path:
    """The interpreter of a recipe's environment; builds it where it is missing.

    Raises:
        EnvironmentBroken: it cannot be built.
    """
    recipe = read_recipe(stage_folder, recipe_name)
    interpreter = for_recipe(recipe)
    key = environment_key(recipe, interpreter)
    return _find(key) or _made(_Plan(key, recipe, interpreter, (recipe,)), tell, execute)


def single_python(recipes: Sequence[Recipe], *, tell: Say = say, execute: Run = run) -> Path:
    """The interpreter of one environment that serves several recipes; builds it where it is missing.

    Recipes that name another version of a package cannot be together; the installer says so.

    Raises:
        EnvironmentBroken: it cannot be built.
    """
    first = max(recipe.python[0] for recipe in recipes)
    last = min(recipe.python[1] for recipe in recipes)
    plain = [step for recipe in recipes for step in recipe.steps if not (step.flags or step.environment)]
    special = [step for recipe in recipes for step in recipe.steps if step.flags or step.environment]
    together = Step(_without_doubles(r for step in plain for r in step.requirements))
    recipe = Recipe(
        "for everything",
        (together, *_without_doubles(special)),
        _without_doubles(module for recipe in recipes for module in recipe.imports),
        (first, last),
        json.dumps([recipe.content for recipe in recipes]),
    )
    return _made(_Plan(SINGLE, recipe, for_recipe(recipe), tuple(recipes)), tell, execute)


def _without_doubles(values: Iterable[T]) -> tuple[T, ...]:
    return tuple(dict.fromkeys(values))


@dataclass(frozen=True)
class _Plan:
    """An environment to be made: its folder's name, what goes in, and the recipes that it then serves."""

    name: str
    recipe: Recipe
    interpreter: Interpreter
    serves: tuple[Recipe, ...]

    def keys(self) -> list[str]:
        return [environment_key(recipe, self.interpreter) for recipe in self.serves]


def _find(key: str) -> Path | None:
    """The interpreter of the finished environment with this key."""
    for folder in searched_folders():
        for candidate in (folder / key, folder / SINGLE):
            if _serves(candidate, [key]):
                return python_in(candidate)
    return None


def _serves(folder: Path, keys: Sequence[str]) -> bool:
    """Whether a finished environment is there; its interpreter is gone when the base was removed."""
    marker = read_marker(folder)
    return marker is not None and set(keys) <= set(marker.keys) and python_in(folder).exists()


def _made(plan: _Plan, tell: Say, execute: Run) -> Path:
    folder = building_folder()
    final = folder / plan.name
    try:
        folder.mkdir(parents=True, exist_ok=True)
        what = f"making the environment {plan.recipe.name}"
        with locked(folder / f".lock-{plan.name}", lambda: tell(f"another process is {what}; waiting ...")):
            if not _serves(final, plan.keys()):
                with step(what, tell):
                    _build(plan, final, tell, execute)
    except OSError as error:
        raise EnvironmentBroken(
            f"cannot make the environment {plan.recipe.name} in {folder}: {error.strerror or error}",
            f"free some space, or name another folder in {VARIABLE}",
        ) from error
    return python_in(final)


def _build(plan: _Plan, final: Path, tell: Say, execute: Run) -> None:
    from environments.installer import build  # every command looks for environments, few build any

    with _temporary(final) as folder:
        build(plan.recipe, plan.interpreter, folder, final.parent / "tools", tell, execute)
        _check(plan.recipe, folder, execute)
        marker = {
            "keys": plan.keys(),
            "recipes": [recipe.content for recipe in plan.serves],
            "python": plan.interpreter.executable,
        }
        (folder / MARKER).write_text(json.dumps(marker, indent=1), encoding="utf-8")
        if final.exists():
            shutil.rmtree(final)
        os.replace(folder, final)


@contextlib.contextmanager
def _temporary(final: Path) -> Iterator[Path]:
    """A name beside the final folder; removed afterwards, and so is what killed builds left there."""
    for left in final.parent.glob(f"{BUILDING}{final.name}-*"):
        shutil.rmtree(left, ignore_errors=True)
    folder = final.parent / f"{BUILDING}{final.name}-{os.getpid()}"
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _check(recipe: Recipe, folder: Path, execute: Run) -> None:
    """Health check: what the recipe promises can be imported.

    It leaves the byte code of what it imports, also for those who may not write here later.
    """
    imports = "; ".join(f"import {module}" for module in recipe.imports)
    outcome = execute([str(python_in(folder)), "-I", "-c", imports], {})
    if not outcome.ok:
        raise EnvironmentBroken(
            f"the environment {recipe.name} was made but does not work: {outcome.reason()}",
            "please report this line",
        )
