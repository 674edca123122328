"""Environments: keys, recipes, pip's settings for uv, built once, whole or not at all; no network."""

from __future__ import annotations

import json
import multiprocessing
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from environments import EnvironmentBroken, installer, places, store
from environments.installer import Outcome, python_in
from environments.interpreters import Interpreter, current, for_recipe, probe, works
from environments.key import environment_key
from environments.pip_settings import parse_listing, uv_variables
from environments.places import CHECKOUT, environments_folder
from environments.recipe import Recipe, parse_recipe, read_recipe
from environments.setup import recipes_in_tree

DOCUMENT: dict[str, Any] = {
    "python": [[3, 10], [3, 13]],
    "steps": [{"requirements": ["small==1"]}],
    "imports": ["json"],
}


@pytest.fixture
def stage(tmp_path: Path) -> Path:
    """A stage folder with one recipe, "tiny"."""
    folder = tmp_path / "stage"
    (folder / "environments").mkdir(parents=True)
    (folder / "environments" / "tiny.json").write_text(json.dumps(DOCUMENT))
    return folder


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "a folder with spaces"
    monkeypatch.setenv(places.VARIABLE, str(folder))
    return folder


class FakeMachine:
    """Answers commands without running them; a made venv is a folder with a link to this interpreter."""

    def __init__(self, *, uv: bool = True, venv: bool = True, fails: str = "") -> None:
        self.uv, self.venv, self.fails = uv, venv, fails
        self.commands: list[list[str]] = []
        self.variables: list[Mapping[str, str]] = []

    def __call__(self, command: Sequence[str], variables: Mapping[str, str]) -> Outcome:
        words = list(command)
        self.commands.append(words)
        self.variables.append(variables)
        name = Path(words[0]).name
        if self.fails and any(self.fails in word for word in words):
            return Outcome(1, f"ERROR: {self.fails} is not to be had\n")
        if name == "uv" and not self.uv:
            return Outcome(127, "no uv")
        if "uv==" in words[-1]:
            return Outcome(0 if self.uv else 1, "")
        if words[1:2] == ["venv"] or words[1:3] == ["-m", "venv"]:
            if words[1] == "-m" and not self.venv:
                return Outcome(1, "ensurepip is not available")
            made = python_in(Path(words[-1]))
            made.parent.mkdir(parents=True)
            made.symlink_to(sys.executable)
        if words[1:3] == ["-m", "virtualenv"]:
            return Outcome(1, "No module named virtualenv")
        return Outcome(0, "")

    def installs(self) -> list[list[str]]:
        return [c for c in self.commands if "install" in c and "--target" not in c]


def test_an_environment_is_built_once_and_then_only_found(stage: Path) -> None:
    machine = FakeMachine()
    lines: list[str] = []
    first = store.environment_python(stage, "tiny", tell=lines.append, execute=machine)
    assert len(machine.installs()) == 1
    assert lines[0] == "making the environment tiny ..."
    assert store.is_ready(stage, "tiny")

    def refuse(command: Sequence[str], variables: Mapping[str, str]) -> Outcome:
        raise AssertionError(f"a second run must not run {command}")

    assert store.environment_python(stage, "tiny", execute=refuse) == first


@pytest.mark.parametrize("uv", [True, False])
def test_a_failed_build_leaves_nothing_and_names_the_cause(stage: Path, own_folder: Path, uv: bool) -> None:
    with pytest.raises(EnvironmentBroken, match="small==1 is not to be had"):
        store.environment_python(
            stage, "tiny", tell=lambda _: None, execute=FakeMachine(uv=uv, fails="small==1")
        )
    assert not store.is_ready(stage, "tiny")
    assert [p.name for p in own_folder.iterdir() if p.is_dir()] == []


def test_an_environment_that_does_not_import_is_not_kept(stage: Path) -> None:
    with pytest.raises(EnvironmentBroken, match="was made but does not work"):
        store.environment_python(stage, "tiny", tell=lambda _: None, execute=FakeMachine(fails="import json"))
    assert not store.is_ready(stage, "tiny")


def test_what_a_killed_build_left_is_swept(stage: Path, own_folder: Path) -> None:
    recipe = read_recipe(stage, "tiny")
    left = own_folder / f"{store.BUILDING}{environment_key(recipe, current(), 'cpu')}-12345"
    left.mkdir(parents=True)
    store.environment_python(stage, "tiny", tell=lambda _: None, execute=FakeMachine())
    assert not left.exists()


