"""What a report says of the ways in which a stage could have worked."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class BackendReport:
    """One way to do a stage's work: whether it could be used here, whether it was, and why."""

    stage: str
    backend: str
    usable: bool
    chosen: bool
    why: str
