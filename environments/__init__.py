"""Environments that stages run in: found, built once, checked, re-executed. Standard library only.

Used by the door, the orchestrator and the stages' own modules. Imports nothing of the project.
"""

from __future__ import annotations

EXIT_ENVIRONMENT = 3
"""Exit status where an environment is missing; `contracts.exit_codes.ExitCode.ENVIRONMENT`."""

ERROR_CODE = "ENV_001"
"""Stable code of that; `contracts.error_codes.ErrorCode.ENVIRONMENT_BROKEN`."""

NO_TELEMETRY = {"ORT_DISABLE_TELEMETRY": "1", "HF_HUB_DISABLE_TELEMETRY": "1"}
"""Variables that keep packages from sending anything.

ONNX Runtime, as soon as it is imported, writes a number for this machine into the user's cache and sends
it to Microsoft together with what is run (its Privacy.md; so does 1.31 on Linux).
"""


class EnvironmentBroken(Exception):
    """An environment cannot be had.

    Attributes:
        message: what happened, one line.
        hint: what to do, one line.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def line(self) -> str:
        """The one line that a person reads."""
        return f"error: {self.message} [{ERROR_CODE}]" + (f". {self.hint}" if self.hint else "")
