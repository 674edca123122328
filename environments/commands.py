"""Commands that build environments: run quietly, their output kept for the message."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from environments import NO_TELEMETRY, EnvironmentBroken

Run = Callable[[Sequence[str], Mapping[str, str]], "Outcome"]
"""Runs a command with extra environment variables; replaced in tests."""

_NOT_INHERITED = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")
"""The caller's packages must not leak into what is being built."""


@dataclass(frozen=True)
class Outcome:
    """Exit status; standard output and error together."""

    status: int
    output: str

    @property
    def ok(self) -> bool:
        return self.status == 0

    def reason(self) -> str:
        """What went wrong, in one line: pip's last error, uv's with its first cause, or the last line."""
        lines = [line.strip() for line in self.output.splitlines() if line.strip()]
        errors = [line[len("error:") :].strip() for line in lines if line.lower().startswith("error:")]
        causes = [line[len("cause:") :].strip() for line in lines if line.startswith("cause:")]
        if any("connection broken by" in line for line in lines):  # pip's last error hides it
            return "no connection to the package index"
        if errors:
            return ": ".join([errors[-1], *causes[:1]])
        return lines[-1] if lines else f"exit status {self.status}"


def run(command: Sequence[str], variables: Mapping[str, str]) -> Outcome:
    """Run a command without standard input."""
    environment = {k: v for k, v in os.environ.items() if k not in _NOT_INHERITED}
    try:
        done = subprocess.run(
            list(command),
            env=environment | NO_TELEMETRY | dict(variables),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
        )
    except OSError as error:
        return Outcome(127, str(error))
    return Outcome(done.returncode, done.stdout)


def must(command: Sequence[str], variables: Mapping[str, str], execute: Run) -> None:
    """Run a command that has to succeed.

    Raises:
        EnvironmentBroken: it did not; the message has its reason.
    """
    outcome = execute(command, variables)
    if not outcome.ok:
        tool = command[2] if command[1] == "-m" else Path(command[0]).name
        raise EnvironmentBroken(f"{tool} failed: {outcome.reason()}", "check the network, or pip's settings")


def python_in(folder: Path) -> Path:
    """The interpreter of a virtual environment."""
    return folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
