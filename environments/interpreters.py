"""Interpreters that can be trusted: each is executed before it is used, since shims can be hollow."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from environments import EnvironmentBroken
from environments.recipe import Recipe

_PROBE = (
    "import json, sys, sysconfig;"
    "print(json.dumps([getattr(sys, '_base_executable', None) or sys.executable, list(sys.version_info[:2]), "
    "sys.implementation.cache_tag + getattr(sys, 'abiflags', ''), sysconfig.get_platform(), "
    "sys.base_prefix]))"
)


@dataclass(frozen=True)
class Interpreter:
    """What an interpreter says of itself.

    Attributes:
        executable, base: program and root folder of the installation, not of a virtual environment on it.
        minor: (3, 11).
        abi: for instance "cpython-313", "cpython-313t" where it is free-threaded.
    """

    executable: str
    minor: tuple[int, int]
    abi: str
    platform: str
    base: str


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
        found, (major, minor), abi, platform, base = json.loads(answer.stdout)
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        raise EnvironmentBroken(f"{executable} is not a working Python: {_short(error)}") from error
    return Interpreter(found, (major, minor), abi, platform, os.path.realpath(base))


def current() -> Interpreter:
    """The installation whose interpreter runs this."""
    import sysconfig

    return Interpreter(
        getattr(sys, "_base_executable", None) or sys.executable,
        (sys.version_info.major, sys.version_info.minor),
        f"{sys.implementation.cache_tag}{getattr(sys, 'abiflags', '')}",
        sysconfig.get_platform(),
        os.path.realpath(sys.base_prefix),
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
        for candidate in on_search_path(f"python{major}.{minor}"):
            if works(candidate) and recipe.supports(probe(candidate).minor):
                return probe(candidate)
    raise EnvironmentBroken(
        f"{recipe.name} needs Python {major}.{first} to {major}.{last}, "
        f"this is {mine.minor[0]}.{mine.minor[1]}",
        f"install one of them, for instance python{major}.{last}",
    )


def on_search_path(name: str) -> Iterator[str]:
    """Every program of that name, not only the first: a hollow shim can stand before the real one."""
    suffix = ".exe" if os.name == "nt" else ""
    for folder in os.get_exec_path():
        program = Path(folder, name + suffix)
        if program.is_file() and os.access(program, os.X_OK):
            yield str(program)


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
