"""`--resume`: which run is taken up, and which of its photos are done."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from contracts.codec import from_dict
from contracts.error_codes import ErrorCode, StageError
from contracts.exit_codes import ExitCode
from contracts.files import sha256_file
from orch.app.src.journal import JOURNAL_FORMAT, PREFIX, SUFFIX, record_at, records
from orch.app.src.report import PhotoReport, WrittenFile

FINISHED = ("edited", "unchanged")
"""States that need no second try; failed and partial photos are done again."""


class PastRun:
    """What the journal of an earlier call of the run says; empty where there is none.

    Args:
        path: the journal, None for no earlier call.

    Attributes:
        began: ISO time at which the run began, "" where there was none.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._done: dict[str, int] = {}
        self.began = ""
        for place, record in records(path) if path else ():
            if record["kind"] == "run" and not self.began:
                self.began = str(_checked(record, path)["started"])
            elif record["kind"] == "photo" and record["report"]["status"] in FINISHED:
                self._done[record["key"]] = place

    def done(self, key: str) -> PhotoReport | None:
        """The report of a photo that is done, with its pictures whole and in their places."""
        place = self._done.get(key)
        if place is None or self._path is None:
            return None
        report = from_dict(PhotoReport, record_at(self._path, place)["report"])
        written = [v.output for v in report.variations if v.output]
        written += [report.copied_to] if report.copied_to else []
        return report if all(_is_whole(file) for file in written) else None


def _is_whole(written: WrittenFile) -> bool:
    path = Path(written.path)
    return path.is_file() and sha256_file(path) == written.sha256


def last_run(documents: Path) -> str | None:
    """The id of the run of an output folder that was worked on last, None where there is none."""
    journals = sorted(documents.glob(f"{PREFIX}*{SUFFIX}"), key=lambda path: path.stat().st_mtime_ns)
    return journals[-1].name.removeprefix(PREFIX).removesuffix(SUFFIX) if journals else None


def _checked(header: dict[str, Any], path: Path | None) -> dict[str, Any]:
    if header.get("format") != JOURNAL_FORMAT:
        raise StageError(
            ErrorCode.BAD_RUN_ID,
            f"the journal {path} is of format {header.get('format')!r}, not {JOURNAL_FORMAT!r}",
            "leave out --resume, or name another run",
            ExitCode.USAGE,
        )
    return header
