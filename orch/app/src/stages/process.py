"""One serving stage process: started, asked, watched, ended.

Requests go in as JSON lines, events come out as JSON lines (`contracts.events`); standard error is
the stage's log. A process that dies, hangs or breaks the protocol raises `StageDied`, which carries
the items that were finished before.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import queue
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from contracts.codec import ContractError, from_dict, to_dict
from contracts.envelope import ItemResult, Request, Result
from contracts.error_codes import ErrorCode, StageError
from contracts.exit_codes import ExitCode
from contracts.parent import PARENT

OnEvent = Callable[[dict[str, Any]], None]

_LOG_LINES = 3
"""Last lines of a stage's log that go into the message about its death."""
_LOG_TAIL_BYTES = 4096
_ATTENTION_S = 0.5
"""Seconds after which a wait for a stage looks up: a Ctrl-C that comes just before a wait begins does not
end it, and a stage may be silent for minutes."""
_ANY_PIPE_BYTES = 4096
"""Every pipe has room for a page, and a stage that is asked has read all that it was asked before."""
_ITEM_EVENT = b'{"event": "item"'
"""How `contracts.events` begins the line of an item that is finished."""
_ENDING_S = 5.0
"""Seconds between the end of a process's output and its exit status."""


class StageDied(StageError):
    """The process is gone or not to be trusted any more.

    Attributes:
        finished: items answered before.
        killed: somebody else killed it, a person or a system that needed its memory.
    """

    def __init__(self, code: str, message: str, hint: str, exit_code: ExitCode, retryable: bool) -> None:
        super().__init__(code, message, hint, exit_code, retryable)
        self.finished: tuple[ItemResult, ...] = ()
        self.killed = False


