"""One request and one result of every stage, exactly as they go over the wire.

    python -m tests.contract.wire_messages --write     # after a change that is meant

A difference means that orchestrators and stages of different versions may not understand each other:
think of `contracts.CONTRACT` before writing.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from contracts.codec import to_dict
from contracts.envelope import Request, Result
from orch.app.src.calling.options import Override
from orch.app.src.stage_registry import FINISHER, STAGES
from tests.unit.orch_fakes import FakeStage, World, face, restoring, run

FINISH = FINISHER[1]
SNAPSHOTS = Path(__file__).resolve().parent / "wire"


def wire_messages(folder: Path) -> dict[str, dict[str, Any]]:
    """Subject -> {"request", "result"} of a run with a wink, one variation and every option that shows."""
    world = World({"a.jpg": (face(0, "open", "closed"),)}, declines={"mirror": "the head is turned too far"})
    verbose = Override("--verbose", ("processing", "verbose"), True)
    with restoring(folder / "codeformer.pth"):
        run(world, folder, run_id="run", num_variations=1, overrides=(verbose,))
    messages: dict[str, dict[str, Any]] = {}
    for request in world.requests:
        subject = FINISH if request.backend == FINISH else request.stage
        if request.items and subject not in messages:
            result = FakeStage(STAGES[request.stage], world).ask(request, 1.0, lambda event: None)
            messages[subject] = _plain(request, result, folder)
    return messages


def _plain(request: Request, result: Result, folder: Path) -> dict[str, Any]:
    """With the machine's own paths taken out, and what a picture says of its making, which times."""
    message = {"request": to_dict(request), "result": to_dict(result)}
    message["request"]["roots"] = {
        name: "/models" if name == "models" else path.replace(str(folder), "/run")
        for name, path in message["request"]["roots"].items()
    }
    for item in message["request"]["items"]:
        if "provenance" in item["params"]:
            item["params"]["provenance"] = dict.fromkeys(item["params"]["provenance"], "")
    return message


def text(message: dict[str, Any]) -> str:
    return json.dumps(message, indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    assert sys.argv[1:] == ["--write"], __doc__
    SNAPSHOTS.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        for stage, made in wire_messages(Path(name)).items():
            (SNAPSHOTS / f"{stage}.json").write_text(text(made), encoding="utf-8")
