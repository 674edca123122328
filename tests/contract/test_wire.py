"""The wire messages of every stage are pinned."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from contracts.codec import from_dict, to_dict
from contracts.envelope import Request, Result
from contracts.json_schema import DOCUMENTS, document_schema
from orch.app.src.stage_registry import STAGES
from tests.contract.wire_messages import SNAPSHOTS, text, wire_messages


def snapshot(stage: str) -> str:
    return (SNAPSHOTS / f"{stage}.json").read_text(encoding="utf-8")


def test_messages_are_those_of_the_snapshots(tmp_path: Path) -> None:
    for stage, message in wire_messages(tmp_path).items():
        assert text(message) == snapshot(stage), f"{stage}: see tests/contract/wire_messages.py"


@pytest.mark.parametrize("stage", STAGES)
def test_every_stage_has_one_and_both_sides_read_it(stage: str) -> None:
    message = json.loads(snapshot(stage))
    for key, cls in (("request", Request), ("result", Result)):
        assert to_dict(from_dict(cls, message[key])) == message[key]
        Draft202012Validator(document_schema(cls)).validate(message[key])


@pytest.mark.parametrize("stage", STAGES)
def test_parameters_fit_the_stages_own_dataclasses(stage: str) -> None:
    request = from_dict(Request, json.loads(snapshot(stage))["request"])
    from_dict(DOCUMENTS[f"{stage}_params"], request.params)
    for item in request.items:
        from_dict(DOCUMENTS[f"{stage}_item_params"], item.params)
