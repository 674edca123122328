"""What a stage is made of: its table of backends, the sessions that they open, the job in hand."""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, TypeVar

from contracts.codec import from_dict
from contracts.envelope import Item, ItemResult, OutputFile, Request, Result, StageName, Versions
from contracts.error_codes import ErrorCode, StageError
from contracts.events import ProtocolStream
from contracts.exit_codes import ExitCode
from contracts.failures import failed_item
from contracts.files import resolve, sha256_file

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
        """An ItemResult with the outputs that exist, hashed and measured."""
        outputs = {}
        for name, ref in item.outputs.items():
            path = self.path(ref)
            if path.exists():
                outputs[name] = OutputFile(ref, sha256_file(path), path.stat().st_size)
        return ItemResult(item.item_id, "succeeded", outputs=outputs, **fields)


class Session(Protocol):
    """A backend with its models loaded; lives as long as the process serves."""

    def run(self, job: Job) -> Iterator[ItemResult]:
        """Work on the items and yield one result for each, in any order, as each is finished."""

    def versions(self) -> Versions: ...


def each_item(
    job: Job, failure_code: str, work: Callable[[Item], ItemResult], threads: int = 1
) -> Iterator[ItemResult]:
    """Run `work` on every item, in order, and keep failures to their own item.

    Args:
        threads: items in work at once; more than one needs a `work` that shares nothing it changes.

    Any exception becomes a failed ItemResult: a StageError with its own code, a MemoryError as
    retryable, everything else with `failure_code` and its traceback on stderr.
    """

    def done(item: Item) -> ItemResult:
        try:
            return work(item)
        except Exception as error:  # noqa: BLE001 - one item's fault must not take the others along
            return failed_item(item.item_id, error, failure_code)

    if threads == 1 or len(job.request.items) == 1:
        yield from map(done, job.request.items)
        return
    with ThreadPoolExecutor(threads) as pool:
        yield from pool.map(done, job.request.items)


@dataclass(frozen=True)
class Backend:
    """One way to do a stage's work.

    Attributes:
        implementation: "package.module:function"; the function takes the device name and opens a Session.
        environment: name of the recipe under `<stage>/environments/`, None needs the standard library only.
        needs: names of weights in the stage's models.json without which it cannot work.
        uses: names of weights that it can use besides, where they are there.
    """

    implementation: str
    environment: str | None = None
    needs: tuple[str, ...] = ()
    uses: tuple[str, ...] = ()
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
