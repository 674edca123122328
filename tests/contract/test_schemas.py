"""Schemas and codec say the same about every document of the contract."""

from __future__ import annotations

import dataclasses
import json
import types
from collections.abc import Mapping
from typing import Any, Literal, Union, get_args, get_origin

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from contracts.codec import ContractError, from_dict, to_dict, type_hints
from contracts.envelope import ErrorInfo, ItemResult
from contracts.json_schema import DOCUMENTS, VIEWERS_LEFT, document_schema, main, stale_files
from contracts.model_manifest import ModelEntry, ModelFile
from contracts.res import RestoreParams

NAMES = sorted(DOCUMENTS)
SCALARS: dict[Any, st.SearchStrategy[Any]] = {
    bool: st.booleans(),
    int: st.integers(-(2**53), 2**53),
    float: st.floats(allow_nan=False, allow_infinity=False),
    str: st.text(max_size=8),
    type(None): st.none(),
    Any: st.none() | st.booleans() | st.text(max_size=4),
}


def values_of(hint: Any) -> st.SearchStrategy[Any]:
    """Values that fit an annotation of the contract."""
    origin, arguments = get_origin(hint), get_args(hint)
    if hint in SCALARS:
        return SCALARS[hint]
    if origin is Literal:
        return st.sampled_from(arguments)
    if origin in (Union, types.UnionType):
        return st.one_of([values_of(option) for option in arguments])
    if origin is tuple and arguments[-1] is Ellipsis:
        return st.lists(values_of(arguments[0]), max_size=2).map(tuple)
    if origin is tuple:
        return st.tuples(*[values_of(item) for item in arguments])
    if origin in (dict, Mapping):
        return st.dictionaries(st.text(max_size=4), values_of(arguments[1]), max_size=2)
    return instances(hint)


def instances(cls: Any) -> st.SearchStrategy[Any]:
    fields = {f.name: values_of(type_hints(cls)[f.name]) for f in dataclasses.fields(cls)}
    if cls is ItemResult:  # a failed item carries an error, any other item none
        fields |= {"status": st.just("failed"), "error": instances(ErrorInfo)}
    if cls is RestoreParams:  # its ranges are checked
        fields |= {"fidelity": st.floats(0, 1), "upscale": st.floats(1, 4)}
    if cls is ModelFile:
        fields |= {"path": st.just("unet/config.json"), "sha256": st.just("a" * 64)}
    if cls is ModelEntry:
        fields |= {"sha256": st.just("a" * 64), "revision": st.none(), "kind": st.just("folder")}
        fields |= {"name": st.just("sdxl_vae"), "file": st.just("sdxl-vae-fp16-fix")}
        fields |= {"files": st.lists(instances(ModelFile), min_size=1, max_size=2).map(tuple)}
    return st.builds(cls, **fields)


def validator(name: str) -> Draft202012Validator:
    return Draft202012Validator(document_schema(DOCUMENTS[name]))


def test_the_files_are_current() -> None:
    assert stale_files() == [], "run python -m contracts.json_schema --write"
    assert main(["--check"]) == 0


@pytest.mark.parametrize("name", NAMES)
def test_each_is_a_schema_that_says_whose_left_is_meant(name: str) -> None:
    schema = document_schema(DOCUMENTS[name])
    Draft202012Validator.check_schema(schema)
    assert VIEWERS_LEFT in schema["description"]


def test_descriptions_come_from_the_code() -> None:
    properties = document_schema(DOCUMENTS["face_params"])["properties"]
    assert properties["threshold"]["description"].startswith("px^2 at an inter-ocular distance of 100 px")
    assert properties["threshold"]["default"] == 260.0
    pose = document_schema(DOCUMENTS["face_document"])["$defs"]["Pose"]["properties"]
    assert "viewer's right" in pose["yaw"]["description"]


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_what_the_code_writes_the_schema_accepts_and_the_code_reads(name: str, data: st.DataObject) -> None:
    value = data.draw(instances(DOCUMENTS[name]))
    document = json.loads(json.dumps(to_dict(value)))
    validator(name).validate(document)
    assert from_dict(DOCUMENTS[name], document) == value


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_what_one_refuses_the_other_refuses(name: str, data: st.DataObject) -> None:
    document = json.loads(json.dumps(to_dict(data.draw(instances(DOCUMENTS[name])))))
    key = data.draw(st.sampled_from(sorted(document)))
    spoil = data.draw(st.sampled_from(["unknown key", "left out", "of another type"]))
    if spoil == "unknown key":
        document["surprise"] = 1
    elif spoil == "left out":
        del document[key]
    else:
        document[key] = data.draw(st.sampled_from([[[]], {"a": {}}, "text", 7, None, True, 0.5]))
        # Ranges are checked by the code alone.
        assume(not (key in ("fidelity", "upscale") and isinstance(document[key], (int, float))))
    try:
        from_dict(DOCUMENTS[name], document)
        read = True
    except ContractError:
        read = False
    assert validator(name).is_valid(document) == read


@pytest.mark.parametrize("document", [None, [], 3, "text", {}])
def test_a_request_that_is_none_is_refused(document: Any) -> None:
    assert not validator("request").is_valid(document)
    with pytest.raises(ContractError):
        from_dict(DOCUMENTS["request"], document)
