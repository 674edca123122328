"""Lists of photos from elsewhere: standard input for `--input -`, files for `--skip @FILE`."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from contracts.error_codes import ErrorCode, StageError
from contracts.exit_codes import ExitCode
from orch.app.src.inputs.home_folder import from_home

STANDARD_INPUT = "-"


def with_listed(inputs: Sequence[str], stream: BinaryIO, null_separated: bool) -> tuple[str, ...]:
    """Inputs with "-" replaced by the paths that the stream lists, one a line.

    Args:
        null_separated: a zero byte ends each path, as `find -print0` writes them: names may hold newlines.

    Raises:
        StageError: BAD_ARGUMENTS where the stream lists nothing.
    """
    if STANDARD_INPUT not in inputs:
        return tuple(inputs)
    listed = _paths(stream.read(), b"\0" if null_separated else b"\n")
    if not listed:
        raise StageError(
            ErrorCode.BAD_ARGUMENTS,
            "--input - : standard input lists no photos",
            "pipe a list of paths in, one a line",
            ExitCode.USAGE,
        )
    return tuple(path for given in inputs for path in (listed if given == STANDARD_INPUT else (given,)))


def skip_patterns(given: Sequence[str], base: Path) -> tuple[str, ...]:
    """Patterns of `--skip`, those in files (@FILE, one a line) included.

    Args:
        base: folder that files start from.

    Raises:
        StageError: BAD_ARGUMENTS where a file cannot be read.
    """
    patterns: list[str] = []
    for entry in given:
        if not entry.startswith("@"):
            patterns.append(entry)
            continue
        path = base / from_home(entry[1:])
        try:
            patterns += _paths(path.read_bytes(), b"\n")
        except OSError as error:
            raise StageError(
                ErrorCode.BAD_ARGUMENTS,
                f"--skip: {path} cannot be read: {error.strerror or error}",
                "check the name",
                ExitCode.USAGE,
            ) from error
    return tuple(patterns)


def _paths(content: bytes, separator: bytes) -> list[str]:
    lines = (line.rstrip(b"\r") if separator == b"\n" else line for line in content.split(separator))
    return [os.fsdecode(line) for line in lines if line.strip()]
