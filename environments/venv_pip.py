"""Environments by venv and pip, for machines without uv."""

from __future__ import annotations

import shutil
from pathlib import Path

from environments import EnvironmentBroken
from environments.commands import Run, must, python_in
from environments.pip_fetch import PIP_INSTALL, PIP_VARIABLES, fetch
from environments.recipe import Recipe

VIRTUALENV_REQUIREMENT = "virtualenv==21.15.7"


def build_with_pip(recipe: Recipe, python: str, folder: Path, tools: Path, execute: Run) -> None:
    """Make a virtual environment with everything of the recipe; pip reads its settings itself.

    Raises:
        EnvironmentBroken: there is no way to a virtual environment, or pip failed.
    """
    make_venv(python, folder, tools, execute)
    for step in recipe.steps:
        command = [str(python_in(folder)), *PIP_INSTALL, *step.flags, *step.requirements]
        must(command, PIP_VARIABLES | dict(step.environment), execute)


def make_venv(python: str, folder: Path, tools: Path, execute: Run) -> None:
    """Make a virtual environment with a pip in it.

    Raises:
        EnvironmentBroken: there is no way to one.
    """
    first = execute([python, "-m", "venv", str(folder)], {})
    if first.ok:
        return
    # Debian's python3 comes without ensurepip; a virtualenv brings its own pip.
    kept = tools / "virtualenv"
    for attempt in ("installed", "fetched"):
        shutil.rmtree(folder, ignore_errors=True)
        if attempt == "fetched" and not fetch(python, VIRTUALENV_REQUIREMENT, kept, execute):
            break
        where = {"PYTHONPATH": str(kept)} if attempt == "fetched" else {}
        if execute([python, "-m", "virtualenv", "--quiet", str(folder)], where).ok:
            return
    bare = "ensurepip" in first.output or "No module named venv" in first.output
    reason = "it has neither ensurepip nor pip" if bare else first.reason()
    hint = "install the package python3-venv, or uv, and run again" if bare else "mend that, or install uv"
    raise EnvironmentBroken(f"{python} can make no virtual environment: {reason}", hint)
