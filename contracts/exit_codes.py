"""Exit codes of every command of the project: documented, stable, the same for all stages."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """What a process says by its exit status; scripts may rely on the numbers."""

    OK = 0
    """All went well; no faces, no closed eyes and honest refusals are included."""
    CRASH = 1
    """Reserved: an uncaught exception of the interpreter itself."""
    USAGE = 2
    """A bad request, bad arguments or a bad configuration."""
    ENVIRONMENT = 3
    """An environment, a dependency or weights are missing or broken, or the contract differs."""
    UNREADABLE_INPUT = 4
    NOTHING_TO_DO = 5
    QUALITY_GATE = 6
    RESOURCE = 7
    """Out of memory, full disk: may be retried."""
    DEADLINE = 8
    SOME_FAILED = 9
    """The orchestrator's: some photos failed, the others are done."""
    INTERNAL = 70
    """A fault of ours, caught and reported."""
    INTERRUPTED = 130
