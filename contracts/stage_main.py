"""The command line that all six stages share: run | serve | describe, and a person's options.

A stage module declares a `Stage` and ends with `sys.exit(stage_main(STAGE))`. Backends are
imported only when a session is opened, so that `--help` and `describe` need no packages.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import json
import os
import platform
import resource
import sys
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol, TypeVar

from contracts import CONTRACT
from contracts.codec import ContractError, from_dict, to_dict
from contracts.envelope import (
    ErrorInfo,
    Item,
    ItemResult,
    Metrics,
    OutputFile,
    Request,
    Result,
    StageName,
    Versions,
)
from contracts.error_codes import ErrorCode, StageError
from contracts.events import ProtocolStream
from contracts.exit_codes import ExitCode
from contracts.files import resolve, sha256_file, write_json

P = TypeVar("P")


@dataclass
class Job:
    """One request in the hands of a session: its parameters, its paths, a way to say progress."""

    request: Request
    stream: ProtocolStream | None = None

    def params(self, cls: type[P]) -> P:
        """The request's parameters as the stage's dataclass."""
        return from_dict(cls, self.request.params, "request.params")

    def item_params(self, cls: type[P], item: Item) -> P:
        return from_dict(cls, item.params, f"item {item.item_id}: params")

    def path(self, ref: str) -> Path:
        return resolve(self.request.roots, ref)

    def input(self, item: Item, name: str) -> Path:
        """Absolute path of a named input; a clear error where it is missing."""
        if name not in item.inputs:
            raise StageError(
                ErrorCode.BAD_REQUEST,
                f"item {item.item_id}: input {name!r} is missing",
                exit_code=ExitCode.USAGE,
            )
        return self.path(item.inputs[name])

    def output(self, item: Item, name: str) -> Path | None:
        """Absolute path of a named output, None where the caller does not want it."""
        return self.path(item.outputs[name]) if name in item.outputs else None

    def progress(self, done: int, total: int, message: str = "") -> None:
        if self.stream:
            self.stream.send(
                "progress", request_id=self.request.request_id, done=done, total=total, message=message
            )

    def succeeded(self, item: Item, **fields: Any) -> ItemResult:
        """An ItemResult with the outputs that exist, hashed."""
        outputs = {}
        for name, ref in item.outputs.items():
            path = self.path(ref)
            if path.exists():
                outputs[name] = OutputFile(ref, sha256_file(path))
        return ItemResult(item.item_id, "succeeded", outputs=outputs, **fields)


class Session(Protocol):
    """A backend with its models loaded; lives as long as the process serves."""

    def run(self, job: Job) -> Iterator[ItemResult]:
        """Work on the items and yield one result for each, in any order, as each is finished."""

    def versions(self) -> Versions: ...


def each_item(job: Job, failure_code: str, work: Callable[[Item], ItemResult]) -> Iterator[ItemResult]:
    """Run `work` on every item and keep failures to their own item.

    Any exception becomes a failed ItemResult: a StageError with its own code, a MemoryError as
    retryable, everything else with `failure_code` and its traceback on stderr.
    """
    for item in job.request.items:
        try:
            yield work(item)
        except Exception as error:  # noqa: BLE001 - one item's fault must not take the others along
            yield failed_item(item.item_id, error, failure_code)


def failed_item(item_id: str, error: Exception, failure_code: str) -> ItemResult:
    """The failed ItemResult of an exception."""
    return ItemResult(item_id, "failed", error=error_info(error, failure_code))


def error_info(error: Exception, failure_code: str) -> ErrorInfo:
    if isinstance(error, StageError):
        return ErrorInfo(error.code, error.message, error.hint, error.retryable)
    if isinstance(error, ContractError):
        return ErrorInfo(ErrorCode.BAD_REQUEST, str(error))
    if isinstance(error, MemoryError):
        return ErrorInfo(
            ErrorCode.OUT_OF_MEMORY, "out of memory", "close other programs or use a smaller photo", True
        )
    traceback.print_exception(error)
    return ErrorInfo(failure_code, f"{type(error).__name__}: {error}", "please report this with the log")


@dataclass(frozen=True)
class Backend:
    """One way to do a stage's work.

    Attributes:
        implementation: "package.module:function"; the function takes the device name and opens a Session.
        environment: name of the recipe under `<stage>/environments/`, None needs the standard library only.
        needs: names of weights in the stage's models.json.
    """

    implementation: str
    environment: str | None = None
    needs: tuple[str, ...] = ()
    summary: str = ""


@dataclass(frozen=True)
class Stage:
    """What a stage is, as a table.

    Attributes:
        add_arguments: adds a person's options to the parser.
        request_from: builds the Request of a person's command line.
        show: prints the result as a person reads it; returns nothing.
    """

    name: StageName
    module: str
    summary: str
    backends: Mapping[str, Backend]
    default_backend: str
    failure_code: str
    add_arguments: Callable[[argparse.ArgumentParser], None]
    request_from: Callable[[argparse.Namespace], Request]
    show: Callable[[Request, Result], None]
    schemas: tuple[str, ...] = field(default=())


def open_session(stage: Stage, backend: str, device: str) -> Session:
    if backend not in stage.backends:
        raise StageError(
            ErrorCode.BAD_REQUEST,
            f"{stage.name}: unknown backend {backend!r}; known: {', '.join(stage.backends)}",
            exit_code=ExitCode.USAGE,
        )
    module, _, function = stage.backends[backend].implementation.partition(":")
    session: Session = getattr(importlib.import_module(module), function)(device)
    return session


def execute(
    stage: Stage, request: Request, sessions: dict[str, Session], stream: ProtocolStream | None = None
) -> Result:
    """Run one request and never raise: whatever happens becomes a Result, written where asked."""
    started = time.monotonic()
    loaded = started
    items: list[ItemResult] = []
    error: ErrorInfo | None = None
    exit_code = ExitCode.OK
    versions = Versions(python=platform.python_version())
    try:
        if request.contract != CONTRACT:
            raise StageError(
                ErrorCode.CONTRACT_VERSION,
                f"contract {request.contract!r} asked, {CONTRACT!r} spoken",
                "use an orchestrator and stages of one version",
                ExitCode.ENVIRONMENT,
            )
        if request.stage != stage.name:
            raise StageError(
                ErrorCode.BAD_REQUEST,
                f"request is for stage {request.stage!r}, this is {stage.name!r}",
                exit_code=ExitCode.USAGE,
            )
        key = f"{request.backend}/{request.device}"
        if key not in sessions:
            sessions[key] = open_session(stage, request.backend, request.device)
        loaded = time.monotonic()
        for item in sessions[key].run(Job(request, stream)):
            items.append(item)
            if stream:
                stream.send("item", request_id=request.request_id, item=to_dict(item))
        versions = sessions[key].versions()
    except ContractError as problem:
        error, exit_code = ErrorInfo(ErrorCode.BAD_REQUEST, str(problem)), ExitCode.USAGE
    except StageError as problem:
        error, exit_code = error_info(problem, stage.failure_code), problem.exit_code
    except Exception as problem:  # noqa: BLE001 - the caller gets a Result whatever happens
        error, exit_code = error_info(problem, ErrorCode.INTERNAL), ExitCode.INTERNAL
    if error is None and items and all(i.status == "failed" for i in items):
        error, exit_code = items[0].error, exit_code_for(items[0].error)
    status = "failed" if error else "skipped" if _all_skipped(items) else "succeeded"
    result = Result(
        request_id=request.request_id,
        stage=stage.name,
        backend=request.backend,
        status=status,  # type: ignore[arg-type]
        exit_code=int(exit_code),
        items=tuple(items),
        error=error,
        metrics=Metrics(
            load_s=round(loaded - started, 4),
            run_s=round(time.monotonic() - loaded, 4),
            peak_rss_mb=peak_rss_mb(),
        ),
        versions=versions,
    )
    if request.result:
        write_json(resolve(request.roots, request.result), to_dict(result))
    return result


def exit_code_for(error: ErrorInfo | None) -> ExitCode:
    """Exit status of a process whose only work ended with this error."""
    if error is None:
        return ExitCode.OK
    by_prefix = {
        "INPUT": ExitCode.UNREADABLE_INPUT,
        "CONTRACT_001": ExitCode.USAGE,
        "CONTRACT_002": ExitCode.ENVIRONMENT,
        "ARGS": ExitCode.USAGE,
        "CONFIG": ExitCode.USAGE,
        "RUN_130": ExitCode.INTERRUPTED,
        "RUN_": ExitCode.USAGE,
        "ENV": ExitCode.ENVIRONMENT,
        "MODEL": ExitCode.ENVIRONMENT,
        "DEVICE": ExitCode.ENVIRONMENT,
        "OUTPUT": ExitCode.RESOURCE,
        "MEMORY": ExitCode.RESOURCE,
        "NO_EYES": ExitCode.NOTHING_TO_DO,
        "NO_FACE": ExitCode.NOTHING_TO_DO,
        "VERIFY": ExitCode.QUALITY_GATE,
        "STAGE_002": ExitCode.DEADLINE,
    }
    for prefix, code in by_prefix.items():
        if error.code.startswith(prefix):
            return code
    return ExitCode.INTERNAL


def _all_skipped(items: Sequence[ItemResult]) -> bool:
    return bool(items) and all(i.status == "skipped" for i in items)


def peak_rss_mb() -> float:
    """Peak resident memory of this process in MB.

    On Linux from /proc, because what getrusage tells survives exec: it may be the parent's.
    """
    with contextlib.suppress(OSError):
        for line in Path("/proc/self/status").read_text(encoding="ascii", errors="replace").splitlines():
            if line.startswith("VmHWM:"):
                return round(int(line.split()[1]) * 1024 / 1e6, 1)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # bytes on macOS, kB elsewhere
    return round(peak / 1e6 if sys.platform == "darwin" else peak * 1024 / 1e6, 1)


def read_request(text: str) -> Request:
    try:
        return from_dict(Request, json.loads(text), "request")
    except json.JSONDecodeError as error:
        raise ContractError(f"request is not JSON: {error}") from error


def _serve(stage: Stage, backend: str, device: str, lines: Iterable[str]) -> int:
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


def build_parser(stage: Stage) -> argparse.ArgumentParser:
    """The person's command line; `run`, `serve` and `describe` are described in its epilog."""
    parser = argparse.ArgumentParser(
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
        print(f"error: {error.line() if isinstance(error, StageError) else error}", file=sys.stderr)
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
    prepare(options.backend)
    request = replace(stage.request_from(options), backend=options.backend, device=options.device)
    result = execute(stage, request, {})
    if result.error:
        error = result.error
        print(
            f"error: {error.message} [{error.code}]" + (f". {error.hint}" if error.hint else ""),
            file=sys.stderr,
        )
        return result.exit_code
    stage.show(request, result)
    return result.exit_code


def _read_text(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise StageError(
            ErrorCode.BAD_REQUEST, f"cannot read request {path}: {error}", exit_code=ExitCode.USAGE
        ) from error


def _program_parser(stage: Stage, verb: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=f"python -m {stage.module} {verb}")
    if verb == "run":
        parser.add_argument("--request", required=True)
    else:
        parser.add_argument("--backend", default=stage.default_backend)
        parser.add_argument("--device", default="auto")
    return parser
