"""Typed configuration: sources, merging, and refusals that name the place."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from contracts.error_codes import StageError
from contracts.exit_codes import ExitCode
from environments.places import CHECKOUT
from orch.app.src.calling.options import Override, overrides_of, plain_settings
from orch.app.src.settings import SCHEMA_FILE, Settings, schema_text, settings_of
from orch.app.src.settings_sources import DEFAULT_CONFIG, check, load_settings, read_config

CONFIGS = sorted(path for path in (CHECKOUT / "config").glob("*.json") if path != SCHEMA_FILE)

REFERENCE_EXAMPLES: list[dict[str, Any]] = [
    {
        "pre_enhance_instruction_prompt": "x",
        "input": {"image_path": "Input_Images/Scan.png"},
        "processing": {
            "threshold": 260,
            "use_larger_eye": False,
            "crop_output_size": None,
            "verbose": False,
            "feather_size": 25,
            "debug": False,
        },
        "generation": {
            "model": "sdxl-turbo",
            "prompt": "x",
            "negative_prompt": "y",
            "guidance_scale": 15.0,
            "num_inference_steps": 30,
            "strength": 0.4,
            "seed": 42,
            "batch_size": 1,
            "refiner": {
                "enabled": False,
                "prompt": "x",
                "negative_prompt": "y",
                "guidance_scale": 20.0,
                "num_inference_steps": 3,
                "strength": 0.4,
            },
        },
        "restoration": {
            "enabled": False,
            "upscale": 2.0,
            "fidelity": 0.7,
            "model_path": "models/CodeFormer.pth",
        },
    }
]
"""Every key that the examples of the original design use."""


def refusal(tmp_path: Path, text: str) -> str:
    path = tmp_path / "mine.json"
    path.write_text(text)
    with pytest.raises(StageError) as caught:
        load_settings(path, (), {})
    assert (caught.value.code, caught.value.exit_code) == ("CONFIG_001", ExitCode.USAGE)
    return caught.value.line().replace(str(path), "mine.json")


def test_the_default_file_says_what_the_defaults_are() -> None:
    assert load_settings(None, (), {}) == Settings()


def test_the_schema_is_current() -> None:
    assert SCHEMA_FILE.read_text(encoding="utf-8") == schema_text()


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.name)
def test_configs_are_valid_to_us_and_to_editors(path: Path) -> None:
    load_settings(path, (), {})
    document = json.loads(path.read_text(encoding="utf-8"))
    Draft202012Validator(json.loads(schema_text())).validate(document)


@pytest.mark.parametrize("name", ["default", "fast", "hq", "blue_eyes", "wedding", "video", "variations"])
def test_configs_of_the_design_are_there(name: str) -> None:
    assert (CHECKOUT / "config" / f"{name}.json") in CONFIGS


@pytest.mark.parametrize("document", REFERENCE_EXAMPLES)
def test_every_key_of_the_original_design_is_valid(document: dict[str, Any]) -> None:
    settings_of(document)


def test_partial_files_merge_over_the_defaults(tmp_path: Path) -> None:
    path = tmp_path / "mine.json"
    path.write_text('{"generation": {"refiner": {"strength": 0.6}}}')
    settings = load_settings(path, (), {})
    assert settings.generation.refiner.strength == 0.6
    assert settings.generation.refiner.num_inference_steps == 3
    assert settings.processing.threshold == 260


def test_command_line_beats_environment_beats_file(tmp_path: Path) -> None:
    path = tmp_path / "mine.json"
    path.write_text('{"processing": {"log_format": "human", "verbose": false}, "models": {"llm": "a"}}')
    environ = {"PIPELINE_LOG_FORMAT": "json", "PIPELINE_VERBOSE": "1", "LLM_MODEL_PATH": "b"}
    settings = load_settings(path, (), environ)
    assert (settings.processing.log_format, settings.processing.verbose) == ("json", True)
    assert settings.models.llm == "b"
    override = Override("--log-format", ("processing", "log_format"), "human")
    assert load_settings(path, [override], environ).processing.log_format == "human"


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("SDXL_BASE_PATH", ("models", "sdxl_base")),
        ("SDXL_REFINER_PATH", ("models", "sdxl_refiner")),
        ("CODEFORMER_PATH", ("restoration", "model_path")),
    ],
)
def test_paths_of_weights_come_from_the_environment(name: str, place: tuple[str, str]) -> None:
    settings = load_settings(None, (), {name: "/weights", "UNRELATED": "x"})
    assert getattr(getattr(settings, place[0]), place[1]) == "/weights"
    assert load_settings(None, (), {name: ""}) == Settings()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            '{"generation": {\n "promt": "x"}}',
            "mine.json, line 2: generation: unknown key 'promt'; did you mean 'prompt'?",
        ),
        ('{"procesing": {}}', "line 1: top level: unknown key 'procesing'; did you mean 'processing'?"),
        (
            '{\n"processing": {"threshold": "260"}}',
            "line 2: processing.threshold: should be a number > 0 and <= 10000",
        ),
        ('{"processing": {"verbose": 1}}', "processing.verbose: should be true or false, got 1"),
        (
            '{"processing": {"threshold": -1}}',
            "threshold: should be a number > 0 and <= 10000, got -1",
        ),
        (
            '{"restoration": {"enabled": "yes"}}',
            'restoration.enabled: should be true or false or "auto", got "yes"',
        ),
        (
            '{"generation": {"eye_color": "pink"}}',
            "generation.eye_color: 'pink' is no eye colour; known: brown",
        ),
        (
            '{"generation": {"model": "magic"}}',
            'generation.model: should be "auto" or "donor" or',
        ),
        (
            '{"input": {"image_path": []}}',
            "input.image_path: should be a string or a list of at least 1, each a string, got []",
        ),
        ('{"generation": 3}', "generation: should be an object, got 3"),
        ('{"processing": {"threshold": NaN}}', "processing.threshold: should be a number > 0"),
        (
            '{"processing": {"workers": {"fac": 1}}}',
            "processing.workers: unknown key 'fac'; did you mean 'face'?",
        ),
        (
            '{"processing": {"workers": {"gen": 2, "face": 0}}}',
            "processing.workers.face: should be a whole number >= 1 and <= 256, got 0",
        ),
        (
            '{"processing": {"workers": 0}}',
            "workers: should be null or a whole number >= 1 and <= 256 or an object",
        ),
        (
            '{"generation": {"donor_folder": ["a", 7]}}',
            "generation.donor_folder[1]: should be a string, got 7",
        ),
        ('{"generation": {"seed": 1, "seed": 2}}', "the key 'seed' is there twice"),
        (
            '{"processing": {"max_file_mb": 1e400}}',
            "max_file_mb: should be a number > 0 and <= 1000000, got Infinity",
        ),
        ('{"\\ud800": 1}', "not valid Unicode"),
        ("[" * 100_000, "mine.json: "),
        ('{"generation": {"seed": ' + "9" * 5000 + "}}", "mine.json: "),
        ('{"a": 1, "b": 2}', "(and 1 more)"),
        ('{\n "input": {} // why\n}', "mine.json, line 2: comments are not allowed in JSON; remove it"),
        ('{\n\n "input": {}\n "x": 1}', "mine.json, line 4: not valid JSON"),
        ("[]", "a configuration is a JSON object"),
    ],
)
def test_refusals_name_file_line_and_the_right_name(tmp_path: Path, text: str, expected: str) -> None:
    line = refusal(tmp_path, text)
    assert expected in line
    assert "\n" not in line
    assert len(line) < 400


_LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.just("auto")
_KEYS = st.sampled_from([*Settings().as_json(), "workers", "face", "eye_color", "image_path", "refiner", "x"])
_DOCUMENTS = st.dictionaries(
    _KEYS,
    st.recursive(
        _LEAVES, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(_KEYS, inner, max_size=3)
    ),
    max_size=3,
)


@given(_DOCUMENTS)
def test_whatever_a_document_holds_it_is_taken_or_refused_in_one_line(document: dict[str, Any]) -> None:
    try:
        check(document, str)
    except StageError as refused:
        assert refused.code == "CONFIG_001"
        assert "\n" not in refused.line()
    else:
        assert isinstance(load_settings(None, overrides_of(document, "settings"), {}), Settings)


def test_a_missing_file_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(StageError, match="does not exist"):
        read_config(tmp_path / "none.json")


def test_wrong_variables_and_options_are_called_by_their_names() -> None:
    with pytest.raises(StageError, match=r'environment variable PIPELINE_LOG_FORMAT: .*got "xml"'):
        load_settings(None, (), {"PIPELINE_LOG_FORMAT": "xml"})
    with pytest.raises(StageError, match="environment variable PIPELINE_VERBOSE: "):
        load_settings(None, (), {"PIPELINE_VERBOSE": "maybe"})
    with pytest.raises(StageError, match=r"^--seed: generation.seed: should be a whole number >= 0"):
        load_settings(None, [Override("--seed", ("generation", "seed"), -1)], {})


def test_settings_from_python_are_checked_alike() -> None:
    overrides = overrides_of({"generation": {"seed": 7, "refiner": {"enabled": False}}}, "settings")
    settings = load_settings(None, overrides, {})
    assert (settings.generation.seed, settings.generation.refiner.enabled) == (7, False)
    with pytest.raises(StageError, match=r"settings generation\.sed: generation: unknown key 'sed'"):
        load_settings(None, overrides_of({"generation": {"sed": 7}}, "settings"), {})


def test_settings_from_python_may_be_of_numpy_and_hold_paths(tmp_path: Path) -> None:
    given = {"generation": {"openness": np.float64(0.8), "prompt": np.str_("x"), "donor_folder": [tmp_path]}}
    generation = load_settings(None, overrides_of(plain_settings(given), "settings"), {}).generation
    assert (generation.openness, generation.prompt, generation.donor_folder) == (0.8, "x", [str(tmp_path)])
    with pytest.raises(StageError, match="no JSON value"):
        plain_settings({"generation": {"donor_folder": {"a"}}})
    with pytest.raises(StageError, match="unknown key 'zz'"):
        load_settings(None, overrides_of({"zz": {}}, "settings"), {})


@pytest.mark.parametrize(
    "colour", [None, "brown", "Blue", "GRAY", "#a0B1c2", "purple", "", "#12345", "browns", 3]
)
def test_the_schema_knows_the_eye_colours_that_the_program_does(colour: object) -> None:
    document = {"generation": {"eye_color": colour}}
    try:
        settings_of(document)
        taken = True
    except ValueError:
        taken = False
    assert Draft202012Validator(json.loads(schema_text())).is_valid(document) == taken


def test_the_schema_knows_the_stages() -> None:
    schema = Draft202012Validator(json.loads(schema_text()))
    assert schema.is_valid({"processing": {"workers": {"gen": 2}}})
    assert not schema.is_valid({"processing": {"workers": {"zz": 2}}})


def test_default_config_is_the_one_in_the_project() -> None:
    assert DEFAULT_CONFIG == CHECKOUT / "config" / "default.json"
    assert re.search(r"Input_Images/\w+", Settings().image_paths()[0])
