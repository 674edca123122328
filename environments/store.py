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
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from environments import EnvironmentBroken
from environments.installer import Run, build, python_in, run
from environments.interpreters import Interpreter, for_recipe
from environments.key import environment_key
from environments.places import environments_folder
from environments.progress import Say, say, step
from environments.recipe import Recipe, read_recipe

MARKER = "ready.json"
SINGLE = "single"
BUILDING = ".building-"


def is_ready(stage_folder: Path, recipe_name: str) -> bool:
    """Whether the environment of a recipe is there; never builds."""
    recipe = read_recipe(stage_folder, recipe_name)
    return _find(environment_key(recipe, for_recipe(recipe), "cpu")) is not None


def environment_python(stage_folder: Path, recipe_name: str, *, tell: Say = say, execute: Run = run) -> Path:
    """The interpreter of a recipe's environment; builds it where it is missing.

    Raises:
        EnvironmentBroken: it cannot be built.
    """
    recipe = read_recipe(stage_folder, recipe_name)
    interpreter = for_recipe(recipe)
    key = environment_key(recipe, interpreter, "cpu")
    found = _find(key)
    if found:
        return python_in(found)
    folder = environments_folder()
    with _locked(folder, key, tell):
        found = _find(key)
        if found is None:
            found = folder / key
            with step(f"making the environment {recipe.name}", tell):
                _build(recipe, interpreter, found, [key], tell, execute)
    return python_in(found)


def build_single(recipes: Sequence[Recipe], *, tell: Say = say, execute: Run = run) -> Path:
    """One environment for several recipes, as an alternative to one each."""
    interpreter = for_recipe(recipes[0])
    keys = [environment_key(recipe, interpreter, "cpu") for recipe in recipes]
    together = Recipe(
        SINGLE,
        tuple(dict.fromkeys(s for recipe in recipes for s in recipe.steps)),
        tuple(dict.fromkeys(i for recipe in recipes for i in recipe.imports)),
        recipes[0].python,
        json.dumps([recipe.content for recipe in recipes]),
    )
    folder = environments_folder()
    with _locked(folder, SINGLE, tell), step("making one environment for everything", tell):
        _build(together, interpreter, folder / SINGLE, keys, tell, execute)
    return python_in(folder / SINGLE)


def keys_of(folder: Path) -> tuple[str, ...]:
    """The keys that a finished environment serves; () where it is not one."""
    try:
        return tuple(json.loads((folder / MARKER).read_text(encoding="utf-8"))["keys"])
    except (OSError, ValueError, KeyError, TypeError):
        return ()


def _find(key: str) -> Path | None:
    """The folder of a finished environment. Its interpreter may be gone when the base was removed."""
    folder = environments_folder()
    for candidate in (folder / key, folder / SINGLE):
        if key in keys_of(candidate) and python_in(candidate).exists():
            return candidate
    return None


def _build(
    recipe: Recipe, interpreter: Interpreter, final: Path, keys: Sequence[str], tell: Say, execute: Run
) -> None:
    folder = final.parent
    _sweep(folder, final.name)
    temporary = folder / f"{BUILDING}{final.name}-{os.getpid()}"
    try:
        build(recipe, interpreter.executable, temporary, folder / "tools", tell, execute)
        _check(recipe, temporary, execute)
        marker = {"recipe": recipe.name, "keys": list(keys), "python": interpreter.executable}
        (temporary / MARKER).write_text(json.dumps(marker), encoding="utf-8")
        if final.exists():
            shutil.rmtree(final)
        os.replace(temporary, final)
    except OSError as error:
        raise EnvironmentBroken(
            f"cannot make the environment {recipe.name} in {folder}: {error.strerror or error}",
            "free some space, or name another folder in OTE_VENVS",
        ) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _check(recipe: Recipe, folder: Path, execute: Run) -> None:
    """Health check: what the recipe promises can be imported."""
    outcome = execute(
        [str(python_in(folder)), "-I", "-c", "; ".join(f"import {m}" for m in recipe.imports)], {}
    )
    if not outcome.ok:
        raise EnvironmentBroken(
            f"the environment {recipe.name} was made but does not work: {outcome.last_line()}",
            "please report this line",
        )


def _sweep(folder: Path, name: str) -> None:
    """Remove what killed builds of this environment left; called with its lock held."""
    for left in folder.glob(f"{BUILDING}{name}-*"):
        shutil.rmtree(left, ignore_errors=True)


@contextlib.contextmanager
def _locked(folder: Path, name: str, tell: Say) -> Iterator[None]:
    """Hold the lock of one environment; says so when another process is at work on it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = open(folder / f".lock-{name}", "a")  # noqa: SIM115 - held by the block below
    except OSError as error:
        raise EnvironmentBroken(
            f"cannot write to {folder}: {error.strerror or error}", "name another folder in OTE_VENVS"
        ) from error
    with handle:
        if not _try_lock(handle.fileno()):
            tell("another process is making this environment; waiting for it")
            while not _try_lock(handle.fileno()):
                time.sleep(0.2)
        yield  # closing the file releases the lock, also when the process is killed


def _try_lock(descriptor: int) -> bool:
    try:
        if os.name == "nt":
            import msvcrt

            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
