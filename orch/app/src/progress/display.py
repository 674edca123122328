"""Which way of showing progress suits a run."""

from __future__ import annotations

import sys

from orch.app.src.progress.shown import JsonLines, Lines, Progress


def progress_for(log_format: str) -> Progress:
    """What suits the log format and whether a person is watching."""
    if log_format == "json":
        return JsonLines()
    if sys.stdout.isatty() and sys.stderr.isatty():
        from orch.app.src.progress.bar import Bar

        return Bar()
    return Lines()
