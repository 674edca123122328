"""Environments by uv: fast, and with the settings that the person gave pip."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

from environments.commands import Run, must, python_in
from environments.lock import locked
from environments.pip_fetch import fetch
from environments.places import in_home
from environments.recipe import Recipe

UV_REQUIREMENT = "uv==0.13.8"

_FROM_PIP = {
    "index-url": ("UV_DEFAULT_INDEX", "UV_INDEX_URL"),
    "extra-index-url": ("UV_INDEX", "UV_EXTRA_INDEX_URL"),
    "find-links": ("UV_FIND_LINKS",),
    "cert": ("SSL_CERT_FILE",),
    "client-cert": ("SSL_CLIENT_CERT",),
    "proxy": ("ALL_PROXY", "HTTPS_PROXY", "all_proxy", "https_proxy"),
    "trusted-host": ("UV_INSECURE_HOST",),
    "constraint": ("UV_CONSTRAINT",),
    "timeout": ("UV_HTTP_TIMEOUT",),
    "default-timeout": ("UV_HTTP_TIMEOUT",),
}
"""pip's option -> the variable that tells uv the same, and its older or other names."""

_SEPARATED_BY_COMMAS = {"UV_FIND_LINKS"}


def find_uv(python: str, tools: Path, execute: Run, waiting: Callable[[], None]) -> str | None:
    """A uv that runs: on the search path, fetched before, or fetched now through pip; None without.

    Args:
        python: interpreter whose pip may fetch it.
        tools: folder where a fetched one is kept.
        waiting: called where another process is fetching it.
    """
    installed = shutil.which("uv")
    if installed and execute([installed, "--version"], {}).ok:
        return installed
    kept = tools / "uv" / "bin" / ("uv.exe" if os.name == "nt" else "uv")
    tools.mkdir(parents=True, exist_ok=True)
    with locked(tools / ".lock-uv", waiting):
        if kept.exists() and execute([str(kept), "--version"], {}).ok:
            return str(kept)
        fetched = fetch(python, UV_REQUIREMENT, tools / "uv", execute)
        return str(kept) if fetched and execute([str(kept), "--version"], {}).ok else None


def build_with_uv(
    uv: str, recipe: Recipe, python: str, folder: Path, pip: Mapping[str, str], execute: Run
) -> None:
    """Make a virtual environment with everything of the recipe.

    Args:
        pip: pip's settings, see `pip_settings`.

    Raises:
        EnvironmentBroken: uv failed.
    """
    variables = uv_variables(pip, os.environ)
    must([uv, "venv", "--quiet", "--no-project", "--python", python, str(folder)], variables, execute)
    for step in recipe.steps:
        command = [uv, "pip", "install", "--quiet", "--python", str(python_in(folder))]
        must([*command, *step.flags, *step.requirements], variables | dict(step.environment), execute)


def uv_variables(pip: Mapping[str, str], environ: Mapping[str, str]) -> dict[str, str]:
    """Variables that make uv behave as pip would for this person; what they told uv itself stays.

    Returns:
        variables to be added to the environment.
    """
    variables = {"UV_PYTHON_DOWNLOADS": "never"}
    for option, names in _FROM_PIP.items():
        if option in pip and pip[option] and not any(environ.get(name) for name in names):
            parts = pip[option].split()
            variables[names[0]] = ("," if names[0] in _SEPARATED_BY_COMMAS else " ").join(parts)
    if pip.get("no-index", "").lower() in ("1", "true", "yes", "on"):
        variables["UV_NO_INDEX"] = "1"
    if "UV_INDEX_STRATEGY" not in environ:  # pip looks into all indexes alike
        variables["UV_INDEX_STRATEGY"] = "unsafe-best-match"
    if "UV_CONFIG_FILE" not in environ:
        variables |= _configuration(environ)
    return variables


def _configuration(environ: Mapping[str, str]) -> dict[str, str]:
    """The person's own uv.toml counts, that of a project in which they happen to stand does not."""
    user = environ.get("APPDATA") if os.name == "nt" else environ.get("XDG_CONFIG_HOME")
    for file in (in_home(f"{user or '~/.config'}/uv/uv.toml"), Path("/etc/uv/uv.toml")):
        if file and file.is_file():
            return {"UV_CONFIG_FILE": str(file)}
    return {"UV_NO_CONFIG": "1"}
