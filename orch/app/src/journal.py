"""The journal of a run: what is done, on disk before the next thing begins.

`Output_Json/journal_{run}.jsonl`, a JSON object a line, only ever appended to:

    {"kind": "run", ...}      the run began, or was taken up or done again
    {"kind": "donors", ...}   whose eyes may go where
    {"kind": "photo", ...}    a photo is done: its key and its report

A line that a killed run left torn is no record; it goes when the journal is opened again. Nor is any other
line that cannot be read.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

from contracts.error_codes import StageError
from contracts.files import output_error

JOURNAL_FORMAT = "1"
PREFIX, SUFFIX = "journal_", ".jsonl"


class Journal:
    """An open journal; a context manager.

    Args:
        path: made where it is missing.

    Raises:
        StageError: it cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
            os.ftruncate(self._descriptor, _whole_bytes(path))
            _sync_folder(path.parent)
        except OSError as error:
            raise output_error(path, error) from error

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._descriptor)

    def write(self, kind: str, **fields: Any) -> None:
        """Append a record; it is on disk when this returns.

        Raises:
            StageError: DISK_FULL, OUTPUT_NOT_WRITABLE; what was written of it is no record.
        """
        line = json.dumps({"kind": kind, **fields}, ensure_ascii=True, allow_nan=False) + "\n"
        before = os.fstat(self._descriptor).st_size
        try:
            rest = line.encode()
            while rest:
                rest = rest[os.write(self._descriptor, rest) :]
            os.fsync(self._descriptor)
        except OSError as error:
            os.ftruncate(self._descriptor, before)
            raise self._error(error) from error

    def _error(self, error: OSError) -> StageError:
        return output_error(self._path, error)


def records(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Whole records of a journal, each with the place of its line.

    Nothing where no journal can be read; who opens it to write is told why.
    """
    try:
        with open(path, "rb") as lines:
            place = 0
            for line in lines:
                record = _record(line)
                if record:
                    yield place, record
                place += len(line)
    except OSError:
        return


def record_at(path: Path, place: int) -> dict[str, Any]:
    """The record whose line begins there."""
    with open(path, "rb") as lines:
        lines.seek(place)
        record: dict[str, Any] = json.loads(lines.readline())
        return record


def _record(line: bytes) -> dict[str, Any] | None:
    if not line.endswith(b"\n"):
        return None
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return record if isinstance(record, dict) else None


def _whole_bytes(path: Path) -> int:
    """Where the last whole line ends."""
    end = 0
    with open(path, "rb") as lines:
        for line in lines:
            if line.endswith(b"\n"):
                end += len(line)
    return end


def _sync_folder(folder: Path) -> None:
    """Make the name of a new file last."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
