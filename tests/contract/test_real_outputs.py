"""What the real stages write about the sample fits the schemas, from the first look to the last."""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from contracts.codec import to_dict
from contracts.envelope import Request, Result, StageName
from contracts.execution import execute as execute_stage
from contracts.json_schema import DOCUMENTS, document_schema
from environments.places import CHECKOUT
from orch.app.src.calling.options import Override, RunOptions
from orch.app.src.running.run import execute
from orch.app.src.stage_registry import StageEntry
from orch.app.src.stages.process import OnEvent
from tests.unit.orch_fakes import World, surroundings

SAMPLE = CHECKOUT / "Input_Images" / "portrait_one_closed.jpg"


class InProcess:
    """A stage's own code, without a process."""

    def __init__(self, entry: StageEntry, seen: list[tuple[Request, Result]]) -> None:
        self._stage = importlib.import_module(entry.module).STAGE
        self._sessions: dict[str, Any] = {}
        self._seen = seen

    def ask(self, request: Request, deadline_s: float, on_event: OnEvent) -> Result:
        result = execute_stage(self._stage, request, self._sessions)
        self._seen.append((request, result))
        return result

    def kill(self) -> None:
        """Nothing runs."""


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, list[tuple[Request, Result]]]]:
    folder = tmp_path_factory.mktemp("run")
    seen: list[tuple[Request, Result]] = []

    def launch(entry: StageEntry, backend: str) -> InProcess:
        return InProcess(entry, seen)

    options = RunOptions(
        inputs=(str(SAMPLE),),
        base=folder,
        output=folder,
        run_id="r",
        num_variations=1,
        overrides=(Override("--verbose", ("processing", "verbose"), True),),
    )
    report = execute(options, surroundings(World({}), launcher=lambda *_: launch), started=0.0)
    assert report.photos[0].status == "edited"
    yield folder, seen


def validate(document: Any, name: str) -> None:
    Draft202012Validator(document_schema(DOCUMENTS[name])).validate(document)


def test_requests_and_results(kept: tuple[Path, list[tuple[Request, Result]]]) -> None:
    stages: set[StageName] = set()
    for request, result in kept[1]:
        stages.add(request.stage)
        validate(json.loads(json.dumps(to_dict(request))), "request")
        validate(json.loads(json.dumps(to_dict(result))), "result")
        for item in result.items:
            subject = "finish" if request.backend == "finish" else request.stage
            if item.data and f"{subject}_item_data" in DOCUMENTS:
                validate(json.loads(json.dumps(item.data)), f"{subject}_item_data")
    assert stages == {"preenh", "face", "crop", "gen", "blend", "res"}


def test_documents(kept: tuple[Path, list[tuple[Request, Result]]]) -> None:
    documents = kept[0] / "Output_Json"
    for pattern, name in (
        ("face_*.json", "face_document"),
        ("verify_*.json", "face_document"),
        ("crop_0_*.json", "crop_document"),
    ):
        found = list(documents.glob(pattern))
        assert found, pattern
        for path in found:
            validate(json.loads(path.read_text(encoding="utf-8")), name)


def test_manifests_of_all_stages() -> None:
    found = sorted(CHECKOUT.glob("*/models.json"))
    assert found
    for path in found:
        validate(json.loads(path.read_text(encoding="utf-8")), "model_manifest")
