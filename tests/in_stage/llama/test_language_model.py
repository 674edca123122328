"""llama.cpp: what is no model is refused, what a model says is bounded, and a session reports rubbish."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from contracts.envelope import Item, Request, Result
from contracts.execution import execute
from contracts.exit_codes import ExitCode
from preenh.app.src import language_model
from preenh.app.src.instruction import question, read_answer
from preenh.app.src.language_model import LanguageModel, load
from preenh.app.src.packaged_model import packaged_model
from preenh.app.src.pre_enhance_prompt import STAGE

PROMPT = "Brown eyes, two wide open expressive eyes, matte finish"
QUESTION = question("prompt", PROMPT, "Elaborate.", "rewrite")
FOR_EVER = float("inf")


class FakeLlama:
    """Says the same to whatever it is asked; raises where it is an exception."""

    def __init__(self, answer: str | Exception, template: bool = True) -> None:
        self.metadata = {"tokenizer.chat_template": "..."} if template else {}
        self.said = answer
        self.calls: list[dict[str, Any]] = []

    def reset(self) -> None:
        pass

    def create_chat_completion(self, messages: list[dict[str, str]], **options: Any) -> Iterator[Any]:
        self.calls.append({"messages": messages, **options})
        yield {"choices": [{"delta": {"role": "assistant"}}]}
        for text in self._parts():
            yield {"choices": [{"delta": {"content": text}}]}

    def create_completion(self, prompt: str, **options: Any) -> Iterator[Any]:
        self.calls.append({"prompt": prompt, **options})
        for text in self._parts():
            yield {"choices": [{"text": text}]}

    def _parts(self) -> Iterator[str]:
        if isinstance(self.said, Exception):
            raise self.said
        yield from self.said


@pytest.fixture(scope="module")
def small() -> LanguageModel:
    return load(packaged_model())


def _run(tmp_path: Path, backend: str, weights: dict[str, str], count: int = 1) -> Result:
    items = tuple(
        Item(f"v{n}", seed=42, outputs={"variation": f"out:v{n}.json"}, params={"number": n})
        for n in range(1, count + 1)
    )
    roots = {"out": str(tmp_path), "w": str(tmp_path)}
    params = {"prompt": PROMPT, "weights": weights}
    return execute(STAGE, Request("r", "run", "preenh", backend, items, roots, params=params), {})


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> FakeLlama:
    """Takes the place of llama.cpp; the file m.gguf is there."""
    llama = FakeLlama("")
    (tmp_path / "m.gguf").write_bytes(b"GGUF....")
    monkeypatch.setattr(language_model.llama_cpp, "Llama", lambda *a, **k: llama)
    return llama


@pytest.mark.parametrize(
    "rubbish",
    [
        "",
        "Sure, here you are!",
        '{"text": "eyes',
        json.dumps({"text": "eyes " * 99}),
        RuntimeError("decode -3"),
    ],
)
def test_rubbish_is_replaced_and_reported(fake: FakeLlama, tmp_path: Path, rubbish: str | Exception) -> None:
    fake.said = rubbish
    result = _run(tmp_path, "llama", {"llm": "w:m.gguf"})
    (item,) = result.items
    assert item.status == "succeeded"
    assert item.strategy_used == "rules"
    assert [w.code for w in item.warnings] == ["PREENH_001"]
    assert "written by rules" in item.warnings[0].message
    written = json.loads((tmp_path / "v1.json").read_text())
    assert written["generation"]["prompt"].startswith(PROMPT + ", ")


def test_a_good_answer_is_the_variation(fake: FakeLlama, tmp_path: Path) -> None:
    fake.said = json.dumps({"text": f"{PROMPT}, fine lashes"})
    (item,) = _run(tmp_path, "llama", {"llm": "w:m.gguf"}).items
    assert item.strategy_used == "llama"
    assert item.warnings == ()
    assert item.data["prompt"] == f"{PROMPT}, fine lashes"


def test_without_a_chat_template_it_is_asked_plainly(fake: FakeLlama, tmp_path: Path) -> None:
    fake.metadata = {}
    fake.said = json.dumps({"text": f"{PROMPT}, fine lashes"})
    first, second = _run(tmp_path, "llama", {"llm": "w:m.gguf"}, count=2).items
    assert "no chat template" in first.warnings[-1].message
    assert not any("template" in w.message for w in second.warnings)
    assert "prompt" in fake.calls[0]


@pytest.mark.parametrize(
    ("content", "code", "says"),
    [
        (None, "MODEL_001", "cannot be read: No such file"),
        (b"", "MODEL_005", "is no GGUF file"),
        (b"<html>not found</html>", "MODEL_005", "is no GGUF file, it begins with b'<htm'"),
        (b"GGUF" + bytes(64), "MODEL_005", "cannot be loaded by llama.cpp"),
        ("half", "MODEL_005", "cannot be loaded by llama.cpp"),
    ],
)
def test_what_is_no_model_gets_one_line(
    tmp_path: Path, content: bytes | str | None, code: str, says: str
) -> None:
    if content == "half":
        with open(packaged_model(), "rb") as whole:
            content = whole.read(30_000_000)
    if isinstance(content, bytes):
        (tmp_path / "m.gguf").write_bytes(content)
    result = _run(tmp_path, "llama", {"llm": "w:m.gguf"})
    assert result.exit_code == ExitCode.ENVIRONMENT
    assert result.error is not None
    assert result.error.code == code
    assert says in result.error.message
    assert "\n" not in result.error.message


def test_no_named_model_is_said(tmp_path: Path) -> None:
    result = _run(tmp_path, "llama", {})
    assert result.error is not None
    assert result.error.code == "MODEL_001"
    assert "LLM_MODEL_PATH" in result.error.hint


def test_the_same_seed_gives_the_same_text_whatever_was_asked_before(small: LanguageModel) -> None:
    first = small.answer(QUESTION, 5, FOR_EVER)
    other = small.answer(question("prompt", PROMPT, "Be bold.", "extend"), 6, FOR_EVER)
    assert small.answer(QUESTION, 5, FOR_EVER) == first
    assert other != first


def test_the_grammar_keeps_the_text_where_the_model_may_only_add(small: LanguageModel) -> None:
    text = 'Eyes "as they are", größer (matte:1.2)'
    asked = question("prompt", text, "", "extend")
    assert read_answer(small.answer(asked, 1, FOR_EVER)).startswith(f"{text}, ")


def test_what_does_not_fit_into_the_context_is_an_answer_too(small: LanguageModel) -> None:
    with pytest.raises(ValueError, match="context"):
        small.answer(question("prompt", "eyes " * 3000, "", "rewrite"), 1, FOR_EVER)


def test_it_stops_when_the_time_is_over(small: LanguageModel) -> None:
    with pytest.raises(ValueError, match="too long"):
        small.answer(QUESTION, 1, time.monotonic())
