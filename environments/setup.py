"""`run_pipeline.py setup`: make environments ahead, for images and machines that go offline."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from environments import EXIT_ENVIRONMENT, EnvironmentBroken
from environments.commands import Run, run
from environments.places import CHECKOUT
from environments.progress import Say, say
from environments.recipe import read_recipe
from environments.store import environment_python, single_python

DEFAULT_PATH = (
    ("orch", "orch"),
    ("face", "facemesh"),
    ("crop", "opencv"),
    ("gen", "embedded"),
    ("blend", "opencv"),
)
"""What a default run needs; identical recipes are made once."""


def recipes_in_tree() -> list[tuple[Path, str]]:
    """Every (stage folder, recipe name) of the checkout but those of the tests."""
    return [
        (path.parent.parent, path.stem)
        for path in sorted(CHECKOUT.glob("*/environments/*.json"))
        if path.parent.parent.name != "tests"
    ]


def setup(arguments: Sequence[str], *, tell: Say = say, execute: Run = run) -> int:
    """The command; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="run_pipeline.py setup", description="Make ahead what a run would make on demand."
    )
    parser.add_argument("--all", action="store_true", help="every environment, not only the default path's")
    parser.add_argument("--single", action="store_true", help="one environment that serves all stages")
    options = parser.parse_args(arguments)
    wanted = recipes_in_tree() if options.all else [(CHECKOUT / stage, name) for stage, name in DEFAULT_PATH]
    try:
        if options.single:
            recipes = [read_recipe(*place) for place in wanted]
            ready = [single_python(recipes, tell=tell, execute=execute)]
        else:
            ready = [environment_python(*place, tell=tell, execute=execute) for place in wanted]
    except EnvironmentBroken as problem:
        tell(problem.line())
        return EXIT_ENVIRONMENT
    for python in dict.fromkeys(ready):
        sys.stdout.write(f"ready: {python.parent.parent}\n")
    return 0
