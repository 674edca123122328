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
"""What a default run of one photo needs; identical recipes are made once."""
DONORS = ("face", "identity")
"""What tells people apart in a run over several photos, or with a donor."""
CAMERA = ("orch", "camera")
"""What reads HEIC and camera raw."""


def recipes_in_tree() -> list[tuple[Path, str]]:
    """Every (stage folder, recipe name) of the checkout but those of the tests."""
    return [
        (path.parent.parent, path.stem)
        for path in sorted(CHECKOUT.glob("*/environments/*.json"))
        if path.parent.parent.name != "tests"
    ]


def setup(arguments: Sequence[str], *, tell: Say = say, execute: Run = run) -> int:
    """The command; returns the exit status. What cannot be made does not stop the others."""
    parser = argparse.ArgumentParser(
        prog="run_pipeline.py setup",
        description="Make ahead what a run would make on demand. Without options: what the default path "
        "needs, about 0.6 GB. Weights are a matter of their own: see models pull.",
    )
    parser.add_argument(
        "--all", action="store_true", help="the heavy backends' too (SDXL, CodeFormer, ...): several GB"
    )
    parser.add_argument(
        "--camera", action="store_true", help="what reads HEIC and camera raw, too (libheif, LibRaw)"
    )
    parser.add_argument("--single", action="store_true", help="one environment that serves all stages")
    options = parser.parse_args(arguments)
    chosen = [*DEFAULT_PATH, DONORS, *([CAMERA] if options.camera else [])]
    wanted = recipes_in_tree() if options.all else [(CHECKOUT / stage, name) for stage, name in chosen]
    names = [f"{folder.name}/{recipe}" for folder, recipe in wanted]
    tell(f"environments for {', '.join(names)}")
    ready: dict[Path, list[str]] = {}
    broken = 0
    if options.single:
        try:
            recipes = [read_recipe(*place) for place in wanted]
            ready[single_python(recipes, tell=tell, execute=execute)] = names
        except EnvironmentBroken as problem:
            tell(problem.line())
            broken = 1
    else:
        for name, place in zip(names, wanted):
            try:
                python = environment_python(*place, tell=tell, execute=execute)
                ready.setdefault(python, []).append(name)
            except EnvironmentBroken as problem:
                tell(f"{name}: {problem.line()}")
                broken += 1
    for python, served in ready.items():
        sys.stdout.write(f"ready: {python.parent.parent} ({', '.join(served)})\n")
    if broken and ready:
        tell(f"{broken} of {len(wanted)} could not be made; what needs only the others works")
    return EXIT_ENVIRONMENT if broken else 0