class StageProcess:
    """A running `python -m <stage module> serve`, which ends with the thread that started it.

    Args:
        stage: name for messages.
        command: program and arguments.
        environment: environment variables of the process.
        folder: its working folder.
        log: file that its standard error is appended to.
    """

    def __init__(
        self, stage: str, command: Sequence[str], environment: Mapping[str, str], folder: Path, log: Path
    ) -> None:
        self.stage = stage
        self._log = log
        self._events: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        log.parent.mkdir(parents=True, exist_ok=True)
        with open(log, "ab") as stderr:
            self._process = subprocess.Popen(
                command,
                bufsize=0,  # a buffer has a lock, and a writer that waits for the stage would hold it
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
                cwd=folder,
                env={**environment, PARENT: str(os.getpid())},
                start_new_session=True,  # Ctrl-C is ours to handle
            )
        self._reader = threading.Thread(target=self._read, name=f"{stage}-events", daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        return self._process.pid

    def ask(self, request: Request, deadline_s: float, on_event: OnEvent) -> Result:
        """Send a request and wait for its result.

        Args:
            on_event: called with every event but items and the result, as it comes.

        Raises:
            StageDied: crash, deadline, or an answer that breaks the protocol; the process is ended.
        """
        finished: list[bytes] = []
        try:
            line = json.dumps(to_dict(request), ensure_ascii=True, allow_nan=False).encode() + b"\n"
            if len(line) <= _ANY_PIPE_BYTES:
                self._send(line)
            else:  # a stage that does not read must not hold us up
                threading.Thread(target=self._send, args=(line,), daemon=True).start()
            return self._answer(request, time.monotonic() + deadline_s, deadline_s, on_event, finished)
        except StageDied as death:
            death.finished = _items(finished, request)
            self.kill()
            raise

    def kill(self) -> None:
        """End the process, with whatever it started.

        Not by the end of its input: what it answered is on the disk, and an interpreter takes a tenth of a
        second to tidy up.
        """
        if self._process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        with contextlib.suppress(OSError):
            if self._process.stdin:
                self._process.stdin.close()

    def _send(self, line: bytes) -> None:
        assert self._process.stdin is not None
        rest = memoryview(line)
        with contextlib.suppress(BrokenPipeError, ValueError):  # it died, as its events tell, or was ended
            while rest:
                rest = rest[self._process.stdin.write(rest) :]

    def _read(self) -> None:
        assert isinstance(self._process.stdout, io.FileIO)  # without a buffer, see above
        with io.BufferedReader(self._process.stdout) as lines:
            for line in lines:
                self._events.put(line)
        self._events.put(None)

    def _answer(
        self,
        request: Request,
        deadline: float,
        deadline_s: float,
        on_event: OnEvent,
        finished: list[bytes],
    ) -> Result:
        while True:
            left_s = deadline - time.monotonic()
            try:
                line = self._events.get(timeout=max(0.0, min(left_s, _ATTENTION_S)))
            except queue.Empty:
                if left_s > _ATTENTION_S:
                    continue
                raise self._late(deadline_s, len(request.items)) from None
            if line is None:
                raise self._dead()
            if line.startswith(_ITEM_EVENT):  # the result repeats it; read only where none comes
                finished.append(line)
                continue
            event = self._event(line)
            if event is None:
                continue
            if event["event"] == "result":
                return self._result(event, request)
            on_event(event)

    def _event(self, line: bytes) -> dict[str, Any] | None:
        """The event of a line; None for what a library printed, which goes to the log."""
        try:
            event = json.loads(line)
        except ValueError:
            event = None
        if isinstance(event, dict) and isinstance(event.get("event"), str):
            return event
        if b'"event"' in line:
            raise self._broken("a line of its answer is not valid JSON")
        with open(self._log, "ab") as log:
            log.write(line)
        return None

    def _result(self, event: dict[str, Any], request: Request) -> Result:
        result: Result = self._decoded(Result, event, "result")
        if result.request_id not in (request.request_id, ""):  # "" answers what could not be read
            raise self._broken(f"it answered request {result.request_id!r} instead of {request.request_id!r}")
        return result

    def _decoded(self, cls: type[Any], event: dict[str, Any], key: str) -> Any:
        try:
            return from_dict(cls, event.get(key), key)
        except ContractError as error:
            raise self._broken(str(error)) from error

    def _dead(self) -> StageDied:
        try:
            status = self._process.wait(_ENDING_S)
        except subprocess.TimeoutExpired:
            return self._broken("it closed its output and went on")
        if status == 0:
            return self._died(ErrorCode.STAGE_NO_RESULT, "ended without an answer", ExitCode.INTERNAL)
        if status > 0:
            how = f"crashed with exit status {status}"
            environment = status == ExitCode.ENVIRONMENT
            return self._died(
                ErrorCode.ENVIRONMENT_BROKEN if environment else ErrorCode.STAGE_CRASHED,
                how,
                ExitCode.ENVIRONMENT if environment else ExitCode.INTERNAL,
            )
        name = signal.Signals(-status).name
        killed = -status == signal.SIGKILL
        memory = "; the system may have been out of memory" if killed else ""
        death = self._died(ErrorCode.STAGE_CRASHED, f"was killed by {name}{memory}", ExitCode.INTERNAL)
        death.killed = killed
        return death

    def _late(self, deadline_s: float, items: int) -> StageDied:
        # One item that hung would hang again; among several only one of them did.
        return self._died(
            ErrorCode.STAGE_DEADLINE,
            f"did not answer within {deadline_s:g} s",
            ExitCode.DEADLINE,
            retryable=items > 1,
        )

    def _broken(self, reason: str) -> StageDied:
        return self._died(ErrorCode.STAGE_NO_RESULT, f"broke the protocol: {reason}", ExitCode.INTERNAL)

    def _died(self, code: str, what: str, exit_code: ExitCode, retryable: bool = True) -> StageDied:
        said = self._last_words()
        hint = f"It said: {said}" if said else "run with --verbose to keep its log"
        return StageDied(code, f"stage {self.stage} {what}", hint, exit_code, retryable)

    def _last_words(self) -> str:
        with open(self._log, "rb") as log:
            log.seek(0, 2)
            log.seek(max(0, log.tell() - _LOG_TAIL_BYTES))
            lines = log.read().decode(errors="replace").split("\n")
        return " | ".join([line.strip() for line in lines if line.strip()][-_LOG_LINES:])


def _items(lines: Sequence[bytes], request: Request) -> tuple[ItemResult, ...]:
    """Items that a stage finished before it died; a line that broke off tells of none."""
    items = []
    for line in lines:
        with contextlib.suppress(ValueError, ContractError):
            event = json.loads(line)
            if event.get("request_id") == request.request_id:
                items.append(from_dict(ItemResult, event.get("item"), "item"))
    return tuple(items)
