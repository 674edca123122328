"""`python3 -m tests`: all checks run, pytest last, and one that fails makes the command fail."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

import tests.__main__ as command
from environments import EXIT_ENVIRONMENT, EnvironmentBroken
from environments.places import CHECKOUT
from environments.recipe import read_recipe

LINTERS = ["ruff check", "ruff format", "mypy contracts"]


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was run, from the module's name on; mypy reports an error."""
    lines: list[str] = []

    def run(words: list[str], variables: Mapping[str, str] | None = None) -> int:
        lines.append(" ".join(words[2:]))
        return int("mypy" in words)

    monkeypatch.setattr(command, "environment_python", lambda *_: Path("/made/python"))
    monkeypatch.setattr(command, "_run", run)
    monkeypatch.setattr(command, "in_stage_recipes", list)
    monkeypatch.setattr(sys, "version_info", (3, 11))
    return lines


def test_without_all_the_heavy_ones_stay_out(ran: list[str]) -> None:
    command.main(["-k", "name"])
    assert [line.startswith(start) for line, start in zip(ran, LINTERS)] == [True] * 3
    assert ran[3:] == ["pytest -m not heavy -k name"]


def test_with_all_nothing_stays_out(ran: list[str]) -> None:
    command.main(["--all", "-x"])
    assert ran[-1] == "pytest -x"


def test_with_all_heavy_backends_are_tested_in_their_environments(
    ran: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "in_stage_recipes", lambda: ["sdxl"])
    command.main(["--all", "-x"])
    assert ran[-2].startswith(f"pytest {command.IN_STAGE / 'sdxl'} --confcutdir")
    assert ran[-1] == "pytest -x"


def test_named_tests_are_the_only_ones(ran: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "in_stage_recipes", lambda: ["sdxl"])
    command.main(["--all", f"{__file__}::test_named"])
    assert len(ran) == 4


def test_folders_of_stage_tests_have_their_recipes() -> None:
    for recipe in command.in_stage_recipes():
        read_recipe(CHECKOUT / "tests", recipe)


def test_one_that_fails_stops_none_and_counts(ran: list[str]) -> None:
    assert command.main([]) == 1
    assert len(ran) == 4


def test_types_are_not_checked_with_the_old_numpy(ran: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 10))
    assert command.main([]) == 0
    assert not any(line.startswith("mypy") for line in ran)


def test_without_an_environment_it_says_so(
    ran: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*_: object) -> Path:
        raise EnvironmentBroken("no network", "wait")

    monkeypatch.setattr(command, "environment_python", broken)
    assert command.main([]) == EXIT_ENVIRONMENT
    assert capsys.readouterr().err == "error: no network [ENV_001]. wait\n"
    assert ran == []


def test_quality_runs_alone_with_its_own_options(ran: list[str]) -> None:
    command.main(["--quality", "--renew-baseline"])
    assert ran == ["tests.quality --renew-baseline"]
