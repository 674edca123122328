"""What was compiled once is kept for every clone and every Python that it serves."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from environments import EnvironmentBroken
from environments.interpreters import current
from environments.places import wheels_folder
from environments.recipe import Recipe, Step
from environments.wheels import with_kept_wheels
from tests.unit.environments_fakes import FakeMachine, refuse, silent

STEP = Step(("big==1",), ("--no-deps",), (("CMAKE_ARGS", "-DX=1"),), "-DX=1")
RECIPE = Recipe("r", (Step(("small==1",)), STEP), ("big",), ((3, 10), (3, 13)), "{}")


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's cache and a compiler are here."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "g++").touch(0o755)
    monkeypatch.setenv("PATH", str(programs))
    monkeypatch.delenv("CXX", raising=False)
    return tmp_path / "cache"


def _settled(machine: FakeMachine, tmp_path: Path, recipe: Recipe = RECIPE) -> Step:
    first, second = with_kept_wheels(recipe, current(), tmp_path / "tools", silent, machine).steps
    assert first == RECIPE.steps[0]
    return second


def test_a_compiled_step_installs_its_wheel(tmp_path: Path, own_cache: Path) -> None:
    machine = FakeMachine()
    step = _settled(machine, tmp_path)
    assert step.flags == ("--no-deps",)
    wheel = Path(step.requirements[0])
    assert wheel.read_bytes() == b"wheel"
    assert own_cache in wheel.parents
    variables = machine.variables_of("wheel", "big==1")
    assert variables["CMAKE_ARGS"] == "-DX=1"
    assert "--no-cache-dir" in next(c for c in machine.commands if "--wheel-dir" in c)


def test_it_is_compiled_once(tmp_path: Path) -> None:
    first = _settled(FakeMachine(), tmp_path)
    second = with_kept_wheels(RECIPE, current(), tmp_path / "other", silent, refuse).steps[1]
    assert first == second


def test_another_processor_or_platform_compiles_its_own(tmp_path: Path) -> None:
    wheels = {_settled(FakeMachine(), tmp_path).requirements}
    other = replace(RECIPE, steps=(RECIPE.steps[0], replace(STEP, compiled="-DX=2")))
    wheels.add(_settled(FakeMachine(), tmp_path, other).requirements)
    elsewhere = replace(current(), platform="linux-riscv64")
    wheels.add(with_kept_wheels(RECIPE, elsewhere, tmp_path, silent, FakeMachine()).steps[1].requirements)
    assert len(wheels) == 3


def test_a_wheel_of_another_python_is_not_taken(tmp_path: Path) -> None:
    wheel = Path(_settled(FakeMachine(), tmp_path).requirements[0])
    wheel.rename(wheel.with_name("compiled-1-cp27-cp27-linux_x86_64.whl"))
    machine = FakeMachine()
    assert Path(_settled(machine, tmp_path).requirements[0]) == wheel
    assert any("--wheel-dir" in command for command in machine.commands)


def test_without_a_compiler_it_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EnvironmentBroken, match=r"big==1 has to be compiled, .* no C\+\+ compiler") as caught:
        _settled(FakeMachine(), tmp_path)
    assert "g++" in caught.value.hint


def test_a_failed_compilation_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentBroken, match="big==1 is not to be had"):
        _settled(FakeMachine(fails="big==1"), tmp_path)
    assert not list(wheels_folder().rglob("*.whl"))
