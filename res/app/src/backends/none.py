"""Backend `none`: restores nothing and says why, so that a run without weights stays honest."""

from __future__ import annotations

import platform
from collections.abc import Iterator

from contracts.envelope import ItemResult, Notice, Versions
from contracts.error_codes import ErrorCode
from contracts.res import NOT_RESTORED
from contracts.stage import Job, Session

REASON = Notice(ErrorCode.WEIGHTS_MISSING, NOT_RESTORED)


class NoRestoration:
    """Answers every item "skipped": the picture stays as it was blended."""

    def run(self, job: Job) -> Iterator[ItemResult]:
        for item in job.request.items:
            yield ItemResult(item.item_id, "skipped", warnings=(REASON,))

    def versions(self) -> Versions:
        return Versions(python=platform.python_version())


def open_session(device: str) -> Session:
    """`device` is not used: there is nothing to compute on one."""
    return NoRestoration()
