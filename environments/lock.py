"""One process at a time, over processes and machines that share a folder."""

from __future__ import annotations

import contextlib
import errno
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

_HELD = {errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES, errno.EDEADLK, getattr(errno, "EDEADLOCK", 0)}
"""What `flock` and `msvcrt.locking` answer while another process has the lock."""

_POLL_S = 0.2
STALE_S = 3600.0
"""A lock file without the system's locking counts as left behind after this; no build takes so long."""


@contextlib.contextmanager
def locked(path: Path, waiting: Callable[[], None]) -> Iterator[None]:
    """Hold a lock; the system releases it when the process ends, however it ends.

    File systems that know no locks get a file that exists while the lock is held. A killed process
    leaves it behind, so it counts for an hour only.

    Args:
        path: lock file; made, never removed.
        waiting: called once where another process has the lock.

    Raises:
        OSError: the file cannot be made.
    """
    with open(path, "a") as handle:
        told = False
        while (state := _try(handle.fileno())) == "held":
            if not told:
                waiting()
                told = True
            time.sleep(_POLL_S)
        if state == "ours":
            yield
            return
    with _by_existence(path.with_name(path.name + ".held"), waiting):
        yield


def _try(descriptor: int) -> str:
    """Take the lock if it is free: "ours", "held" by another, or "unknown" to this file system."""
    try:
        if os.name == "nt":
            import msvcrt

            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        return "held" if error.errno in _HELD else "unknown"
    return "ours"


@contextlib.contextmanager
def _by_existence(path: Path, waiting: Callable[[], None]) -> Iterator[None]:
    told = False
    while True:
        try:
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
            break
        except FileExistsError:
            with contextlib.suppress(FileNotFoundError):  # released in this moment
                if time.time() - path.stat().st_mtime > STALE_S:
                    path.unlink()
                    continue
        if not told:
            waiting()
            told = True
        time.sleep(_POLL_S)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
