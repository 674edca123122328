"""Wheels that this machine compiled, kept in the user's cache: a second clone needs no compiler minutes.

pip's own cache will not do: its key knows neither CMAKE_ARGS, so that processors would be mixed, nor
that one wheel serves several versions of Python.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

from environments import EnvironmentBroken
from environments.commands import Run, must, python_in
from environments.interpreters import Interpreter
from environments.lock import locked
from environments.pip_fetch import PIP_VARIABLES
from environments.places import wheels_folder
from environments.progress import Say
from environments.recipe import Recipe, Step
from environments.venv_pip import make_venv

_COMPILERS = ("c++", "g++", "clang++")
_PIP_WHEEL = ("-m", "pip", "wheel", "--quiet", "--no-input", "--disable-pip-version-check")


def with_kept_wheels(
    recipe: Recipe, interpreter: Interpreter, tools: Path, tell: Say, execute: Run
) -> Recipe:
    """The recipe with a wheel's file in place of each requirement that has to be compiled.

    Raises:
        EnvironmentBroken: there is no compiler, or compiling failed.
    """
    steps = tuple(
        _installed_from(step, kept_wheel(step, interpreter, tools, tell, execute)) if step.compiled else step
        for step in recipe.steps
    )
    return replace(recipe, steps=steps)


def _installed_from(step: Step, wheel: Path) -> Step:
    return Step((str(wheel),), step.flags)


def kept_wheel(step: Step, interpreter: Interpreter, tools: Path, tell: Say, execute: Run) -> Path:
    """The wheel of a step; compiled where nobody did it before on such a processor and Python.

    Raises:
        EnvironmentBroken: there is no compiler, or compiling failed.
    """
    named = json.dumps([step.requirements, step.compiled, interpreter.platform])
    folder = wheels_folder() / hashlib.sha256(named.encode()).hexdigest()[:20]
    folder.mkdir(parents=True, exist_ok=True)
    with locked(folder / ".lock", lambda: tell(f"another process compiles {step.requirements[0]}; waiting")):
        found = _usable(folder, interpreter)
        if found is None:
            _compile(step, interpreter, folder, tools, tell, execute)
            found = _usable(folder, interpreter)
    if found is None:
        raise EnvironmentBroken(f"compiling {step.requirements[0]} left no wheel", "please report this line")
    return found


def _usable(folder: Path, interpreter: Interpreter) -> Path | None:
    """A wheel for any Python 3, or for this very one."""
    own = f"-cp{interpreter.minor[0]}{interpreter.minor[1]}-"
    for wheel in sorted(folder.glob("*.whl")):
        if "-py3-none-" in wheel.name or own in wheel.name:
            return wheel
    return None


def _compile(
    step: Step, interpreter: Interpreter, folder: Path, tools: Path, tell: Say, execute: Run
) -> None:
    if os.name != "nt" and not (os.environ.get("CXX") or any(map(shutil.which, _COMPILERS))):
        raise EnvironmentBroken(
            f"{step.requirements[0]} has to be compiled, and there is no C++ compiler",
            "install one, for instance the package g++, and run again",
        )
    tell(f"compiling {step.requirements[0]} for this processor, which takes some minutes, once")
    with tempfile.TemporaryDirectory(prefix="open-the-eyes-") as scratch:
        venv, made = Path(scratch, "venv"), Path(scratch, "wheels")
        make_venv(interpreter.executable, venv, tools, execute)
        command = [str(python_in(venv)), *_PIP_WHEEL, "--no-deps", "--no-cache-dir", "--wheel-dir", str(made)]
        must([*command, *step.requirements], PIP_VARIABLES | dict(step.environment), execute)
        for wheel in made.glob("*.whl"):
            half = folder / f".{wheel.name}.part"
            shutil.copyfile(wheel, half)
            os.replace(half, folder / wheel.name)
