"""The orchestrator: plan, run, verify, report. No image code.

    python -m orch.app.src.open_the_eyes --input photo.jpg

    from orch.app.src.open_the_eyes import main
    results = main(input_path="photo.jpg", num_variations=2)

Only the standard library is imported here: `--help` works on a bare interpreter, and what needs more
runs in the orchestrator's environment.
"""

from __future__ import annotations

import gc
import io
import os
import signal
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from contracts.codec import to_dict
from contracts.error_codes import ErrorCode, StageError
from contracts.exit_codes import ExitCode
from orch.app.src.calling.options import Override, RunOptions, overrides_of, plain_settings
from orch.app.src.cli import Command, parse
from orch.app.src.run_paths import RunPathManager

__all__ = ["ErrorCode", "RunPathManager", "StageError", "command", "main"]

MODULE = "orch.app.src.open_the_eyes"
FOLDER = Path(__file__).resolve().parents[2]
RECIPE = "orch"

_GARBAGE = 100_000
"""New objects after which cycles among them are looked for. Python's own 700 made that happen 140 times in a
run over 40 photos, 55 ms of its 1.4 s; cycles are rare here."""


def main(
    config_file: str | Path | None = None,
    input_path: str | Path | Sequence[str | Path] | None = None,
    num_variations: int = 0,
    verbose: bool = False,
    run_id: str | None = None,
    *,
    output: str | Path | None = None,
    faces: Iterable[int] | None = None,
    ignore_faces: Iterable[int] = (),
    selection: str | Path | None = None,
    resume: bool = False,
    max_failures: int | None = None,
    dry_run: bool = False,
    settings: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Open the eyes in photos.

    Args:
        config_file: merges over config/default.json.
        input_path: photo, folder or pattern, or several; None takes the configuration's. Relative paths
            start from the current folder.
        num_variations: variations besides the original.
        verbose: keep all intermediate files.
        run_id: name of the run in file names, instead of the time.
        output: folder for everything that is written.
        faces, ignore_faces: indices, left to right from 0.
        selection: file of a dry run, edited: which faces stay closed.
        resume: take up the run `run_id`, or the last one of the output folder, where it stopped.
        max_failures: end with so many failed photos.
        dry_run: plan only; write only what was found, for a person to choose from.
        settings: nested mapping that merges over the configuration.

    Returns:
        output_paths: finished pictures; total_time: seconds; report: the whole report, whose
        `exit_code` and `photos` say what failed.

    Raises:
        StageError: what is wrong before the first photo.
    """
    started = time.monotonic()
    inputs = [input_path] if isinstance(input_path, (str, Path)) else input_path or []
    arguments: dict[str, Any] = {
        "config_file": None if config_file is None else str(config_file),
        "input_path": [str(path) for path in inputs],
        "num_variations": num_variations,
        "verbose": verbose,
        "run_id": run_id,
        "output": None if output is None else str(output),
        "faces": None if faces is None else sorted(faces),
        "ignore_faces": sorted(ignore_faces),
        "selection": None if selection is None else str(selection),
        "resume": resume,
        "max_failures": max_failures,
        "dry_run": dry_run,
        "settings": plain_settings(settings or {}),
    }
    from orch.app.src.calling.in_environment import call_main, packages_are_here

    if not packages_are_here():
        return call_main(arguments)
    from orch.app.src.running.run import execute
    from orch.app.src.running.surroundings import surroundings

    report = execute(_options(arguments, Path.cwd()), surroundings(quiet=True), started)
    return {
        "output_paths": report.output_paths(),
        "total_time": report.total_s,
        "report": to_dict(report),
    }


def command(argv: Sequence[str] | None = None) -> int:
    """The command line; returns the exit status."""
    started = time.monotonic()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # photos have names that a terminal may lack
    parsed = parse(sys.argv[1:] if argv is None else argv, Path.cwd())
    try:
        from environments.reexec import ensure_environment

        ensure_environment(FOLDER, MODULE, RECIPE)
        signal.signal(signal.SIGTERM, _interrupt)
        return _do(parsed, started)
    except SystemExit:  # the environment cannot be had, and that has been said
        raise
    except BrokenPipeError:  # the reader of our output went away; nothing is left to say
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return int(ExitCode.INTERRUPTED)
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - the one place of exit codes
        from orch.app.src.errors import tell

        return int(tell(error, parsed.show_tracebacks))


def _do(parsed: Command, started: float) -> int:
    if parsed.small is None:
        from orch.app.src.inputs.lists import with_listed
        from orch.app.src.running.run import execute
        from orch.app.src.running.surroundings import surroundings

        # Read here and not with the command line: before this the program may have started itself again.
        inputs = with_listed(parsed.run.inputs, sys.stdin.buffer, parsed.run.null_separated)
        return execute(replace(parsed.run, inputs=inputs), surroundings(), started).exit_code
    if parsed.small.name == "models":
        from orch.app.src.models.command import models_command

        return models_command(parsed.small, os.environ)
    if parsed.small.select:
        from orch.app.src.selecting.command import select_command

        return select_command(parsed.small.select)
    from orch.app.src.backends.doctor import doctor
    from orch.app.src.backends.equipment import this_equipment

    return doctor(this_equipment(os.environ), os.environ, parsed.small.as_json)


def _options(arguments: Mapping[str, Any], cwd: Path) -> RunOptions:
    """The options of a run from the arguments of `main`."""
    overrides = overrides_of(arguments["settings"], "settings")
    if arguments["verbose"]:
        overrides.append(Override("verbose", ("processing", "verbose"), True))
    faces = arguments["faces"]
    return RunOptions(
        config=None if arguments["config_file"] is None else cwd / arguments["config_file"],
        inputs=tuple(arguments["input_path"]),
        base=cwd,
        output=None if arguments["output"] is None else cwd / arguments["output"],
        num_variations=arguments["num_variations"],
        run_id=arguments["run_id"],
        faces=None if faces is None else frozenset(faces),
        ignored_faces=frozenset(arguments["ignore_faces"]),
        selection=None if arguments["selection"] is None else cwd / arguments["selection"],
        resume=arguments["resume"],
        max_failures=arguments["max_failures"],
        dry_run=arguments["dry_run"],
        overrides=tuple(overrides),
    )


def _interrupt(number: int, frame: object) -> None:
    """SIGTERM ends a run as Ctrl-C does: cleanly, keeping what is finished."""
    raise KeyboardInterrupt


if __name__ == "__main__":
    gc.set_threshold(_GARBAGE)
    status = command()
    gc.freeze()  # all of it goes with the process: looking through it once more took 60 ms
    sys.exit(status)
