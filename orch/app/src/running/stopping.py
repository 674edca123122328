"""What ends a run before its last photo: a person, too many failures, a full disk."""

from __future__ import annotations

from collections.abc import Iterator

from contracts.envelope import ErrorInfo
from contracts.error_codes import ErrorCode
from orch.app.src.report import PhotoReport


class RunStopped(Exception):
    """The run ends here; what is finished stays. info: why, for the report and the screen."""

    def __init__(self, info: ErrorInfo) -> None:
        super().__init__(info.message)
        self.info = info


class StopPolicy:
    """Counts failures.

    Args:
        max_failures: the failed photo with which a run ends, None for never.
    """

    def __init__(self, max_failures: int | None) -> None:
        self._most = max_failures
        self._failed = 0

    def check_before(self, report: PhotoReport) -> None:
        """Refuse to take a photo for failed where all others would fail in the same way.

        Raises:
            RunStopped: the disk is full.
        """
        for error in _errors(report):
            if error.code == ErrorCode.DISK_FULL:
                raise RunStopped(error)

    def check_after(self, report: PhotoReport) -> None:
        """Count a photo that is recorded.

        Raises:
            RunStopped: there were as many failures as the person allows.
        """
        self._failed += report.status in ("failed", "partial")
        if self._most is not None and self._failed >= self._most:
            number = f"{self._failed} photo{'s' if self._failed > 1 else ''} failed"
            raise RunStopped(ErrorInfo(ErrorCode.TOO_MANY_FAILURES, f"{number}, as many as were allowed"))


def _errors(report: PhotoReport) -> Iterator[ErrorInfo]:
    if report.error:
        yield report.error
    for variation in report.variations:
        for face in variation.faces:
            if face.error:
                yield face.error
