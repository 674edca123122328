"""How packages get into a folder: uv where it is or can be had, else venv and pip, with the same pins."""

from __future__ import annotations

import shutil
from pathlib import Path

from environments import EnvironmentBroken
from environments.commands import Run, run
from environments.interpreters import Interpreter
from environments.pip_settings import pip_settings
from environments.progress import Say
from environments.recipe import Recipe
from environments.uv import build_with_uv, find_uv
from environments.venv_pip import build_with_pip
from environments.wheels import with_kept_wheels


def build(
    recipe: Recipe, interpreter: Interpreter, folder: Path, tools: Path, tell: Say, execute: Run = run
) -> None:
    """Make a virtual environment in `folder` with everything of the recipe.

    Args:
        interpreter: the installation that it is based on.
        tools: folder where uv or virtualenv is kept if it has to be fetched.

    Raises:
        EnvironmentBroken: it could not be made; the message has the installer's reason.
    """
    python = interpreter.executable
    recipe = with_kept_wheels(recipe, interpreter, tools, tell, execute)
    uv = find_uv(python, tools, execute, lambda: tell("another process is fetching uv; waiting for it"))
    if uv:
        try:
            settings = pip_settings(python, interpreter.base, execute)
            build_with_uv(uv, recipe, python, folder, settings, execute)
        except EnvironmentBroken as problem:
            tell(f"{problem.message}; trying pip")
            shutil.rmtree(folder, ignore_errors=True)
        else:
            return
    build_with_pip(recipe, python, folder, tools, execute)
