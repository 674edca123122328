"""Interpreters that can be trusted: each is executed before it is used, since shims can be hollow."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from environments import EnvironmentBroken
from environments.recipe import Recipe

_PROBE = (
    "import json, sys, sysconfig;"
    "print(json.dumps([getattr(sys, '_base_executable', None) or sys.executable, list(sys.version_info[:3]), "
    "str(sys.implementation.cache_tag) + getattr(sys, 'abiflags', ''), sysconfig.get_platform(), "
    "sys.base_prefix]))"
)


@dataclass(frozen=True)
class Interpreter:
    """What an interpreter says of itself.

    executable, base: of the installation, not of a virtual environment on it.
    """

    executable: str
    version: tuple[int, int, int]
    abi: str
    platform: str
    base: str

    @property
    def minor(self) -> tuple[int, int]:
        return self.version[:2]


@cache
def probe(executable: str) -> Interpreter:
    """Execute an interpreter and ask it.

    Raises:
        EnvironmentBroken: it does not run, or does not answer like a Python.
    """
    try:
        answer = subprocess.run(
            [executable, "-I", "-c", _PROBE], capture_output=True, text=True, timeout=60, check=True
        )
        found, version, abi, platform, base = json.loads(answer.stdout)
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        raise EnvironmentBroken(f"{executable} is not a working Python: {_short(error)}") from error
    return Interpreter(found, tuple(version), abi, platform, base)


def current() -> Interpreter:
    """The installation whose interpreter runs this."""
    import sysconfig

    version = sys.version_info
    return Interpreter(
        getattr(sys, "_base_executable", None) or sys.executable,
        (version.major, version.minor, version.micro),
        str(sys.implementation.cache_tag) + getattr(sys, "abiflags", ""),
        sysconfig.get_platform(),
        sys.base_prefix,
    )


def for_recipe(recipe: Recipe) -> Interpreter:
    """An interpreter that a recipe works with: the one that runs this, else one on the search path.

    Raises:
        EnvironmentBroken: none is at hand.
    """
    mine = current()
    if recipe.supports(mine.minor):
        return mine
    (major, first), (_, last) = recipe.python
    for minor in range(last, first - 1, -1):
        found = shutil.which(f"python{major}.{minor}")
        if found and works(found) and recipe.supports(probe(found).minor):
            return probe(found)
    raise EnvironmentBroken(
        f"{recipe.name} needs Python {major}.{first} to {major}.{last}, "
        f"this is {mine.minor[0]}.{mine.minor[1]}",
        f"install one of them, for instance python{major}.{last}",
    )


def works(executable: str | Path) -> bool:
    """Whether an interpreter can be executed at all."""
    try:
        probe(str(executable))
    except EnvironmentBroken:
        return False
    return True


def _short(error: Exception) -> str:
    if isinstance(error, subprocess.CalledProcessError) and error.stderr:
        return str(error.stderr).strip().splitlines()[-1]
    return str(error)
