"""One request to a stage process that serves, and its result."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from contracts.codec import from_dict, to_dict
from contracts.envelope import Request
from environments.reexec import child_environment
from tests.photos import CHECKOUT


def answers(
    python: Path,
    module: str,
    *,
    stage: str,
    backend: str,
    items: Sequence[Mapping[str, Any]],
    roots: Mapping[str, str],
    params: Mapping[str, Any],
    patience_s: float,
) -> dict[str, Any]:
    """The result of one request, as JSON; the process ends with its input."""
    document = {
        "contract": "1", "request_id": "r", "run_id": "r", "stage": stage, "backend": backend,
        "items": list(items), "roots": dict(roots), "params": dict(params),
    }  # fmt: skip
    request = to_dict(from_dict(Request, document, "request"))
    done = subprocess.run(
        [str(python), "-m", module, "serve", "--backend", backend],
        cwd=CHECKOUT,
        env=child_environment(),
        input=json.dumps(request) + "\n",
        capture_output=True,
        text=True,
        check=False,
        timeout=patience_s,
    )
    events = [json.loads(line) for line in done.stdout.splitlines()]
    (result,) = (event for event in events if event["event"] == "result")
    return dict(result.get("result", result))
