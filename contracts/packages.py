"""Versions of the packages that a stage works with."""

from __future__ import annotations

import functools
import importlib.metadata
import platform
from collections.abc import Iterable, Mapping

from contracts.envelope import Versions


def versions_of(packages: Iterable[str], models: Mapping[str, str] | None = None) -> Versions:
    """Versions of this interpreter and of packages that are installed in it.

    Args:
        models: name -> what tells the weights that are used.

    Raises:
        importlib.metadata.PackageNotFoundError: one of them is not.
    """
    versions = {name: _version(name) for name in packages}
    return Versions(platform.python_version(), versions, dict(models or {}))


@functools.cache
def _version(package: str) -> str:
    """Told with every answer; reading it takes half a millisecond."""
    return importlib.metadata.version(package)
