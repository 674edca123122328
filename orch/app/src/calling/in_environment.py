"""`main()` called by an interpreter that lacks the orchestrator's packages: done by one that has them."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
from collections.abc import Mapping
from typing import Any

from contracts.codec import from_dict
from contracts.envelope import ErrorInfo
from contracts.error_codes import ErrorCode, StageError
from contracts.exit_codes import ExitCode
from environments.places import CHECKOUT

ORCH_FOLDER = CHECKOUT / "orch"
RECIPE = "orch"
MODULE = "orch.app.src.main_process"

PACKAGES = ("msgspec", "rich", "numpy", "PIL", "jinja2")
"""What a run imports in its own process."""


def packages_are_here() -> bool:
    """Whether this interpreter can do a run itself."""
    return all(importlib.util.find_spec(name) for name in PACKAGES)


def call_main(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Call `main(**arguments)` in the orchestrator's environment.

    Raises:
        StageError: as `main` does; ENVIRONMENT_BROKEN where there is no such environment.
    """
    from environments.store import environment_python

    interpreter = environment_python(ORCH_FOLDER, RECIPE)
    environment = dict(os.environ)
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, [str(CHECKOUT), os.environ.get("PYTHONPATH")]))
    child = subprocess.run(
        [str(interpreter), "-m", MODULE],
        input=json.dumps(arguments),
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
        check=False,
    )
    try:
        answer = json.loads(child.stdout)
    except json.JSONDecodeError as error:
        raise StageError(
            ErrorCode.INTERNAL,
            f"the orchestrator's process ended with status {child.returncode} and no answer",
            "what it said is on standard error",
        ) from error
    if "error" in answer:
        info = from_dict(ErrorInfo, answer["error"])
        raise StageError(info.code, info.message, info.hint, ExitCode(answer["exit_code"]), info.retryable)
    results: dict[str, Any] = answer["results"]
    return results
