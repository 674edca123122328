"""Prompt variations of a run, made once by the pre-enhancement stage."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from contracts.envelope import Notice
from orch.app.src.asking import Asker
from orch.app.src.documents import read_json
from orch.app.src.requests import RequestMaker


@dataclass(frozen=True)
class PromptVariations:
    """prompts: variation number -> configuration that merges over the run's; a failed one is missing."""

    prompts: dict[int, dict[str, Any]] = field(default_factory=dict)
    notices: tuple[Notice, ...] = ()


def vary_prompts(requests: RequestMaker, ask: Asker, count: int) -> PromptVariations:
    """Make `count` variations; one that fails keeps the run's prompts, with a notice."""
    if not count:
        return PromptVariations()
    prompts: dict[int, dict[str, Any]] = {}
    notices: list[Notice] = []
    for number, item in enumerate(ask(requests.pre_enhance(count)).items, 1):
        if item.status == "succeeded":
            prompts[number] = read_json(requests.layout.variation(item.item_id))
        elif item.error:
            notices.append(Notice(item.error.code, f"{item.item_id}: {item.error.message}"))
        notices += item.warnings
    return PromptVariations(prompts, tuple(notices))