def test_an_environment_whose_base_is_gone_is_built_again(stage: Path) -> None:
    python = store.environment_python(stage, "tiny", tell=lambda _: None, execute=FakeMachine())
    python.unlink()
    python.symlink_to("/nonexistent/python")
    assert not store.is_ready(stage, "tiny")
    assert store.environment_python(stage, "tiny", tell=lambda _: None, execute=FakeMachine()).exists()


def test_without_uv_the_same_pins_go_through_pip(stage: Path) -> None:
    machine = FakeMachine(uv=False)
    store.environment_python(stage, "tiny", tell=lambda _: None, execute=machine)
    (install,) = machine.installs()
    assert install[1:4] == ["-m", "pip", "install"]
    assert install[-1] == "small==1"


def test_when_uv_fails_pip_is_tried_and_it_is_said(stage: Path) -> None:
    class UvBreaks(FakeMachine):
        def __call__(self, command: Sequence[str], variables: Mapping[str, str]) -> Outcome:
            if list(command)[1:3] == ["pip", "install"]:
                self.commands.append(list(command))
                return Outcome(2, "uv had a bad day")
            return super().__call__(command, variables)

    lines: list[str] = []
    store.environment_python(stage, "tiny", tell=lines.append, execute=UvBreaks())
    assert any("uv had a bad day" in line and "trying pip" in line for line in lines)


def test_without_ensurepip_uv_or_virtualenv_the_package_is_named(stage: Path) -> None:
    machine = FakeMachine(uv=False, venv=False)
    with pytest.raises(EnvironmentBroken) as caught:
        store.environment_python(stage, "tiny", tell=lambda _: None, execute=machine)
    assert "python3-venv" in caught.value.line()


def test_uv_gets_no_python_from_elsewhere(stage: Path) -> None:
    machine = FakeMachine()
    store.environment_python(stage, "tiny", tell=lambda _: None, execute=machine)
    for command, variables in zip(machine.commands, machine.variables):
        if Path(command[0]).name == "uv" and command[1] in ("venv", "pip"):
            assert variables["UV_PYTHON_DOWNLOADS"] == "never"


def _build_slowly(stage_folder: str, folder: str, log: str) -> None:
    os.environ[places.VARIABLE] = folder
    machine = FakeMachine()

    def slow(command: Sequence[str], variables: Mapping[str, str]) -> Outcome:
        if "install" in command and "--target" not in command:
            with open(log, "a") as handle:
                handle.write("built\n")
        return machine(command, variables)

    store.environment_python(Path(stage_folder), "tiny", tell=lambda _: None, execute=slow)


