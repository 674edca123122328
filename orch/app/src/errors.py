"""From exceptions to words and exit codes, in one place."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Sequence
from typing import TextIO

from contracts.codec import ContractError
from contracts.envelope import ErrorInfo
from contracts.error_codes import ErrorCode, StageError
from contracts.exit_codes import ExitCode
from contracts.failures import exit_code_for
from environments import EnvironmentBroken
from orch.app.src.report import PhotoReport
from orch.app.src.visible_text import visible


def described(error: BaseException) -> ErrorInfo:
    """Code, message and hint of an exception, for reports and the screen."""
    if isinstance(error, StageError):
        return ErrorInfo(error.code, error.message, error.hint, error.retryable)
    if isinstance(error, ContractError):
        return ErrorInfo(ErrorCode.BAD_REQUEST, str(error))
    if isinstance(error, EnvironmentBroken):
        return ErrorInfo(ErrorCode.ENVIRONMENT_BROKEN, error.message, error.hint)
    if isinstance(error, KeyboardInterrupt):
        return ErrorInfo(ErrorCode.INTERRUPTED, "interrupted")
    if isinstance(error, MemoryError):
        return ErrorInfo(
            ErrorCode.OUT_OF_MEMORY, "out of memory", "use smaller photos or close other programs"
        )
    return ErrorInfo(
        ErrorCode.INTERNAL,
        f"{type(error).__name__}: {error}",
        "this is our fault: please report it, with what --verbose shows",
    )


def exit_code_of(error: BaseException) -> ExitCode:
    """Exit status of a run that ended with this exception."""
    if isinstance(error, StageError):
        return error.exit_code
    return exit_code_for(described(error))


def exit_code_of_run(
    photos: Sequence[PhotoReport], problems: Sequence[ErrorInfo], stopped: ErrorInfo | None
) -> ExitCode:
    """Exit status of a run that came to its end, or was stopped.

    A run about one thing that failed ends with the code of that failure; one about several with
    SOME_FAILED. No faces, no closed eyes and honest refusals are success.
    """
    if stopped:
        too_many = stopped.code == ErrorCode.TOO_MANY_FAILURES
        return ExitCode.SOME_FAILED if too_many else exit_code_for(stopped)
    errors = [photo.error for photo in photos if photo.status == "failed"] + list(problems)
    if not errors:
        return ExitCode.SOME_FAILED if any(p.status == "partial" for p in photos) else ExitCode.OK
    if len(photos) + len(problems) == 1:
        return exit_code_for(errors[0])
    return ExitCode.SOME_FAILED


def line(error: ErrorInfo) -> str:
    """The one line that a person reads."""
    return f"{error.message} [{error.code}]" + (f". {error.hint}" if error.hint else "")


def tell(error: BaseException, tracebacks: bool, stream: TextIO | None = None) -> ExitCode:
    """Print one clear line, the traceback only where it is wanted, and return the exit status."""
    stream = stream or sys.stderr
    if tracebacks:
        traceback.print_exception(error, file=stream)
    print(f"error: {visible(line(described(error)))}", file=stream)
    return exit_code_of(error)
