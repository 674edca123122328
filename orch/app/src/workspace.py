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
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from contracts.error_codes import ErrorCode, StageError
from contracts.exit_codes import ExitCode
from contracts.files import output_error
from orch.app.src.leftovers import LOCK_PREFIX, LOCK_SUFFIX, clear_leftovers
from orch.app.src.run_ids import checked_run_id, timestamp_id
from orch.app.src.run_paths import Layout

_LATEST_START_S = 60
"""How many seconds ahead a free timestamp is looked for when several runs start at once."""

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
        layout = workspace.layout
        clear_leftovers(layout, workspace.batch_id, run_lock)
        if not layout.keeps_intermediates:
            try:
                layout.work.mkdir(parents=True)
            except OSError as error:
                raise output_error(layout.work, error) from error
            stack.callback(shutil.rmtree, layout.work, ignore_errors=True)
        yield workspace


@contextlib.contextmanager
def dry_workspace(layout_of: LayoutOf, run_id: str | None, now: datetime) -> Iterator[Workspace]:
    """A workspace that writes documents alone; all else goes to the system's temporary folder.

    Raises:
        StageError: BAD_RUN_ID, also where a selection of this id is there, which a person may have edited;
            RUN_IN_PROGRESS, OUTPUT_NOT_WRITABLE.
    """
    with (
        contextlib.ExitStack() as stack,
        tempfile.TemporaryDirectory(prefix="open-the-eyes-") as folder,
    ):
        claimed = _claim(stack, layout_of, run_id, now)
        documents, root = claimed.layout.documents, Path(folder)
        selection = claimed.layout.selection(claimed.batch_id)
        if selection.exists():
            raise StageError(
                ErrorCode.BAD_RUN_ID,
                f"{selection} is there already, and may have been edited",
                "choose another --run-id, or remove it",
                ExitCode.USAGE,
            )
        layout = Layout(root / "images", documents, root / "variations", root / "work")
        layout.work.mkdir()
        yield Workspace(claimed.batch_id, layout)


def _claim(stack: contextlib.ExitStack, layout_of: LayoutOf, run_id: str | None, now: datetime) -> Workspace:
    if run_id is not None:
        layout = layout_of(checked_run_id(run_id))
        stack.enter_context(run_lock(layout.documents, run_id))
        return Workspace(run_id, layout)
    for seconds in range(_LATEST_START_S):
        batch_id = timestamp_id(now + timedelta(seconds=seconds))
        layout = layout_of(batch_id)
        if layout.report(batch_id).exists() or layout.selection(batch_id).exists():
            continue
        try:
            stack.enter_context(run_lock(layout.documents, batch_id))
        except StageError as error:
            if error.code != ErrorCode.RUN_IN_PROGRESS:
                raise
            continue
        return Workspace(batch_id, layout)
    raise _in_progress(timestamp_id(now))


@contextlib.contextmanager
def run_lock(documents: Path, batch_id: str) -> Iterator[None]:
    """Hold the lock of a batch.

    Raises:
        StageError: RUN_IN_PROGRESS where another run holds it, OUTPUT_NOT_WRITABLE where the folder
            cannot be written.
    """
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
