"""A run's lock and its private work folder.

The lock is an advisory one (flock) on a file in Output_Json: it goes with the process, so a killed
run never blocks the next. Whoever holds it owns the work folder of the same id.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from contracts.error_codes import ErrorCode, StageError
from contracts.exit_codes import ExitCode
from contracts.files import output_error
from orch.app.src.outputs.leftovers import LOCK_PREFIX, LOCK_SUFFIX, clear_leftovers
from orch.app.src.run_ids import checked_run_id, timestamp_id
from orch.app.src.run_paths import WORK_PREFIX, Layout

_LATEST_START_S = 60
"""How many seconds ahead a free timestamp is looked for when several runs start at once."""
_PATIENCE_S = 0.5
"""How long the lock of a run is waited for: others hold it for a moment to see whether it was left."""
_PAUSE_S = 0.02

LayoutOf = Callable[[str], Layout]


@dataclass(frozen=True)
class Workspace:
    """The batch that is being worked on."""

    batch_id: str
    layout: Layout


@contextlib.contextmanager
def open_workspace(layout_of: LayoutOf, run_id: str | None, now: datetime) -> Iterator[Workspace]:
    """Lock a batch, clear what killed runs left, and remove the work folder at the end, however it ends.

    Args:
        layout_of: folders of a batch by its id.
        run_id: the person's own id; None takes the time of `now`, or the next second that is free.

    Raises:
        StageError: BAD_RUN_ID, RUN_IN_PROGRESS, OUTPUT_NOT_WRITABLE.
    """
    with contextlib.ExitStack() as stack:
        workspace = _claim(stack, layout_of, run_id, now)
        if not workspace.layout.keeps_intermediates:
            _make_work_folder(stack, workspace.layout.work)
        yield workspace


@contextlib.contextmanager
def dry_workspace(layout_of: LayoutOf, run_id: str | None, now: datetime) -> Iterator[Workspace]:
    """A workspace that leaves documents alone; all else goes to a folder beside them that goes with the run.

    Raises:
        StageError: BAD_RUN_ID, also where a selection of this id is there, which a person may have edited;
            RUN_IN_PROGRESS, OUTPUT_NOT_WRITABLE.
    """
    with contextlib.ExitStack() as stack:
        claimed = _claim(stack, layout_of, run_id, now)
        documents = claimed.layout.documents
        selection = claimed.layout.selection(claimed.batch_id)
        if selection.exists():
            raise StageError(
                ErrorCode.BAD_RUN_ID,
                f"{selection} is there already, and may have been edited",
                "choose another --run-id, or remove it",
                ExitCode.USAGE,
            )
        work = documents / f"{WORK_PREFIX}{claimed.batch_id}"
        _make_work_folder(stack, work)
        yield Workspace(claimed.batch_id, Layout(work / "images", documents, work / "variations", work))


def _make_work_folder(stack: contextlib.ExitStack, folder: Path) -> None:
    """Make it, and remove it when the stack is left."""
    try:
        folder.mkdir(parents=True)
    except OSError as error:
        raise output_error(folder, error) from error
    stack.callback(shutil.rmtree, folder, ignore_errors=True)


def _claim(stack: contextlib.ExitStack, layout_of: LayoutOf, run_id: str | None, now: datetime) -> Workspace:
    """Lock a batch, and clear what killed runs left."""
    workspace = _named(stack, layout_of, run_id) if run_id is not None else _free(stack, layout_of, now)
    clear_leftovers(workspace.layout, workspace.batch_id, _lock_at_once)
    return workspace


def _named(stack: contextlib.ExitStack, layout_of: LayoutOf, run_id: str) -> Workspace:
    layout = layout_of(checked_run_id(run_id))
    stack.enter_context(run_lock(layout.documents, run_id))
    return Workspace(run_id, layout)


def _free(stack: contextlib.ExitStack, layout_of: LayoutOf, now: datetime) -> Workspace:
    """The time of `now`, or the next second of which there is no run."""
    for seconds in range(_LATEST_START_S):
        batch_id = timestamp_id(now + timedelta(seconds=seconds))
        layout = layout_of(batch_id)
        with contextlib.ExitStack() as attempt:
            try:
                attempt.enter_context(_lock_at_once(layout.documents, batch_id))
            except StageError as error:
                if error.code != ErrorCode.RUN_IN_PROGRESS:
                    raise
                continue
            # Only who holds the lock knows: a run that wrote these may just have ended.
            taken = (layout.report(batch_id), layout.selection(batch_id), layout.journal(batch_id))
            if not any(path.exists() for path in taken):
                stack.push(attempt.pop_all())
                return Workspace(batch_id, layout)
    raise _in_progress(timestamp_id(now))


@contextlib.contextmanager
def run_lock(documents: Path, batch_id: str) -> Iterator[None]:
    """Hold the lock of a batch.

    Raises:
        StageError: RUN_IN_PROGRESS where another run holds it, OUTPUT_NOT_WRITABLE where the folder
            cannot be written.
    """
    deadline = time.monotonic() + _PATIENCE_S
    with contextlib.ExitStack() as stack:
        while True:
            try:
                stack.enter_context(_lock_at_once(documents, batch_id))
                break
            except StageError as error:
                if error.code != ErrorCode.RUN_IN_PROGRESS or time.monotonic() > deadline:
                    raise
            time.sleep(_PAUSE_S)
        yield


@contextlib.contextmanager
def _lock_at_once(documents: Path, batch_id: str) -> Iterator[None]:
    """The same without patience."""
    path = documents / f"{LOCK_PREFIX}{batch_id}{LOCK_SUFFIX}"
    try:
        documents.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise output_error(path, error) from error
    try:
        _lock(descriptor, path, batch_id)
        try:
            yield
        finally:
            with contextlib.suppress(OSError):
                path.unlink()
    finally:
        os.close(descriptor)


def _lock(descriptor: int, path: Path, batch_id: str) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (errno.EWOULDBLOCK, errno.EACCES):
            raise _in_progress(batch_id) from error
        raise output_error(path, error) from error
    # Its last holder may have removed the file between our opening and our locking it.
    if not path.exists() or not os.path.samestat(os.fstat(descriptor), path.stat()):
        raise _in_progress(batch_id)


def _in_progress(batch_id: str) -> StageError:
    return StageError(
        ErrorCode.RUN_IN_PROGRESS,
        f"another run is working under the id {batch_id!r}",
        "wait for it to end, or choose another --run-id",
        ExitCode.USAGE,
    )
