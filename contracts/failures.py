"""From exceptions to what is told: ErrorInfo, failed items, exit codes."""

from __future__ import annotations

import logging

from contracts.codec import ContractError
from contracts.envelope import ErrorInfo, ItemResult
from contracts.error_codes import ErrorCode, StageError
from contracts.exit_codes import ExitCode

LOG = logging.getLogger(__name__)
"""Takes the traceback of what nobody expected; the command line decides whether it is shown."""


def failed_item(item_id: str, error: Exception, failure_code: str) -> ItemResult:
    """The failed ItemResult of an exception."""
    return ItemResult(item_id, "failed", error=error_info(error, failure_code))


def error_info(error: Exception, failure_code: str) -> ErrorInfo:
    if isinstance(error, StageError):
        return ErrorInfo(error.code, error.message, error.hint, error.retryable)
    if isinstance(error, ContractError):
        return ErrorInfo(ErrorCode.BAD_REQUEST, str(error))
    if isinstance(error, MemoryError):
        return ErrorInfo(
            ErrorCode.OUT_OF_MEMORY, "out of memory", "close other programs or use a smaller photo", True
        )
    LOG.error("unexpected", exc_info=error)
    return ErrorInfo(failure_code, f"{type(error).__name__}: {error}", "please report this with the log")


def stage_error(error: ErrorInfo) -> StageError:
    """An error that was told, to be raised."""
    return StageError(error.code, error.message, error.hint, exit_code_for(error), error.retryable)


def exit_code_for(error: ErrorInfo | None) -> ExitCode:
    """Exit status of a process whose only work ended with this error."""
    if error is None:
        return ExitCode.OK
    by_prefix = {
        "INPUT": ExitCode.UNREADABLE_INPUT,
        "CONTRACT_001": ExitCode.USAGE,
        "CONTRACT_002": ExitCode.ENVIRONMENT,
        "ARGS": ExitCode.USAGE,
        "CONFIG": ExitCode.USAGE,
        "RUN_130": ExitCode.INTERRUPTED,
        "RUN_": ExitCode.USAGE,
        "ENV": ExitCode.ENVIRONMENT,
        "MODEL": ExitCode.ENVIRONMENT,
        "DEVICE": ExitCode.ENVIRONMENT,
        "OUTPUT": ExitCode.RESOURCE,
        "MEMORY": ExitCode.RESOURCE,
        "NO_EYES": ExitCode.NOTHING_TO_DO,
        "NO_FACE": ExitCode.NOTHING_TO_DO,
        "VERIFY": ExitCode.QUALITY_GATE,
        "STAGE_002": ExitCode.DEADLINE,
    }
    for prefix, code in by_prefix.items():
        if error.code.startswith(prefix):
            return code
    return ExitCode.INTERNAL
