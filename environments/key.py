"""The key of an environment: identical recipes on one interpreter share one environment."""

from __future__ import annotations

import hashlib
import json

from environments.interpreters import Interpreter
from environments.recipe import Recipe

LAYOUT = "1"
"""Raised when the way of building changes so that old environments must not be used."""


def environment_key(recipe: Recipe, interpreter: Interpreter, profile: str) -> str:
    """First 20 hex digits of sha256 over recipe, ABI, platform, base interpreter and profile.

    Args:
        profile: "cpu" or "cuda".
    """
    parts = [
        LAYOUT,
        recipe.content,
        interpreter.abi,
        interpreter.platform,
        interpreter.base,
        list(interpreter.version),
        profile,
    ]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:20]
