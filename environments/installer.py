"""How packages get into a folder: uv where it is or can be had, else venv and pip, with the same pins."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from environments import EnvironmentBroken
from environments.pip_settings import pip_settings, uv_variables
from environments.progress import Say
from environments.recipe import Recipe

UV_REQUIREMENT = "uv==0.13.8"
VIRTUALENV_REQUIREMENT = "virtualenv==21.15.7"

Run = Callable[[Sequence[str], Mapping[str, str]], "Outcome"]
"""Runs a command with extra environment variables; replaced in tests."""


@dataclass(frozen=True)
class Outcome:
    status: int
    output: str

    @property
    def ok(self) -> bool:
        return self.status == 0

    def last_line(self) -> str:
        lines = [line for line in self.output.strip().splitlines() if line.strip()]
        return lines[-1].strip() if lines else f"exit status {self.status}"


def run(command: Sequence[str], variables: Mapping[str, str]) -> Outcome:
    """Run a command without standard input; standard output and error come back together."""
    # A PYTHONPATH or PYTHONHOME of the caller must not leak packages into what is being built.
    environment = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "PYTHONHOME")}
    try:
        done = subprocess.run(
            list(command),
            env=environment | dict(variables),
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


def python_in(folder: Path) -> Path:
    """The interpreter of a virtual environment."""
    return folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def build(recipe: Recipe, python: str, folder: Path, tools: Path, tell: Say, execute: Run = run) -> None:
    """Make a virtual environment in `folder` with everything of the recipe.

    Args:
        python: executable of the base installation.
        tools: folder where uv or virtualenv is kept if it has to be fetched.

    Raises:
        EnvironmentBroken: it could not be made; the message has the installer's last line.
    """
    uv = find_uv(python, tools, execute)
    if uv:
        try:
            _build_with_uv(uv, recipe, python, folder, execute)
        except EnvironmentBroken as problem:
            tell(f"uv did not manage ({problem.message}); trying pip")
            shutil.rmtree(folder, ignore_errors=True)
        else:
            return
    _build_with_pip(recipe, python, folder, tools, execute)


def find_uv(python: str, tools: Path, execute: Run = run) -> str | None:
    """A uv that runs: on the search path, fetched before, or fetched now through pip; None without."""
    kept = tools / "uv" / "bin" / ("uv.exe" if os.name == "nt" else "uv")
    for candidate in (shutil.which("uv"), str(kept)):
        if candidate and execute([candidate, "--version"], {}).ok:
            return candidate
    fetched = execute(
        [python, "-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check",
         "--upgrade", "--target", str(tools / "uv"), UV_REQUIREMENT],
        {},
    )  # fmt: skip
    return str(kept) if fetched.ok and execute([str(kept), "--version"], {}).ok else None


def _build_with_uv(uv: str, recipe: Recipe, python: str, folder: Path, execute: Run) -> None:
    settings = uv_variables(pip_settings(python))
    # pip looks into all indexes alike; uv does so only when told. It must never fetch a Python.
    variables = {"UV_PYTHON_DOWNLOADS": "never", "UV_INDEX_STRATEGY": "unsafe-best-match"} | settings
    variables |= {"UV_NO_PROGRESS": "1", "UV_NO_CONFIG": "1"} if "UV_CONFIG_FILE" not in os.environ else {}
    _must([uv, "venv", "--quiet", "--no-project", "--python", python, str(folder)], variables, execute)
    for step in recipe.steps:
        command = [uv, "pip", "install", "--quiet", "--python", str(python_in(folder))]
        _must([*command, *step.flags, *step.requirements], variables | dict(step.environment), execute)


def _build_with_pip(recipe: Recipe, python: str, folder: Path, tools: Path, execute: Run) -> None:
    _make_venv(python, folder, tools, execute)
    for step in recipe.steps:
        command = [str(python_in(folder)), "-m", "pip", "install", "--quiet", "--no-input"]
        command.append("--disable-pip-version-check")
        _must([*command, *step.flags, *step.requirements], dict(step.environment), execute)


def _make_venv(python: str, folder: Path, tools: Path, execute: Run) -> None:
    if execute([python, "-m", "venv", str(folder)], {}).ok:
        return
    # Debian's python3 comes without ensurepip; a virtualenv brings its own pip.
    shutil.rmtree(folder, ignore_errors=True)
    if execute([python, "-m", "virtualenv", "--quiet", str(folder)], {}).ok:
        return
    shutil.rmtree(folder, ignore_errors=True)
    kept = tools / "virtualenv"
    fetch = [python, "-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check"]
    fetch += ["--upgrade", "--target", str(kept), VIRTUALENV_REQUIREMENT]
    here = {"PYTHONPATH": str(kept)}
    if execute(fetch, {}).ok and execute([python, "-m", "virtualenv", "--quiet", str(folder)], here).ok:
        return
    raise EnvironmentBroken(
        f"{python} can make no virtual environment: it has neither ensurepip nor pip",
        "install the package python3-venv, or uv, and run again",
    )


def _must(command: Sequence[str], variables: Mapping[str, str], execute: Run) -> None:
    outcome = execute(command, variables)
    if not outcome.ok:
        tool = Path(command[0]).name
        raise EnvironmentBroken(
            f"{tool} failed: {outcome.last_line()}", "check the network, or pip's settings"
        )
