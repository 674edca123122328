"""A machine that answers the commands which build environments, without running them."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from environments.commands import Outcome, python_in
from environments.interpreters import current

DOCUMENT: dict[str, Any] = {
    "python": [[3, 10], [3, 13]],
    "steps": [{"requirements": ["small==1"]}],
    "imports": ["json"],
}
"""A recipe."""


class FakeMachine:
    """Takes the place of `environments.commands.run`; a venv it makes holds a link to this interpreter.

    Args:
        uv: it can be fetched and runs.
        venv: the standard library can make virtual environments.
        pip: the base interpreter has it; `pip_configuration` is what `pip config list` prints.
        virtualenv: it is installed.
        fails: commands in which a word contains this fail, saying so as pip does.
    """

    def __init__(
        self,
        *,
        uv: bool = True,
        venv: bool = True,
        pip: bool = True,
        virtualenv: bool = False,
        fails: str = "",
        pip_configuration: str = "",
    ) -> None:
        self.uv, self.venv, self.pip, self.virtualenv, self.fails = uv, venv, pip, virtualenv, fails
        self.pip_configuration = pip_configuration
        self.commands: list[list[str]] = []
        self.variables: list[dict[str, str]] = []

    def __call__(self, command: Sequence[str], variables: Mapping[str, str]) -> Outcome:
        words = list(command)
        self.commands.append(words)
        self.variables.append(dict(variables))
        if self.fails and any(self.fails in word for word in words):
            return Outcome(1, f"ERROR: {self.fails} is not to be had\nnotice: a new pip is out\n")
        if Path(words[0]).name == "uv":
            return self._uv(words)
        return self._module(words, variables) if words[1] == "-m" else Outcome(0, "")

    def _uv(self, words: list[str]) -> Outcome:
        if not self.uv:
            return Outcome(127, "no uv")
        if words[1] == "venv":
            make_venv(Path(words[-1]))
        return Outcome(0, "")

    def _module(self, words: list[str], variables: Mapping[str, str]) -> Outcome:
        module = words[2]
        if module == "pip" and not self.pip and words[0] == current().executable:
            return Outcome(1, "No module named pip")
        if words[2:4] == ["pip", "config"]:
            return Outcome(0, self.pip_configuration)
        if "--wheel-dir" in words:
            folder = Path(words[words.index("--wheel-dir") + 1])
            folder.mkdir()
            (folder / "compiled-1-py3-none-linux_x86_64.whl").write_bytes(b"wheel")
        if "--target" in words:
            return self._fetch(Path(words[words.index("--target") + 1]))
        if module == "venv":
            if not self.venv:
                return Outcome(1, "ensurepip is not available.\nFailing command: python")
            make_venv(Path(words[-1]))
        if module == "virtualenv":
            if not (self.virtualenv or "PYTHONPATH" in variables):
                return Outcome(1, "No module named virtualenv")
            make_venv(Path(words[-1]))
        return Outcome(0, "")

    def _fetch(self, folder: Path) -> Outcome:
        if folder.name == "uv":
            if not self.uv:
                return Outcome(1, "ERROR: No matching distribution found for uv")
            (folder / "bin").mkdir(parents=True, exist_ok=True)
            (folder / "bin" / "uv").touch()
        return Outcome(0, "")

    def installs(self) -> list[list[str]]:
        """Commands that put packages into an environment."""
        return [c for c in self.commands if "install" in c and "--target" not in c]

    def variables_of(self, *words: str) -> dict[str, str]:
        """Variables of the first command that has all these words."""
        for command, variables in zip(self.commands, self.variables):
            if all(word in command for word in words):
                return variables
        raise AssertionError(f"no command with {words} in {self.commands}")


def make_venv(folder: Path) -> None:
    """What stands for a virtual environment: its interpreter."""
    made = python_in(folder)
    made.parent.mkdir(parents=True)
    made.symlink_to(sys.executable)


def refuse(command: Sequence[str], variables: Mapping[str, str]) -> Outcome:
    """A machine on which nothing may run."""
    raise AssertionError(f"nothing may run here, and so not {command}")


def silent(line: str) -> None:
    """Takes progress lines and says nothing."""
