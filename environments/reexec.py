"""Run the same command again where its packages are."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

from environments import EXIT_ENVIRONMENT, EnvironmentBroken
from environments.interpreters import for_recipe
from environments.key import environment_key
from environments.places import CHECKOUT
from environments.recipe import read_recipe
from environments.store import environment_python, keys_of


def ensure_environment(stage_folder: Path, module: str, recipe: str) -> None:
    """Return when this interpreter has the recipe's environment; else run `python -m module` there.

    The arguments, the working folder and the standard streams stay. Never returns after a hand-over.
    Where the environment cannot be had, one line is printed and the process ends with exit status 3.
    """
    try:
        if inside(stage_folder, recipe):
            return
        python = environment_python(stage_folder, recipe)
    except EnvironmentBroken as problem:
        print(f"error: {problem.line()} [ENV_001]", file=sys.stderr)
        raise SystemExit(EXIT_ENVIRONMENT) from problem
    hand_over([str(python), "-m", module, *sys.argv[1:]])


def inside(stage_folder: Path, recipe: str) -> bool:
    """Whether this process already runs in the recipe's environment."""
    keys = keys_of(Path(sys.prefix))
    if not keys:
        return False
    wanted = read_recipe(stage_folder, recipe)
    return environment_key(wanted, for_recipe(wanted), "cpu") in keys


def hand_over(command: list[str]) -> NoReturn:
    """Replace this process by a command that finds the checkout's packages, wherever the caller stands."""
    sys.stdout.flush()
    sys.stderr.flush()
    environment = child_environment()
    if os.name == "nt":  # there is no exec worth the name
        raise SystemExit(subprocess.run(command, env=environment, check=False).returncode)
    os.execve(command[0], command, environment)


def child_environment() -> dict[str, str]:
    """The variables of a child: the checkout on the module path, no byte code where it cannot be written."""
    environment = dict(os.environ)
    paths = [str(CHECKOUT), *filter(None, environment.get("PYTHONPATH", "").split(os.pathsep))]
    environment["PYTHONPATH"] = os.pathsep.join(dict.fromkeys(paths))
    if not os.access(CHECKOUT, os.W_OK):
        environment.setdefault("PYTHONDONTWRITEBYTECODE", "1")
    return environment
