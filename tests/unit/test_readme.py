"""The README says what the program does: its options, its exit codes, its links."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

import pytest

from contracts.exit_codes import ExitCode
from environments.places import CHECKOUT, VARIABLE
from orch.app.src.cli import build_parser
from orch.app.src.models.places import VARIABLE as MODELS_VARIABLE
from orch.app.src.settings_sources import ENVIRONMENT_KEYS

README = (CHECKOUT / "README.md").read_text(encoding="utf-8")
PAGES = sorted(
    path.relative_to(CHECKOUT)
    for pattern in ("*.md", "*/README.md", "Input_Images/*.md")
    for path in CHECKOUT.glob(pattern)
)

STAGES_ONLY = {"CRASH", "NOTHING_TO_DO", "QUALITY_GATE", "DEADLINE"}
"""Exit statuses that a stage run alone can have, and the command of a run not."""


def _section(title: str) -> str:
    return README.split(f"\n## {title}\n")[1].split("\n## ")[0]


def _table(title: str) -> list[list[str]]:
    rows = [line for line in _section(title).splitlines() if line.startswith("| ")][1:]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", row)[1:-1]] for row in rows]


def test_the_table_has_every_option_and_no_other() -> None:
    told = [option for row in _table("Options") for option in re.findall(r"`(--?[a-z-]+)", row[0])]
    real = [option for action in build_parser()._actions for option in action.option_strings]
    assert sorted(told) == sorted(real)


def test_the_choices_of_an_option_are_the_real_ones() -> None:
    rows = {re.findall(r"`(--[a-z-]+)", row[0])[0]: row[0] for row in _table("Options")[:-1]}
    for action in build_parser()._actions:
        if isinstance(action, argparse._StoreAction) and action.choices:
            assert "\\|".join(action.choices) in rows[action.option_strings[0]]


def test_every_exit_status_of_a_run_is_told() -> None:
    told = {int(row[0]) for row in _table("For scripts")}
    assert told == {int(code) for code in ExitCode if code.name not in STAGES_ONLY}


def test_every_environment_variable_is_told() -> None:
    told = {name for row in _table("Configuration") for name in re.findall(r"`([A-Z_]+)`", row[0])}
    assert told == {*ENVIRONMENT_KEYS, VARIABLE, MODELS_VARIABLE}


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_links_inside_the_repository_lead_somewhere(page: Path) -> None:
    text = (CHECKOUT / page).read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", text):
        if not target.startswith("http"):
            assert (CHECKOUT / page.parent / target).exists(), target
