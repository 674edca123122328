"""Prompt variations of a run, made once by the pre-enhancement stage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from contracts.envelope import ItemResult, Notice
from orch.app.src.asking.asker import Asker
from orch.app.src.asking.documents import read_json
from orch.app.src.asking.requests import RequestMaker

RULES = "rules"
"""Needs neither weights nor an environment, and takes over what a language model fails at."""


@dataclass(frozen=True)
class PromptVariations:
    """prompts: variation number -> configuration that merges over the run's; a failed one is missing."""

    prompts: dict[int, dict[str, Any]] = field(default_factory=dict)
    notices: tuple[Notice, ...] = ()


def vary_prompts(requests: RequestMaker, ask: Asker, count: int) -> PromptVariations:
    """Make `count` variations.

    What the run's backend fails at, as its model is damaged or its process died, the rules write; what
    they fail at keeps the run's prompts. Notices tell both.
    """
    if not count:
        return PromptVariations()
    answers = _ask(requests, ask, range(1, count + 1))
    notices = _notices(answers)
    failed = [number for number, item in answers.items() if item.status != "succeeded"]
    if failed and requests.backends["preenh"] != RULES:
        notices.append(Notice("BACKEND_FALLBACK", f"{len(failed)} prompt variations were written by rules"))
        again = _ask(requests, ask, failed, RULES)
        notices += _notices(again)
        answers |= again
    prompts = {
        number: read_json(requests.layout.variation(item.item_id))
        for number, item in answers.items()
        if item.status == "succeeded"
    }
    return PromptVariations(prompts, tuple(notices))


def _ask(
    requests: RequestMaker, ask: Asker, numbers: Sequence[int], backend: str = ""
) -> dict[int, ItemResult]:
    return dict(zip(numbers, ask(requests.pre_enhance(numbers, backend)).items))


def _notices(answers: dict[int, ItemResult]) -> list[Notice]:
    """What failed, each reason once, and what the stage warned of."""
    reasons = dict.fromkeys((item.error.code, item.error.message) for item in answers.values() if item.error)
    warnings = [
        Notice(w.code, f"{item.item_id}: {w.message}") for item in answers.values() for w in item.warnings
    ]
    return [Notice(code, f"prompt variations: {message}") for code, message in reasons] + warnings