def test_two_runs_at_once_build_once(stage: Path, own_folder: Path, tmp_path: Path) -> None:
    log = tmp_path / "log"
    context = multiprocessing.get_context("spawn")
    arguments = (str(stage), str(own_folder), str(log))
    processes = [context.Process(target=_build_slowly, args=arguments) for _ in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
        assert process.exitcode == 0
    assert log.read_text() == "built\n"


def test_one_environment_can_serve_everything(stage: Path) -> None:
    other = DOCUMENT | {"steps": [{"requirements": ["other==2"]}]}
    (stage / "environments" / "other.json").write_text(json.dumps(other))
    machine = FakeMachine()
    recipes = [read_recipe(stage, "tiny"), read_recipe(stage, "other")]
    python = store.build_single(recipes, tell=lambda _: None, execute=machine)
    assert [c[-1] for c in machine.installs()] == ["small==1", "other==2"]
    assert store.environment_python(stage, "tiny") == store.environment_python(stage, "other") == python


def test_the_key_depends_on_all_that_matters_and_on_nothing_else() -> None:
    def key(document: dict[str, Any], interpreter: Interpreter | None = None, profile: str = "cpu") -> str:
        return environment_key(parse_recipe("a", document), interpreter or current(), profile)

    assert key(DOCUMENT) == key(DOCUMENT | {"summary": "other words"})
    others = {
        key(DOCUMENT | {"steps": [{"requirements": ["small==2"]}]}),
        key(DOCUMENT, profile="cuda"),
        key(DOCUMENT, Interpreter("x", (3, 11, 0), "cpython-311", "linux-x86_64", "/opt/python")),
        key(DOCUMENT, Interpreter("x", (3, 11, 0), "cpython-311", "linux-aarch64", "/opt/python")),
        key(DOCUMENT),
    }
    assert len(others) == 5


@given(
    st.recursive(st.none() | st.integers() | st.text(), lambda s: st.lists(s) | st.dictionaries(st.text(), s))
)
def test_what_is_no_recipe_is_refused_as_such(document: Any) -> None:
    with pytest.raises((KeyError, TypeError, ValueError)):
        parse_recipe("wild", document)


@pytest.mark.parametrize(
    "change",
    [{"stepps": []}, {"steps": [{"requirements": [1]}]}, {"steps": [{"flag": []}]}, {"python": [[3, 10]]}],
)
def test_recipes_are_read_strictly(stage: Path, change: dict[str, Any]) -> None:
    (stage / "environments" / "bad.json").write_text(json.dumps(DOCUMENT | change))
    with pytest.raises(EnvironmentBroken, match="is not a recipe"):
        read_recipe(stage, "bad")


def test_every_recipe_of_the_tree_pins_what_it_asks_for() -> None:
    places_of_recipes = recipes_in_tree()
    assert len(places_of_recipes) >= 5
    for folder, name in places_of_recipes:
        recipe = read_recipe(folder, name)
        for step in recipe.steps:
            assert all("==" in requirement for requirement in step.requirements), (folder, name)
            assert not any(r.startswith("opencv-python=") for r in step.requirements), "headless only"
        assert recipe.python == ((3, 10), (3, 13))


def test_the_embedded_stages_share_one_environment() -> None:
    names = {"face": "facemesh", "crop": "opencv", "gen": "embedded", "blend": "opencv"}
    keys = {environment_key(read_recipe(CHECKOUT / s, n), current(), "cpu") for s, n in names.items()}
    assert len(keys) == 1


def test_an_interpreter_is_executed_before_it_is_trusted(tmp_path: Path) -> None:
    shim = tmp_path / "python3.12"
    shim.write_text("#!/bin/sh\necho 'command not found' >&2\nexit 127\n")
    shim.chmod(0o755)
    assert not works(shim)
    with pytest.raises(EnvironmentBroken, match="command not found"):
        probe(str(shim))
    assert works(sys.executable)
    assert probe(sys.executable).minor == sys.version_info[:2]
    assert probe(sys.executable).base == current().base


def test_a_hollow_shim_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    major, minor = sys.version_info[:2]
    shim = tmp_path / f"python{major}.{minor + 1}"
    shim.write_text("#!/bin/sh\nexit 127\n")
    shim.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    unsupported = Recipe("new", (), (), ((major, minor + 1), (major, minor + 1)), "{}")
    with pytest.raises(EnvironmentBroken, match=rf"needs Python {major}\.{minor + 1}"):
        for_recipe(unsupported)


def test_pips_settings_reach_uv(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("UV_") or name == "SSL_CERT_FILE":
            monkeypatch.delenv(name)
    listing = (
        "global.index-url='https://mirror.example/simple'\n"
        "global.extra-index-url='https://a.example/simple https://b.example/simple'\n"
        "global.find-links='/wheels/a /wheels/b'\n"
        "install.trusted-host='mirror.example'\n"
        ":env:.cert='/etc/own.pem'\n"
        "freeze.timeout='1'\n"
    )
    assert uv_variables(parse_listing(listing)) == {
        "UV_DEFAULT_INDEX": "https://mirror.example/simple",
        "UV_INDEX": "https://a.example/simple https://b.example/simple",
        "UV_FIND_LINKS": "/wheels/a,/wheels/b",
        "UV_INSECURE_HOST": "mirror.example",
        "SSL_CERT_FILE": "/etc/own.pem",
    }
    monkeypatch.setenv("UV_FIND_LINKS", "/mine")
    assert "UV_FIND_LINKS" not in uv_variables(parse_listing(listing))


def test_pips_environment_beats_its_files() -> None:
    listing = ":env:.index-url='https://env.example'\nglobal.index-url='https://file.example'\n"
    assert parse_listing(listing)["index-url"] == "https://env.example"


def test_a_checkout_that_cannot_be_written_keeps_environments_in_the_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(places.VARIABLE)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(places, "CHECKOUT", tmp_path / "checkout")
    monkeypatch.setattr(places, "writable", lambda folder: False)
    assert environments_folder() == tmp_path / "cache" / "open-the-eyes" / "venvs"
    monkeypatch.setattr(places, "writable", lambda folder: True)
    assert environments_folder() == tmp_path / "checkout" / ".venvs"


def test_a_command_that_is_not_there_is_an_outcome() -> None:
    assert not installer.run(["/nonexistent/uv", "--version"], {}).ok


def test_the_door_says_its_version_need_to_old_interpreters() -> None:
    source = (CHECKOUT / "run_pipeline.py").read_text()
    program = (
        f"import sys; sys.version_info = (3, 7, 0); sys.argv = ['run_pipeline.py']; exec({source!r}, "
        + ("{'__name__': '__main__', '__file__': 'run_pipeline.py'})")
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 3
    assert "Python 3.10 or newer is needed, this is 3.7" in done.stderr
