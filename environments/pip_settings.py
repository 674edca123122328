"""The settings that a person gave pip: mirrors, wheel folders, certificates, proxies."""

from __future__ import annotations

import ast
import configparser
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from environments.commands import Run
from environments.places import in_home

_SECTIONS = ("global", "install")
"""Sections of pip's files that `pip install` reads, the later one wins; its environment wins over both."""


def pip_settings(python: str, base: str, execute: Run) -> dict[str, str]:
    """pip's effective settings by the long names of its options, for instance "find-links".

    Values of several parts are separated by spaces. Where there is no pip to ask, its files and
    variables are read all the same: a machine without pip may still have a company's mirror in them.

    Args:
        python: interpreter whose pip is asked.
        base: root folder of its installation, where pip keeps a file too.
    """
    listing = execute([python, "-m", "pip", "config", "list"], {})
    if listing.ok:
        return parse_listing(listing.output)
    return read_files(configuration_files(base)) | read_variables(os.environ)


def parse_listing(listing: str) -> dict[str, str]:
    """Settings of `pip config list`: lines like `global.index-url='https://...'`, with Python's quotes."""
    found: dict[str, dict[str, str]] = {section: {} for section in (*_SECTIONS, ":env:")}
    for line in listing.splitlines():
        name, equals, value = line.partition("=")
        section, dot, key = name.rpartition(".")
        if equals and dot and section in found:
            found[section][_long_name(key)] = _joined(_literal(value))
    return found["global"] | found["install"] | found[":env:"]


def configuration_files(base: str) -> list[Path]:
    """pip's configuration files on Unix, the later one wins; as in pip's documentation."""
    named = os.environ.get("PIP_CONFIG_FILE", "")
    if named == os.devnull:
        return []
    system = os.environ.get("XDG_CONFIG_DIRS") or "/etc/xdg"
    user = os.environ.get("XDG_CONFIG_HOME") or "~/.config"
    files = [
        *(Path(folder, "pip", "pip.conf") for folder in system.split(os.pathsep)),
        Path("/etc/pip.conf"),
        in_home("~/.pip/pip.conf"),
        in_home(f"{user}/pip/pip.conf"),
        Path(base, "pip.conf"),
        Path(named) if named else None,
    ]
    return [file for file in files if file]


def read_files(files: Iterable[Path]) -> dict[str, str]:
    """Settings of pip's configuration files; those that are missing or damaged say nothing."""
    parser = configparser.RawConfigParser()
    for file in files:
        try:
            parser.read(file, encoding="utf-8")
        except (configparser.Error, UnicodeDecodeError):
            continue
    return {
        _long_name(key): _joined(value)
        for section in _SECTIONS
        if parser.has_section(section)
        for key, value in parser.items(section)
    }


def read_variables(variables: Mapping[str, str]) -> dict[str, str]:
    """Settings of the environment: PIP_FIND_LINKS is find-links."""
    return {
        _long_name(name[len("PIP_") :]): _joined(value)
        for name, value in variables.items()
        if name.startswith("PIP_") and name != "PIP_CONFIG_FILE"
    }


def _long_name(key: str) -> str:
    return key.lower().replace("_", "-")


def _literal(value: str) -> str:
    try:
        return str(ast.literal_eval(value.strip()))
    except (SyntaxError, ValueError):
        return value.strip()


def _joined(value: str) -> str:
    return " ".join(value.split())
