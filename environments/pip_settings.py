"""The settings that a person gave pip, handed to uv too: mirrors, wheel folders, certificates."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping

_TO_UV = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "find-links": "UV_FIND_LINKS",
    "cert": "SSL_CERT_FILE",
    "trusted-host": "UV_INSECURE_HOST",
    "default-timeout": "UV_HTTP_TIMEOUT",
    "timeout": "UV_HTTP_TIMEOUT",
}
_COMMA_LISTS = {"UV_FIND_LINKS"}


def pip_settings(python: str) -> dict[str, str]:
    """pip's effective settings: configuration files, then environment; {} where pip is missing."""
    try:
        listing = subprocess.run(
            [python, "-m", "pip", "config", "list"], capture_output=True, text=True, timeout=60, check=True
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return {}
    return parse_listing(listing)


def parse_listing(listing: str) -> dict[str, str]:
    """Settings of `pip config list`: lines like `global.index-url='https://...'`; `:env:` wins over files."""
    found: dict[str, str] = {}
    environment: dict[str, str] = {}
    for line in listing.splitlines():
        name, equals, value = line.partition("=")
        section, dot, key = name.rpartition(".")
        if not (equals and dot):
            continue
        target = environment if section == ":env:" else found
        if section in (":env:", "global", "install"):
            target[key.lower().replace("_", "-")] = _unquoted(value.strip())
    return found | environment


def uv_variables(settings: Mapping[str, str]) -> dict[str, str]:
    """Environment variables that give uv the same settings; what the person set for uv itself stays."""
    variables: dict[str, str] = {}
    for key, variable in _TO_UV.items():
        value = settings.get(key)
        if value and variable not in os.environ:
            parts = value.split()
            variables[variable] = ("," if variable in _COMMA_LISTS else " ").join(parts)
    if settings.get("no-index", "").lower() in ("1", "true", "yes") and "UV_NO_INDEX" not in os.environ:
        variables["UV_NO_INDEX"] = "1"
    return variables


def _unquoted(value: str) -> str:
    quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "'\""
    text = value[1:-1] if quoted else value
    return text.replace("\\n", " ").strip()
