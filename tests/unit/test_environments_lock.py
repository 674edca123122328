"""One process at a time, also where the file system knows no locks."""

from __future__ import annotations

import errno
import fcntl
import multiprocessing
import os
import time
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from environments import lock
from environments.lock import locked


def _nothing() -> None:
    """Nobody has to be told that we wait."""


def _hold(path: str, pipe: Connection, seconds: float) -> None:
    with locked(Path(path), _nothing):
        pipe.send("held")
        time.sleep(seconds)


def _holder(path: Path, seconds: float) -> multiprocessing.process.BaseProcess:
    """Another process that has the lock now, for so many seconds."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_hold, args=(str(path), there, seconds))
    process.start()
    assert here.recv() == "held"
    return process


def test_the_second_waits_and_says_so_once(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    holder = _holder(path, 0.6)
    waits: list[float] = []
    with locked(path, lambda: waits.append(time.monotonic())):
        waited = time.monotonic() - waits[0]
    holder.join()
    assert len(waits) == 1
    assert waited > 0.1


def test_a_killed_holder_leaves_no_lock(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    holder = _holder(path, 60)
    assert holder.pid
    os.kill(holder.pid, 9)
    holder.join()
    with locked(path, _nothing):
        assert path.exists()


@pytest.fixture
def no_locks(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file system like some network ones."""

    def unsupported(descriptor: int, operation: int) -> None:
        raise OSError(errno.ENOTSUP, "Operation not supported")

    monkeypatch.setattr(fcntl, "flock", unsupported)


@pytest.mark.usefixtures("no_locks")
def test_without_locks_a_file_holds_and_goes(tmp_path: Path) -> None:
    with locked(tmp_path / "lock", _nothing):
        assert (tmp_path / "lock.held").exists()
    assert not (tmp_path / "lock.held").exists()


@pytest.mark.usefixtures("no_locks")
def test_without_locks_the_second_waits_too(tmp_path: Path) -> None:
    held = tmp_path / "lock.held"
    held.touch()
    told: list[bool] = []

    def release() -> None:
        told.append(True)
        held.unlink()

    with locked(tmp_path / "lock", release):
        assert told == [True]


@pytest.mark.usefixtures("no_locks")
def test_without_locks_one_left_behind_does_not_hold_for_ever(tmp_path: Path) -> None:
    held = tmp_path / "lock.held"
    held.touch()
    long_ago = time.time() - lock.STALE_S - 1
    os.utime(held, (long_ago, long_ago))
    with locked(tmp_path / "lock", lambda: pytest.fail("waited for a process that is long gone")):
        assert held.exists()


def test_a_fault_in_the_block_is_not_taken_for_one_of_the_lock(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="mine"), locked(tmp_path / "lock", _nothing):
        raise OSError("mine")
    with locked(tmp_path / "lock", lambda: pytest.fail("the lock was not released")):
        pass
