"""`python3 -m tests [--all] [pytest options]`: make the tests' environment, then ruff, mypy, pytest.

Standard library only. Without `--all` the tests marked heavy stay out. Ends with pytest's closing
line; the exit status is 0 only when all are content.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence

from environments import EXIT_ENVIRONMENT, EnvironmentBroken
from environments.places import CHECKOUT
from environments.progress import say
from environments.reexec import child_environment
from environments.store import environment_python

CHECKED = (
    "contracts", "environments", "imaging", "orch",
    "face", "crop", "gen", "blend", "res", "preenh", "tests", "tools", "run_pipeline.py",
)  # fmt: skip
TYPED = tuple(name for name in CHECKED if name not in ("tests", "tools"))


def main(arguments: Sequence[str]) -> int:
    chosen = list(arguments)
    everything = "--all" in chosen
    if everything:
        chosen.remove("--all")
    try:
        python = str(environment_python(CHECKOUT / "tests", "tests"))
    except EnvironmentBroken as problem:
        say(problem.line())
        return EXIT_ENVIRONMENT
    commands = [
        [python, "-m", "ruff", "check", *CHECKED],
        [python, "-m", "ruff", "format", "--check", *CHECKED],
        *_type_checks(python),
        [python, "-m", "pytest", *([] if everything else ["-m", "not heavy"]), *chosen],
    ]
    statuses = [_run(command) for command in commands]
    return next((status for status in reversed(statuses) if status), 0)


def _type_checks(python: str) -> list[list[str]]:
    if sys.version_info < (3, 11):
        # The last numpy for Python 3.10 describes its types in another way than the one we write against.
        say("mypy: left out, it needs the numpy of Python 3.11 or newer")
        return []
    return [[python, "-m", "mypy", *TYPED]]


def _run(command: list[str]) -> int:
    print(f"$ {' '.join(['python', *command[1:3]])}", flush=True)
    return subprocess.run(command, cwd=CHECKOUT, env=child_environment(), check=False).returncode


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
