"""Environments are built once, whole or not at all; no network, nothing is installed."""

from __future__ import annotations

import json
import multiprocessing
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from environments import EnvironmentBroken, places, setup, store
from environments.commands import Outcome
from environments.interpreters import current
from environments.key import environment_key
from environments.marker import MARKER, read_marker
from environments.recipe import read_recipe
from environments.store import environment_python, is_ready, single_python
from tests.unit.environments_fakes import DOCUMENT, FakeMachine, make_venv, refuse, silent


@pytest.fixture
def stage(tmp_path: Path) -> Path:
    """A stage folder with two recipes, "tiny" and "other"."""
    folder = tmp_path / "stage"
    (folder / "environments").mkdir(parents=True)
    other = DOCUMENT | {"steps": [{"requirements": ["small==1", "other==2"]}], "imports": ["ast"]}
    (folder / "environments" / "tiny.json").write_text(json.dumps(DOCUMENT))
    (folder / "environments" / "other.json").write_text(json.dumps(other))
    return folder


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Environments go here. No program is on the search path."""
    folder = tmp_path / "a folder with spaces"
    monkeypatch.setenv(places.VARIABLE, str(folder))
    monkeypatch.setenv("PATH", str(tmp_path / "no programs"))
    return folder


def _make(stage: Path, machine: FakeMachine | None = None, name: str = "tiny") -> Path:
    return environment_python(stage, name, tell=silent, execute=machine or FakeMachine())


def _folders(place: Path) -> list[str]:
    return sorted(path.name for path in place.iterdir() if path.is_dir() and path.name != "tools")


def test_an_environment_is_built_once_and_then_only_found(stage: Path) -> None:
    machine = FakeMachine()
    lines: list[str] = []
    first = environment_python(stage, "tiny", tell=lines.append, execute=machine)
    assert len(machine.installs()) == 1
    assert lines == ["making the environment tiny ...", "making the environment tiny: done in 0 s"]
    assert is_ready(stage, "tiny")
    assert environment_python(stage, "tiny", tell=lines.append, execute=refuse) == first
    assert len(lines) == 2


def test_what_is_not_built_is_not_ready_and_is_not_built_by_asking(stage: Path, own_folder: Path) -> None:
    assert not is_ready(stage, "tiny")
    assert not own_folder.exists()


def test_a_changed_recipe_gets_another_environment(stage: Path, own_folder: Path) -> None:
    old = _make(stage)
    changed = DOCUMENT | {"steps": [{"requirements": ["small==1.1"]}]}
    (stage / "environments" / "tiny.json").write_text(json.dumps(changed))
    assert not is_ready(stage, "tiny")
    assert _make(stage) != old


@pytest.mark.parametrize("uv", [True, False])
def test_a_failed_build_leaves_nothing_and_names_the_cause(stage: Path, own_folder: Path, uv: bool) -> None:
    with pytest.raises(EnvironmentBroken, match="small==1 is not to be had"):
        _make(stage, FakeMachine(uv=uv, fails="small==1"))
    assert not is_ready(stage, "tiny")
    assert _folders(own_folder) == []


def test_an_environment_that_does_not_import_is_not_kept(stage: Path, own_folder: Path) -> None:
    with pytest.raises(EnvironmentBroken, match="was made but does not work: import json is not to be had"):
        _make(stage, FakeMachine(fails="import json"))
    assert _folders(own_folder) == []


def test_an_interrupted_build_leaves_nothing(stage: Path, own_folder: Path) -> None:
    class Interrupted(FakeMachine):
        def __call__(self, command: Sequence[str], variables: Mapping[str, str]) -> Outcome:
            if "small==1" in command:
                raise KeyboardInterrupt
            return super().__call__(command, variables)

    with pytest.raises(KeyboardInterrupt):
        _make(stage, Interrupted())
    assert _folders(own_folder) == []


def test_what_a_killed_build_left_is_swept(stage: Path, own_folder: Path) -> None:
    key = environment_key(read_recipe(stage, "tiny"), current())
    left = own_folder / f"{store.BUILDING}{key}-12345"
    of_another = own_folder / f"{store.BUILDING}another-12345"
    for folder in (left, of_another):
        make_venv(folder)
    _make(stage)
    assert not left.exists()
    assert of_another.exists()


def test_a_folder_without_marker_is_none_and_is_replaced(stage: Path, own_folder: Path) -> None:
    key = environment_key(read_recipe(stage, "tiny"), current())
    make_venv(own_folder / key)
    assert not is_ready(stage, "tiny")
    assert _make(stage).parent.parent == own_folder / key
    assert is_ready(stage, "tiny")


@pytest.mark.parametrize("damage", ["", "{}", '{"keys": 3, "recipes": []}', "[]"])
def test_a_damaged_marker_is_none(stage: Path, damage: str) -> None:
    folder = _make(stage).parent.parent
    (folder / MARKER).write_text(damage)
    assert read_marker(folder) is None
    assert not is_ready(stage, "tiny")


def test_an_environment_whose_base_is_gone_is_built_again(stage: Path) -> None:
    python = _make(stage)
    python.unlink()
    python.symlink_to("/nonexistent/python")
    assert not is_ready(stage, "tiny")
    assert _make(stage).exists()


def test_a_place_that_cannot_be_written_is_named(
    stage: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv(places.VARIABLE, str(tmp_path / "file" / "venvs"))
    with pytest.raises(EnvironmentBroken) as caught:
        _make(stage)
    assert str(tmp_path / "file") in caught.value.message
    assert places.VARIABLE in caught.value.hint


def _build_in_another_process(stage_folder: str, log: str) -> None:
    class Logs(FakeMachine):
        def __call__(self, command: Sequence[str], variables: Mapping[str, str]) -> Outcome:
            if "small==1" in command:
                with open(log, "a") as handle:
                    handle.write("built\n")
            return super().__call__(command, variables)

    _make(Path(stage_folder), Logs())


def test_several_runs_at_once_build_once(stage: Path, tmp_path: Path) -> None:
    log = tmp_path / "log"
    context = multiprocessing.get_context("spawn")
    processes = [
        context.Process(target=_build_in_another_process, args=(str(stage), str(log))) for _ in range(3)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
        assert process.exitcode == 0
    assert log.read_text() == "built\n"


def test_one_environment_can_serve_everything(stage: Path, own_folder: Path) -> None:
    machine = FakeMachine()
    recipes = [read_recipe(stage, "tiny"), read_recipe(stage, "other")]
    python = single_python(recipes, tell=silent, execute=machine)
    (install,) = machine.installs()
    assert install[-2:] == ["small==1", "other==2"]
    assert any("import json; import ast" in command for command in machine.commands for command in command)
    assert _make(stage) == _make(stage, name="other") == python
    assert _folders(own_folder) == [store.SINGLE]
    assert single_python(recipes, tell=silent, execute=refuse) == python


def test_one_environment_for_more_recipes_is_made_anew(stage: Path) -> None:
    single_python([read_recipe(stage, "tiny")], tell=silent, execute=FakeMachine())
    both = [read_recipe(stage, "tiny"), read_recipe(stage, "other")]
    single_python(both, tell=silent, execute=FakeMachine())
    assert is_ready(stage, "other")


def test_steps_with_settings_of_their_own_stay_apart_in_the_single_one(stage: Path) -> None:
    special = DOCUMENT | {"steps": [{"requirements": ["odd==3"], "flags": ["--no-deps"]}]}
    (stage / "environments" / "special.json").write_text(json.dumps(special))
    machine = FakeMachine()
    single_python([read_recipe(stage, "special"), read_recipe(stage, "tiny")], tell=silent, execute=machine)
    first, second = machine.installs()
    assert first[-1] == "small==1"
    assert second[-2:] == ["--no-deps", "odd==3"]


@pytest.mark.parametrize("arguments", [[], ["--all"], ["--single"], ["--all", "--single"]])
def test_set_up_makes_each_environment_once(
    arguments: list[str],
    own_folder: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    names = (*setup.DEFAULT_PATH, ("res", "codeformer"))
    everything = [(places.CHECKOUT / stage, name) for stage, name in names]
    monkeypatch.setattr(setup, "recipes_in_tree", lambda: everything)
    machine = FakeMachine()
    assert setup.setup(arguments, tell=silent, execute=machine) == 0
    told = capsys.readouterr().out.splitlines()
    folders = _folders(own_folder)
    assert sorted(line.split(" (")[0] for line in told) == sorted(f"ready: {own_folder / f}" for f in folders)
    if "--single" in arguments:
        assert len(told) == 1
    if "--all" in arguments:
        for folder, recipe in everything:
            assert any(f"{folder.name}/{recipe}" in line for line in told)
    assert setup.setup(arguments, tell=silent, execute=refuse) == 0


def test_set_up_says_what_it_makes_and_why_it_cannot(
    own_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines: list[str] = []
    assert setup.setup([], tell=lines.append, execute=FakeMachine(fails="onnxruntime")) == 3
    assert lines[0].startswith("environments for orch/orch, face/facemesh, crop/opencv")
    failed = "face/facemesh: error: pip failed: onnxruntime is not to be had [ENV_001]"
    assert any(line.startswith(failed) for line in lines)
    assert lines[-1] == "4 of 6 could not be made; what needs only the others works"
    assert "(orch/orch)" in capsys.readouterr().out


def test_a_link_to_the_folder_of_environments_is_fine(
    stage: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    monkeypatch.setenv(places.VARIABLE, str(tmp_path / "link"))
    _make(stage)
    monkeypatch.setenv(places.VARIABLE, str(tmp_path / "real"))
    assert is_ready(stage, "tiny")
