"""`run_pipeline.py setup`: make environments ahead, for images and machines that go offline."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from environments import EXIT_ENVIRONMENT, EnvironmentBroken
from environments.places import CHECKOUT, environments_folder
from environments.progress import say
from environments.recipe import Recipe, read_recipe
from environments.store import build_single, environment_python

DEFAULT_PATH = (("orch", "orch"), ("face", "facemesh"))
"""What a default run needs; crop, gen and blend share the recipe of face."""


def recipes_in_tree() -> list[tuple[Path, str]]:
    """Every (stage folder, recipe name) of the checkout but those of the tests."""
    return [
        (path.parent.parent, path.stem)
        for path in sorted(CHECKOUT.glob("*/environments/*.json"))
        if path.parent.parent.name != "tests"
    ]


def setup(arguments: Sequence[str]) -> int:
    """Make the default path's environments; `--all` every one, `--single` one for everything."""
    import argparse

    parser = argparse.ArgumentParser(prog="run_pipeline.py setup", description=setup.__doc__)
    parser.add_argument("--all", action="store_true", help="every environment, not only the default path's")
    parser.add_argument("--single", action="store_true", help="one environment that serves all stages")
    options = parser.parse_args(arguments)
    wanted = [(CHECKOUT / stage, name) for stage, name in DEFAULT_PATH]
    if options.all:
        wanted = recipes_in_tree()
    try:
        if options.single:
            recipes: list[Recipe] = [read_recipe(*place) for place in wanted]
            build_single(recipes)
        else:
            for folder, name in wanted:
                environment_python(folder, name)
    except EnvironmentBroken as problem:
        say(f"error: {problem.line()} [ENV_001]")
        return EXIT_ENVIRONMENT
    say(f"ready: {environments_folder()}")
    return 0
