"""What killed runs left behind: work folders, locks, half-written files."""

from __future__ import annotations

import contextlib
import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path, PurePosixPath

from contracts.error_codes import StageError
from contracts.files import TEMPORARY_PREFIX
from orch.app.src.run_paths import WORK_PREFIX, Layout

LOCK_PREFIX, LOCK_SUFFIX = f"{TEMPORARY_PREFIX}run-", ".lock"
STAGE_FOLDERS = ("developed", "face", "crop", "gen", "blend", "res")
"""Below the images, in a verbose run."""

LockOf = Callable[[Path, str], AbstractContextManager[None]]
"""(documents, batch id) -> its lock; StageError where another run holds it."""


def clear_leftovers(layout: Layout, own_id: str, lock_of: LockOf) -> None:
    """Remove work folders and locks of runs that are no longer there; a run in progress keeps its own."""
    folders = [*layout.images.glob(f"{WORK_PREFIX}*"), *layout.documents.glob(f"{WORK_PREFIX}*")]
    for folder in folders:
        batch_id = folder.name.removeprefix(WORK_PREFIX)
        lock = contextlib.nullcontext() if batch_id == own_id else lock_of(layout.documents, batch_id)
        with contextlib.suppress(StageError), lock:
            shutil.rmtree(folder, ignore_errors=True)
    for batch_id in _other_runs(layout, own_id):
        with contextlib.suppress(StageError), lock_of(layout.documents, batch_id):
            pass  # the lock goes when it is let go


def clear_temporaries(layout: Layout, own_id: str, subfolders: Iterable[PurePosixPath]) -> None:
    """Remove half-written files where this run writes.

    They have no owner's name, so none is touched while another run works here, and none that is newer
    than this call: it may belong to a run that has just begun.

    Args:
        subfolders: of photos, mirrored below the images.
    """
    now = time.time()
    if any(_other_runs(layout, own_id)):  # those that were left were cleared before
        return
    for path in _temporaries(layout, subfolders):
        with contextlib.suppress(OSError):
            if path.stat().st_mtime < now:
                path.unlink()


def clear_selected(folder: Path) -> None:
    """Remove half-written files of the command `select`; nobody else writes into its folder.

    Args:
        folder: of a run whose lock is held.
    """
    for path in _files(folder.rglob(f"{TEMPORARY_PREFIX}*")):
        with contextlib.suppress(OSError):
            path.unlink()


def _temporaries(layout: Layout, subfolders: Iterable[PurePosixPath]) -> Iterator[Path]:
    pattern = f"{TEMPORARY_PREFIX}*"
    for subfolder in {PurePosixPath(), *subfolders}:
        yield from _files((layout.images / subfolder).glob(pattern))
    trees = [layout.documents, layout.variations]
    if layout.keeps_intermediates:
        trees += [layout.images / name for name in STAGE_FOLDERS]
    for tree in trees:
        yield from _files(tree.rglob(pattern))


def _files(paths: Iterable[Path]) -> Iterator[Path]:
    return (p for p in paths if not p.name.startswith(LOCK_PREFIX) and p.is_file())


def _other_runs(layout: Layout, own_id: str) -> list[str]:
    """Ids of the other runs that have a lock here, held or left."""
    names = (path.name for path in layout.documents.glob(f"{LOCK_PREFIX}*{LOCK_SUFFIX}"))
    ids = [name.removeprefix(LOCK_PREFIX).removesuffix(LOCK_SUFFIX) for name in names]
    return [batch_id for batch_id in ids if batch_id != own_id]
