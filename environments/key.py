"""The key of an environment: identical recipes on one interpreter share one environment."""

from __future__ import annotations

import hashlib
import json
from typing import Literal

from environments.interpreters import Interpreter
from environments.recipe import Recipe

Profile = Literal["cpu", "cuda"]
"""Which builds of a package are wanted, where it has several."""

LAYOUT = "2"
"""Raised when the way of building changes so that old environments must not be used."""


def environment_key(recipe: Recipe, interpreter: Interpreter, profile: Profile = "cpu") -> str:
    """First 20 hex digits of sha256 over recipe, ABI, platform, base installation and profile.

    The patch version is left out on purpose: packages are built for an ABI, and a security update of
    the system's Python must not send an offline machine to the network.
    """
    parts = [LAYOUT, recipe.content, interpreter.abi, interpreter.platform, interpreter.base, profile]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:20]
