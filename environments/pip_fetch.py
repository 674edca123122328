"""Tools that build environments, fetched through a pip that is there into a folder of their own."""

from __future__ import annotations

from pathlib import Path

from environments.commands import Run

PIP_INSTALL = ("-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check")

PIP_VARIABLES = {"PIP_USER": "0", "PIP_REQUIRE_VIRTUALENV": "0"}
"""A person's habits for their own installs, which contradict installing into a folder."""


def fetch(python: str, requirement: str, folder: Path, execute: Run) -> bool:
    """Install one tool into `folder`; False where there is no pip or no way to the tool."""
    # There is a way without the tool, so a machine without network need not hear of it five times.
    command = [python, *PIP_INSTALL, "--retries", "1", "--upgrade", "--target", str(folder), requirement]
    return execute(command, PIP_VARIABLES).ok
