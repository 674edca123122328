"""Run the same command again where its packages are."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn

from environments import EXIT_ENVIRONMENT, NO_TELEMETRY, EnvironmentBroken
from environments.marker import read_marker
from environments.places import CHECKOUT
from environments.recipe import read_recipe

_HANDED_OVER = "OTE_HANDED_OVER"
"""Identifies the process that was handed over; stays the same over exec, differs in its children."""

HAS_EXEC = os.name != "nt"
"""Windows' exec gives the terminal back before the new program is done."""


def ensure_environment(stage_folder: Path, module: str, recipe: str) -> None:
    """Return when this interpreter has the recipe's environment; else run `python -m module` there.

    The arguments, the working folder and the standard streams stay. Never returns after a hand-over.
    Where the environment cannot be had, one line is printed and the process ends with exit status 3.
    """
    try:
        if inside(stage_folder, recipe):
            return
        if os.environ.get(_HANDED_OVER) == str(os.getpid()):
            raise EnvironmentBroken(
                f"the environment {recipe} starts outside of its folder, in {sys.prefix}",
                "run with no Python variables set, or remove the folder of environments",
            )
        from environments.store import environment_python  # what is at home need not load this

        python = environment_python(stage_folder, recipe)
    except EnvironmentBroken as problem:
        print(problem.line(), file=sys.stderr)
        raise SystemExit(EXIT_ENVIRONMENT) from problem
    hand_over(python, module, sys.argv[1:])


def inside(stage_folder: Path, recipe: str) -> bool:
    """Whether this process already runs in the recipe's environment."""
    marker = read_marker(Path(sys.prefix))
    return marker is not None and read_recipe(stage_folder, recipe).content in marker.recipes


def hand_over(python: Path, module: str, arguments: list[str]) -> NoReturn:
    """Replace this process by a module of the checkout, run by another interpreter."""
    sys.stdout.flush()
    sys.stderr.flush()
    command = [str(python), "-m", module, *arguments]
    environment = child_environment()
    environment[_HANDED_OVER] = str(os.getpid())
    # Modules in the folder where the caller stands must not replace those of the checkout (from 3.11 on).
    environment["PYTHONSAFEPATH"] = "1"
    if not HAS_EXEC:
        import subprocess

        raise SystemExit(subprocess.run(command, env=environment, check=False).returncode)
    os.execve(command[0], command, environment)


def child_environment(environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """The variables of a child: the checkout on the module path, nothing sent by packages, no byte code
    where it cannot be written.

    Args:
        environ: what they are made from; None for this process's own.
    """
    environment = {**(os.environ if environ is None else environ), **NO_TELEMETRY}
    paths = [str(CHECKOUT), *filter(None, environment.get("PYTHONPATH", "").split(os.pathsep))]
    environment["PYTHONPATH"] = os.pathsep.join(dict.fromkeys(paths))
    if not os.access(CHECKOUT, os.W_OK):
        environment.setdefault("PYTHONDONTWRITEBYTECODE", "1")
    return environment
