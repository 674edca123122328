"""A GGUF in memory, on the CPU: the GPU stays free for painting."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import jinja2
import llama_cpp

from contracts.error_codes import ErrorCode, StageError
from contracts.exit_codes import ExitCode
from preenh.app.src.instruction import Question

CONTEXT_TOKENS = 2048
MAX_TOKENS = 200
"""Of an answer; the grammar's characters make fewer."""

TEMPERATURE = 0.6
REPEAT_PENALTY = 1.1
_MAGIC = b"GGUF"
_TEMPLATE = "tokenizer.chat_template"


class LanguageModel:
    """Answers questions.

    Attributes:
        chats: whether the file brings a chat template; else it is asked in plain text.
    """

    def __init__(self, llama: llama_cpp.Llama) -> None:
        self._llama = llama
        self.chats = _TEMPLATE in llama.metadata

    def answer(self, asked: Question, seed: int, until: float) -> str:
        """See `llm_enhancer.Writer`. The text is cut off at `until`, and after MAX_TOKENS."""
        self._llama.reset()  # else what is kept of the question before decides the last digits
        parts = []
        try:
            for part in self._stream(asked, seed):
                parts.append(part)
                if time.monotonic() > until:
                    raise ValueError("it took too long")
        except (RuntimeError, jinja2.TemplateError) as error:
            raise ValueError(f"llama.cpp: {error}") from error
        return "".join(parts)

    def _stream(self, asked: Question, seed: int) -> Iterator[str]:
        options = {
            "grammar": llama_cpp.LlamaGrammar.from_string(asked.grammar, verbose=False),
            "seed": seed,
            "max_tokens": MAX_TOKENS,
            "temperature": TEMPERATURE,
            "repeat_penalty": REPEAT_PENALTY,
            "stream": True,
        }
        if not self.chats:
            for chunk in self._llama.create_completion(asked.plain(), **options):
                yield chunk["choices"][0]["text"]
            return
        # One message: the templates of some models refuse the role of the system.
        messages = [{"role": "user", "content": asked.together()}]
        for chunk in self._llama.create_chat_completion(messages, **options):
            yield chunk["choices"][0]["delta"].get("content") or ""


def load(path: Path) -> LanguageModel:
    """Load a GGUF.

    Raises:
        StageError: WEIGHTS_MISSING, or WEIGHTS_UNUSABLE where it is no GGUF or llama.cpp refuses it.
    """
    try:
        with open(path, "rb") as handle:
            begins = handle.read(len(_MAGIC))
    except OSError as error:
        raise StageError(
            ErrorCode.WEIGHTS_MISSING,
            f"the language model {path} cannot be read: {error.strerror or error}",
            "name a GGUF file in LLM_MODEL_PATH, or use --backend rules",
            ExitCode.ENVIRONMENT,
        ) from error
    if begins != _MAGIC:
        raise _unusable(path, f"is no GGUF file, it begins with {begins!r}")
    threads = _threads()
    try:
        llama = llama_cpp.Llama(
            str(path),
            n_gpu_layers=0,
            n_ctx=CONTEXT_TOKENS,
            n_threads=threads,
            n_threads_batch=threads,
            verbose=False,
        )
    except (ValueError, RuntimeError, AssertionError, UnicodeDecodeError, jinja2.TemplateError) as error:
        raise _unusable(path, f"cannot be loaded by llama.cpp: {error}") from error
    return LanguageModel(llama)


def _unusable(path: Path, reason: str) -> StageError:
    return StageError(
        ErrorCode.WEIGHTS_UNUSABLE,
        f"the language model {path} {reason}",
        "name an instruct model in the GGUF format, whole and not newer than llama-cpp-python 0.3.36",
        ExitCode.ENVIRONMENT,
    )


def _threads() -> int:
    """Half of the processors that this process may use.

    llama.cpp's threads wait by spinning: where another program needs the processor, two threads on two
    of them take ten times as long as one.
    """
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, usable // 2)
