"""Prompt variations of a run: a language model that fails costs a notice, never the run."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from contracts.envelope import ErrorInfo, ItemResult, Notice
from contracts.files import write_json
from orch.app.src.asking.asker import Asker
from orch.app.src.asking.requests import RequestMaker
from orch.app.src.opening.prompt_variations import PromptVariations, vary_prompts

BROKEN = ErrorInfo("MODEL_005", "m.gguf is no GGUF file")


@dataclass
class FakeRun:
    """fails: (backend, number) that fail. asked: (backend, numbers) of each request."""

    folder: Path
    backend: str = "llama"
    fails: set[tuple[str, int]] = field(default_factory=set)
    asked: list[tuple[str, list[int]]] = field(default_factory=list)

    def vary(self, count: int) -> PromptVariations:
        requests = SimpleNamespace(
            backends={"preenh": self.backend},
            layout=SimpleNamespace(variation=lambda name: self.folder / f"{name}.json"),
            pre_enhance=lambda numbers, backend: (backend or self.backend, list(numbers)),
        )
        return vary_prompts(cast(RequestMaker, requests), cast(Asker, self._answer), count)

    def _answer(self, request: tuple[str, list[int]]) -> Any:
        self.asked.append(request)
        backend, numbers = request
        return SimpleNamespace(items=tuple(self._item(backend, number) for number in numbers))

    def _item(self, backend: str, number: int) -> ItemResult:
        name = f"v{number}"
        if (backend, number) in self.fails:
            return ItemResult(name, "failed", error=BROKEN)
        write_json(self.folder / f"{name}.json", {"by": backend})
        warnings = (Notice("PREENH_001", "prompt: too long"),) if number == 2 else ()
        return ItemResult(name, "succeeded", warnings=warnings)


def test_variations_and_warnings_come_by_number(tmp_path: Path) -> None:
    run = FakeRun(tmp_path)
    varied = run.vary(2)
    assert varied.prompts == {1: {"by": "llama"}, 2: {"by": "llama"}}
    assert varied.notices == (Notice("PREENH_001", "v2: prompt: too long"),)
    assert run.asked == [("llama", [1, 2])]


def test_what_the_model_fails_at_the_rules_write_and_the_reason_comes_once(tmp_path: Path) -> None:
    run = FakeRun(tmp_path, fails={("llama", 1), ("llama", 3)})
    varied = run.vary(3)
    assert varied.prompts == {1: {"by": "rules"}, 2: {"by": "llama"}, 3: {"by": "rules"}}
    assert run.asked[1] == ("rules", [1, 3])
    assert [n.code for n in varied.notices] == ["MODEL_005", "PREENH_001", "BACKEND_FALLBACK"]
    assert "m.gguf" in varied.notices[0].message


def test_what_the_rules_fail_at_keeps_the_prompts(tmp_path: Path) -> None:
    run = FakeRun(tmp_path, "rules", fails={("rules", 1)})
    assert set(run.vary(2).prompts) == {2}
    assert len(run.asked) == 1


def test_no_variations_ask_for_nothing(tmp_path: Path) -> None:
    run = FakeRun(tmp_path)
    assert run.vary(0) == PromptVariations()
    assert run.asked == []
