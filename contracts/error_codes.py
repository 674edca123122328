"""Stable error codes. The first six are those of the original design; none is ever renumbered."""

from __future__ import annotations

from contracts.exit_codes import ExitCode


class ErrorCode:
    """Values of `error.code` in results and reports."""

    FACE_DETECTION_FAILED = "FACE_DET_001"
    NO_CLOSED_EYES = "NO_EYES_001"
    CROP_GENERATION_FAILED = "CROP_001"
    GENERATION_FAILED = "GEN_001"
    BLEND_FAILED = "BLEND_001"
    RESTORATION_FAILED = "RES_001"

    FINISHING_FAILED = "RES_002"
    PRE_ENHANCEMENT_FAILED = "PREENH_001"
    NO_FACES = "NO_FACE_001"
    EYE_NOT_OPENED = "VERIFY_001"
    INPUT_MISSING = "INPUT_001"
    INPUT_NOT_AN_IMAGE = "INPUT_002"
    INPUT_TRUNCATED = "INPUT_003"
    INPUT_TOO_LARGE = "INPUT_004"
    INPUT_UNSUPPORTED = "INPUT_005"
    OUTPUT_NOT_WRITABLE = "OUTPUT_001"
    DISK_FULL = "OUTPUT_002"
    OUT_OF_MEMORY = "MEMORY_001"
    BAD_ARGUMENTS = "ARGS_001"
    BAD_CONFIG = "CONFIG_001"
    BAD_RUN_ID = "RUN_001"
    RUN_IN_PROGRESS = "RUN_002"
    TOO_MANY_FAILURES = "RUN_003"
    BAD_SELECTION = "SELECT_001"
    SELECTION_MISMATCH = "SELECT_002"
    ENVIRONMENT_BROKEN = "ENV_001"
    WEIGHTS_MISSING = "MODEL_001"
    WEIGHTS_CHECKSUM = "MODEL_002"
    DOWNLOAD_FAILED = "MODEL_003"
    LICENCE_REFUSED = "MODEL_004"
    WEIGHTS_UNUSABLE = "MODEL_005"
    NO_GPU = "DEVICE_001"
    BAD_REQUEST = "CONTRACT_001"
    CONTRACT_VERSION = "CONTRACT_002"
    STAGE_CRASHED = "STAGE_001"
    STAGE_DEADLINE = "STAGE_002"
    STAGE_NO_RESULT = "STAGE_003"
    STAGE_OUTPUT_MISMATCH = "STAGE_004"
    INTERRUPTED = "RUN_130"
    INTERNAL = "INTERNAL_001"


class StageError(Exception):
    """An expected failure: one clear line, a stable code and the exit code that goes with it.

    Attributes:
        code: one of `ErrorCode`.
        message: what happened and where, one line.
        hint: what to do about it, one line, may be empty.
        exit_code: the process's exit status where this error ends it.
        retryable: whether the same work may succeed when tried again.
    """

    def __init__(
        self,
        code: str,
        message: str,
        hint: str = "",
        exit_code: ExitCode = ExitCode.INTERNAL,
        retryable: bool = False,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint
        self.exit_code = exit_code
        self.retryable = retryable

    def line(self) -> str:
        """The one line a person reads: `message [CODE]. hint`."""
        return f"{self.message} [{self.code}]" + (f". {self.hint}" if self.hint else "")
