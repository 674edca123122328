"""Recipes are read strictly; keys depend on all that matters and on nothing else."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from environments import EnvironmentBroken
from environments import recipe as recipe_module
from environments.interpreters import Interpreter, current
from environments.key import environment_key
from environments.places import CHECKOUT
from environments.recipe import Step, parse_recipe, read_recipe
from environments.setup import DEFAULT_PATH, DONORS, recipes_in_tree
from orch.app.src.stage_registry import STAGES
from tests.unit.environments_fakes import DOCUMENT

TEXTS = st.lists(st.text(max_size=20), max_size=4)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
STEPS = st.lists(
    st.fixed_dictionaries(
        {"requirements": TEXTS},
        optional={"flags": TEXTS, "environment": st.dictionaries(st.text(max_size=8), st.text(max_size=8))},
    ),
    max_size=3,
)


@given(STEPS, TEXTS)
def test_a_recipe_says_what_its_file_says(steps: list[dict[str, Any]], imports: list[str]) -> None:
    recipe = parse_recipe("any", {"python": [[3, 10], [3, 13]], "steps": steps, "imports": imports})
    assert recipe.imports == tuple(imports)
    assert recipe.steps == tuple(
        Step(
            tuple(s["requirements"]),
            tuple(s.get("flags", ())),
            tuple(sorted(s.get("environment", {}).items())),
        )
        for s in steps
    )


@given(JSON, st.sampled_from(["python", "steps", "imports", "summary", "unknown"]))
def test_what_is_no_recipe_is_refused_and_never_crashes(value: Any, key: str) -> None:
    document = DOCUMENT | {key: value}
    try:
        recipe = parse_recipe("wild", document)
    except ValueError:
        return
    assert key == "summary" or document[key] == json.loads(recipe.content)[key]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"stepps": []}, "unknown keys in a recipe: stepps"),
        ({"steps": "numpy"}, "steps: expected a list"),
        ({"steps": ["numpy"]}, "a step is an object"),
        ({"steps": [{"flags": []}]}, "a step lacks requirements"),
        ({"steps": [{"requirements": [], "flag": []}]}, "unknown keys in a step: flag"),
        ({"steps": [{"requirements": [1]}]}, "requirements: expected a list of texts"),
        ({"steps": [{"requirements": "numpy"}]}, "requirements: expected a list of texts"),
        ({"steps": [{"requirements": [], "environment": ["A"]}]}, "environment: expected an object"),
        ({"steps": [{"requirements": [], "environment": {"A": 1}}]}, "environment: expected a list of texts"),
        ({"imports": "numpy"}, "imports: expected a list of texts"),
        ({"python": [[3, 10]]}, "python: expected the first and the last version"),
        ({"python": [["3", "10"], ["3", "13"]]}, "python: expected the first and the last version"),
    ],
)
def test_what_is_wrong_with_a_recipe_is_said(tmp_path: Path, change: dict[str, Any], words: str) -> None:
    file = tmp_path / "environments" / "bad.json"
    file.parent.mkdir()
    file.write_text(json.dumps(DOCUMENT | change))
    with pytest.raises(EnvironmentBroken, match="is not a recipe") as caught:
        read_recipe(tmp_path, "bad")
    assert words in caught.value.line()
    assert str(file) in caught.value.line()


@pytest.mark.parametrize("content", [None, "{", "\udcff"])
def test_a_recipe_that_cannot_be_read_is_named(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "environments").mkdir()
        (tmp_path / "environments" / "bad.json").write_bytes(content.encode(errors="surrogateescape"))
    with pytest.raises(EnvironmentBroken, match=r"cannot read the recipe .*bad\.json"):
        read_recipe(tmp_path, "bad")


def test_the_key_depends_on_all_that_matters() -> None:
    here = Interpreter("/opt/python/bin/python3", (3, 11), "cpython-311", "linux-x86_64", "/opt/python")
    recipe = parse_recipe("a", DOCUMENT)
    keys = {
        environment_key(recipe, here),
        environment_key(parse_recipe("a", DOCUMENT | {"steps": [{"requirements": ["small==2"]}]}), here),
        environment_key(recipe, here, "cuda"),
        environment_key(recipe, replace(here, abi="cpython-312")),
        environment_key(recipe, replace(here, platform="linux-aarch64")),
        environment_key(recipe, replace(here, base="/usr")),
    }
    assert len(keys) == 6


def test_the_key_depends_on_nothing_else() -> None:
    here = current()
    key = environment_key(parse_recipe("a", DOCUMENT), here)
    renamed = parse_recipe("b", DOCUMENT | {"summary": "other words"})
    assert environment_key(renamed, replace(here, executable="/another/name/of/python3")) == key


def test_every_recipe_of_the_tree_pins_what_it_asks_for() -> None:
    for folder, name in [*recipes_in_tree(), (CHECKOUT / "tests", "tests")]:
        recipe = read_recipe(folder, name)
        # Some heavy packages have left 3.10 behind; the default path has not.
        oldest = (3, 10) if (folder.name, name) in {*DEFAULT_PATH, ("tests", "tests")} else recipe.python[0]
        assert recipe.python == (oldest, (3, 13))
        for step in recipe.steps:
            assert all("==" in requirement for requirement in step.requirements), (folder, name)
            assert not any(r.startswith("opencv-python=") for r in step.requirements), "headless only"


def test_every_recipe_that_a_stage_names_is_there() -> None:
    named = {
        (stage.folder, backend.recipe)
        for stage in STAGES.values()
        for backend in stage.backends.values()
        if backend.recipe
    }
    assert named <= set(recipes_in_tree())
    assert {(CHECKOUT / "orch", "orch")} <= set(recipes_in_tree())


def test_set_up_ahead_makes_what_a_default_run_needs() -> None:
    needed = {
        (stage.name, recipe)
        for stage in STAGES.values()
        if (recipe := stage.backends[stage.default_backend].recipe)
    }
    assert set(DEFAULT_PATH) == needed | {("orch", "orch")}
    assert ("face", STAGES["face"].backends["identity"].recipe) == DONORS


def test_the_embedded_stages_share_one_environment() -> None:
    names = {"face": "facemesh", "crop": "opencv", "gen": "embedded", "blend": "opencv", "res": "finish"}
    keys = {environment_key(read_recipe(CHECKOUT / s, n), current()) for s, n in names.items()}
    assert len(keys) == 1


def test_the_tests_run_on_the_versions_that_users_get() -> None:
    tested = {r for step in read_recipe(CHECKOUT / "tests", "tests").steps for r in step.requirements}
    for stage, name in DEFAULT_PATH:
        for step in read_recipe(CHECKOUT / stage, name).steps:
            assert set(step.requirements) <= tested, (stage, name)


def test_a_recipe_adds_to_the_one_that_it_extends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    base, more = {"requirements": ["torch==2"]}, {"requirements": ["pytest==9"], "flags": ["--no-deps"]}
    monkeypatch.setattr(recipe_module, "CHECKOUT", tmp_path)
    for stage, document in (
        ("gen", {"python": [[3, 10], [3, 13]], "steps": [base], "imports": ["torch"]}),
        ("tests", {"extends": "gen/environments/sdxl.json", "steps": [more], "imports": ["pytest"]}),
    ):
        (tmp_path / stage / "environments").mkdir(parents=True)
        (tmp_path / stage / "environments" / "sdxl.json").write_text(json.dumps(document))
    recipe = read_recipe(tmp_path / "tests", "sdxl")
    assert recipe.steps == (Step(("torch==2",)), Step(("pytest==9",), ("--no-deps",)))
    assert recipe.imports == ("torch", "pytest")
    assert recipe.content != read_recipe(tmp_path / "gen", "sdxl").content


@pytest.mark.parametrize("extends", ["nowhere.json", 7])
def test_what_extends_nothing_is_refused(tmp_path: Path, extends: object) -> None:
    (tmp_path / "environments").mkdir()
    document = {"extends": extends, "steps": [], "imports": []}
    (tmp_path / "environments" / "x.json").write_text(json.dumps(document))
    with pytest.raises(EnvironmentBroken):
        read_recipe(tmp_path, "x")


def test_one_environment_for_everything_stays_possible() -> None:
    versions: dict[str, set[str]] = {}
    for folder, name in recipes_in_tree():
        for step in read_recipe(folder, name).steps:
            for requirement in step.requirements:
                pinned, _, marker = requirement.partition(";")
                package, _, version = pinned.strip().partition("==")
                key = f"{package.lower().replace('_', '-')};{marker.strip()}"
                versions.setdefault(key, set()).add(version)
    assert {key: found for key, found in versions.items() if len(found) > 1} == {}
