"""The command line that all six stages share: run | serve | describe, and a person's options.

A stage module declares a `Stage` and ends with `sys.exit(stage_main(STAGE))`. Backends are
imported only when a session is opened, so that `--help` and `describe` need no packages.
"""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from contracts import CONTRACT
from contracts.codec import ContractError, from_dict, to_dict
from contracts.command_line import OneLineParser
from contracts.envelope import ErrorInfo, Request, Result
from contracts.error_codes import ErrorCode, StageError
from contracts.events import ProtocolStream
from contracts.execution import execute
from contracts.exit_codes import ExitCode
from contracts.failures import error_info
from contracts.parent import die_with_parent
from contracts.stage import Session, Stage, open_session


def read_request(text: str) -> Request:
    try:
        return from_dict(Request, json.loads(text), "request")
    except json.JSONDecodeError as error:
        raise ContractError(f"request is not JSON: {error}") from error


def _serve(stage: Stage, backend: str, device: str, lines: Iterable[str]) -> int:
    die_with_parent()
    stream = ProtocolStream.claim()
    sessions: dict[str, Session] = {}
    try:
        sessions[f"{backend}/{device}"] = open_session(stage, backend, device)
    except StageError as error:  # told once a request arrives, where the parent listens for it
        print(error.line(), file=sys.stderr)
    stream.send("ready", stage=stage.name, backend=backend)
    for line in lines:
        if not line.strip():
            continue
        try:
            result = execute(stage, read_request(line), sessions, stream)
        except (ContractError, StageError) as error:
            stream.send("result", result=to_dict(_unreadable(stage, error)))
            continue
        stream.send("result", result=to_dict(result))
    return int(ExitCode.OK)


def _unreadable(stage: Stage, error: Exception) -> Result:
    return Result(
        request_id="",
        stage=stage.name,
        backend="",
        status="failed",
        exit_code=int(ExitCode.USAGE),
        error=error_info(error, ErrorCode.BAD_REQUEST),
    )


def describe(stage: Stage) -> dict[str, Any]:
    """What `describe` prints: enough for an orchestrator to plan without starting the backend."""
    return {
        "contract": CONTRACT,
        "stage": stage.name,
        "module": stage.module,
        "summary": stage.summary,
        "default_backend": stage.default_backend,
        "backends": {name: to_dict(backend) for name, backend in stage.backends.items()},
        "schemas": list(stage.schemas),
    }


def build_parser(stage: Stage) -> OneLineParser:
    """The person's command line; `run`, `serve` and `describe` are described in its epilog."""
    parser = OneLineParser(
        prog=f"python -m {stage.module}",
        description=stage.summary,
        epilog=(
            "For programs: 'run --request R.json' answers one request, 'serve' answers requests, one JSON a "
            "line on standard input, 'describe' prints backends and schemas."
        ),
    )
    parser.add_argument(
        "--backend", choices=sorted(stage.backends), default=stage.default_backend, help="how to do it"
    )
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto")
    parser.add_argument("--verbose", action="store_true", help="show tracebacks and more detail")
    stage.add_arguments(parser)
    return parser


def stage_main(
    stage: Stage,
    argv: Sequence[str] | None = None,
    ensure: Callable[[str], None] | None = None,
) -> int:
    """Entry of every stage module; returns the exit status.

    Args:
        ensure: called with the recipe name before a backend is opened; may replace this process by one
            in the right environment. None for backends of the standard library.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        return _dispatch(stage, arguments, ensure)
    except (StageError, ContractError) as error:
        _tell(error_info(error, ErrorCode.BAD_REQUEST))
        return int(error.exit_code if isinstance(error, StageError) else ExitCode.USAGE)
    except KeyboardInterrupt:
        return int(ExitCode.INTERRUPTED)
    except BrokenPipeError:  # the reader went away; nothing is left to say
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return int(ExitCode.INTERRUPTED)


def _dispatch(stage: Stage, arguments: list[str], ensure: Callable[[str], None] | None) -> int:
    def prepare(backend: str) -> None:
        entry = stage.backends.get(backend)
        if ensure and entry and entry.environment:
            ensure(entry.environment)

    logging.basicConfig(format="%(levelname)s %(name)s: %(message)s")
    if arguments[:1] == ["describe"]:
        print(json.dumps(describe(stage), indent=1))
        return int(ExitCode.OK)
    if arguments[:1] == ["serve"]:
        options = _program_parser(stage, "serve").parse_args(arguments[1:])
        prepare(options.backend)
        return _serve(stage, options.backend, options.device, sys.stdin)
    if arguments[:1] == ["run"]:
        options = _program_parser(stage, "run").parse_args(arguments[1:])
        request = read_request(_read_text(options.request))
        prepare(request.backend)
        return execute(stage, request, {}).exit_code
    options = build_parser(stage).parse_args(arguments)
    if not options.verbose:  # a person gets one line; programs have a log for tracebacks
        logging.getLogger("contracts").setLevel(logging.CRITICAL)
    prepare(options.backend)
    request = replace(stage.request_from(options), backend=options.backend, device=options.device)
    result = execute(stage, request, {})
    if result.error:
        _tell(result.error)
        return result.exit_code
    stage.show(request, result)
    return result.exit_code


def _tell(error: ErrorInfo) -> None:
    """One line for a person."""
    hint = f". {error.hint}" if error.hint else ""
    print(f"error: {error.message} [{error.code}]{hint}", file=sys.stderr)


def _read_text(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise StageError(
            ErrorCode.BAD_REQUEST, f"cannot read request {path}: {error}", exit_code=ExitCode.USAGE
        ) from error


def _program_parser(stage: Stage, verb: str) -> OneLineParser:
    parser = OneLineParser(prog=f"python -m {stage.module} {verb}")
    if verb == "run":
        parser.add_argument("--request", required=True)
    else:
        parser.add_argument("--backend", default=stage.default_backend)
        parser.add_argument("--device", default="auto")
    return parser
