"""What a caller asks for, from the command line or from Python; standard library only."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from contracts.error_codes import ErrorCode, StageError
from contracts.exit_codes import ExitCode

MOST_VARIATIONS = 99
"""Two digits in file names."""


@dataclass(frozen=True)
class Override:
    """One setting from outside of a file. label: what a refusal calls it, e.g. "--threshold"."""

    label: str
    key: tuple[str, ...]
    value: object


@dataclass(frozen=True)
class RunOptions:
    """One run.

    Attributes:
        config: merges over config/default.json.
        inputs: photos, folders, patterns, as they were given; empty takes the configuration's.
        null_separated: how standard input lists photos for the input "-".
        recursive: go into subfolders of folders.
        skip: patterns of photos to leave out, or "@FILE" with such.
        since: leave out files written before: a date, a date and time, or an age such as "3d".
        base: absolute folder that relative inputs start from.
        output: folder for everything that is written, None for the project's own folders.
        run_id: None takes the time.
        faces, ignored_faces: indices, left to right from 0; None for all.
        selection: file that says which faces stay closed, absolute.
        resume: take up the run `run_id`, or the last one, where it stopped.
        max_failures: end the run with so many failed photos, None for never.
        dry_run: find and plan; write only what was found, for a person to choose from.
        overrides: settings, strongest last.
    """

    config: Path | None = None
    inputs: tuple[str, ...] = ()
    null_separated: bool = False
    recursive: bool = True
    skip: tuple[str, ...] = ()
    since: str | None = None
    base: Path = Path("/")
    output: Path | None = None
    num_variations: int = 0
    run_id: str | None = None
    faces: frozenset[int] | None = None
    ignored_faces: frozenset[int] = frozenset()
    selection: Path | None = None
    resume: bool = False
    max_failures: int | None = None
    dry_run: bool = False
    overrides: tuple[Override, ...] = ()

    def __post_init__(self) -> None:
        if not isinstance(self.num_variations, int) or not 0 <= self.num_variations <= MOST_VARIATIONS:
            raise StageError(
                ErrorCode.BAD_ARGUMENTS,
                f"num_variations is {self.num_variations!r}, not a number from 0 to {MOST_VARIATIONS}",
                exit_code=ExitCode.USAGE,
            )

    def as_report(self) -> dict[str, Any]:
        """The options as plain JSON values; settings are reported by themselves."""
        return {
            "config": str(self.config) if self.config else None,
            "inputs": list(self.inputs),
            "recursive": self.recursive,
            "skip": list(self.skip),
            "since": self.since,
            "output": str(self.output) if self.output else None,
            "num_variations": self.num_variations,
            "run_id": self.run_id,
            "faces": sorted(self.faces) if self.faces is not None else None,
            "ignore_faces": sorted(self.ignored_faces),
            "selection": str(self.selection) if self.selection else None,
            "resume": self.resume,
            "max_failures": self.max_failures,
            "dry_run": self.dry_run,
        }


@dataclass(frozen=True)
class SelectOptions:
    """One call of `select`.

    Attributes:
        file: the picks, absolute.
        run_id: of the run, None for the one that the picks name.
        output: that the run was given, absolute; None for the project's folders.
        remove_others: remove the run's own pictures of these photos afterwards.
    """

    file: Path
    run_id: str | None = None
    output: Path | None = None
    remove_others: bool = False


def plain_settings(settings: Mapping[str, Any]) -> dict[str, Any]:
    """A caller's settings as plain JSON values: paths become text, NumPy's floats become Python's.

    Raises:
        StageError: BAD_CONFIG for what JSON has no word for.
    """

    def plain(value: object) -> object:
        if isinstance(value, os.PathLike):
            return os.fspath(value)
        if isinstance(value, Mapping):
            return dict(value)
        raise TypeError(f"{value!r} is no JSON value")

    try:
        values: dict[str, Any] = json.loads(json.dumps(dict(settings), default=plain))
    except (TypeError, ValueError, RecursionError) as error:
        raise StageError(ErrorCode.BAD_CONFIG, f"settings: {error}", exit_code=ExitCode.USAGE) from error
    return values


def overrides_of(settings: Mapping[str, Any], label: str, above: tuple[str, ...] = ()) -> list[Override]:
    """A nested mapping of settings as overrides, one for each leaf."""
    flat: list[Override] = []
    for name, value in settings.items():
        key = (*above, name)
        if isinstance(value, Mapping) and value:
            flat += overrides_of(value, label, key)
        else:
            flat.append(Override(f"{label} {'.'.join(key)}", key, value))
    return flat
