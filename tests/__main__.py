"""`python3 -m tests [--all] [pytest options]`: make the tests' environment, then ruff, mypy, pytest.

Standard library only. Without `--all` the tests marked heavy stay out, and so do those in
`tests/in_stage/<recipe>`, which run inside a heavy backend's own environment. Ends with pytest's closing
line; the exit status is 0 only when all are content.

`python3 -m tests --quality [--output FOLDER] [--renew-baseline]` measures how well eyes are opened instead:
see tests/quality.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from environments import EXIT_ENVIRONMENT, EnvironmentBroken
from environments.places import CHECKOUT
from environments.progress import say
from environments.reexec import child_environment
from environments.store import environment_python

CHECKED = (
    "contracts", "environments", "imaging", "orch",
    "face", "crop", "gen", "blend", "res", "preenh", "tests", "tools", "run_pipeline.py",
)  # fmt: skip
NOTHING_COLLECTED = 5
"""pytest's exit status where the options choose no test."""
IN_STAGE = CHECKOUT / "tests" / "in_stage"
TYPED = tuple(name for name in CHECKED if name not in ("tests", "tools"))


def main(arguments: Sequence[str]) -> int:
    chosen = list(arguments)
    quality = "--quality" in chosen
    everything = "--all" in chosen
    if everything:
        chosen.remove("--all")
    try:
        python = str(environment_python(CHECKOUT / "tests", "tests"))
    except EnvironmentBroken as problem:
        say(problem.line())
        return EXIT_ENVIRONMENT
    if quality:
        chosen.remove("--quality")
        return _run([python, "-m", "tests.quality", *chosen])
    commands = [
        [python, "-m", "ruff", "check", *CHECKED],
        [python, "-m", "ruff", "format", "--check", *CHECKED],
        *_type_checks(python),
    ]
    statuses = [_run(command) for command in commands]
    if everything and not any(Path(option.partition("::")[0]).exists() for option in chosen):
        statuses += [_in_stage(recipe, chosen) for recipe in in_stage_recipes()]
    statuses.append(_run([python, "-m", "pytest", *([] if everything else ["-m", "not heavy"]), *chosen]))
    return next((status for status in reversed(statuses) if status), 0)


def in_stage_recipes() -> list[str]:
    """Recipes in whose environments the tests in the folders of their names run."""
    return sorted(path.parent.name for path in IN_STAGE.glob("*/__init__.py"))


def _in_stage(recipe: str, options: Sequence[str]) -> int:
    """Run the tests of one such folder. None chosen by the options is no failure."""
    try:
        python = str(environment_python(CHECKOUT / "tests", recipe))
    except EnvironmentBroken as problem:
        say(problem.line())
        return EXIT_ENVIRONMENT
    command = [python, "-m", "pytest", str(IN_STAGE / recipe), "--confcutdir", str(IN_STAGE), *options]
    # Tiny networks: on a machine that is busy, threads that wait for each other take three times as long.
    status = _run(command, {"OMP_NUM_THREADS": "1"})
    return 0 if status == NOTHING_COLLECTED else status


def _type_checks(python: str) -> list[list[str]]:
    if sys.version_info < (3, 11):
        # The last numpy for Python 3.10 describes its types in another way than the one we write against.
        say("mypy: left out, it needs the numpy of Python 3.11 or newer")
        return []
    return [[python, "-m", "mypy", *TYPED]]


def _run(command: list[str], variables: Mapping[str, str] | None = None) -> int:
    print(f"$ {' '.join(['python', *command[1:3]])}", flush=True)
    environment = {**child_environment(), **(variables or {})}
    return subprocess.run(command, cwd=CHECKOUT, env=environment, check=False).returncode


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
