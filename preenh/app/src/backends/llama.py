"""Backends `llama` and `smollm2`: variations by a language model, checked; rules write what fails."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from pathlib import Path

import llama_cpp

from contracts.envelope import Item, ItemResult, Notice, Versions
from contracts.error_codes import ErrorCode, StageError
from contracts.exit_codes import ExitCode
from contracts.files import sha256_file
from contracts.preenh import PreEnhanceParams
from contracts.stage import Job, Session, each_item
from preenh.app.src.language_model import LanguageModel, load
from preenh.app.src.llm_enhancer import LanguageModelEnhancer
from preenh.app.src.packaged_model import packaged_model
from preenh.app.src.variation_files import number_of, prompts_of, write_variation

SECONDS_PER_VARIATION = 200.0
"""The model's time for one; the orchestrator waits longer than this for an item."""

WEIGHTS = "llm"

NO_TEMPLATE = Notice(
    ErrorCode.PRE_ENHANCEMENT_FAILED,
    "the language model brings no chat template and is asked in plain text; an instruct model does better",
)


class LlamaSession:
    """Holds the language model of the last request.

    Args:
        packaged: take the model that is in the environment, whatever a request names.
    """

    def __init__(self, packaged: bool) -> None:
        self._packaged = packaged
        self._path: Path | None = None
        self._model: LanguageModel | None = None

    def run(self, job: Job) -> Iterator[ItemResult]:
        params = job.params(PreEnhanceParams)
        model = self._loaded(job, params)
        enhancer = LanguageModelEnhancer(model, prompts_of(params), params.instruction, SECONDS_PER_VARIATION)
        notices = () if model.chats else (NO_TEMPLATE,)
        total = len(job.request.items)

        def work(item: Item) -> ItemResult:
            number = number_of(job, item)
            written = enhancer.variation(number, item.seed)
            warnings = [Notice(ErrorCode.PRE_ENHANCEMENT_FAILED, w) for w in written.enhanced.warnings]
            if item is job.request.items[0]:
                warnings += notices
            job.progress(job.request.items.index(item) + 1, total)
            fields = [text for text in vars(written.enhanced.prompts).values() if text.strip()]
            used = "rules" if len(written.by_rules) == len(fields) else job.request.backend
            return write_variation(job, item, written.enhanced.prompts, used, warnings)

        return each_item(job, ErrorCode.PRE_ENHANCEMENT_FAILED, work)

    def versions(self) -> Versions:
        return Versions(
            python=platform.python_version(),
            packages={"llama-cpp-python": llama_cpp.__version__},
            models={WEIGHTS: sha256_file(self._path)} if self._path else {},
        )

    def _loaded(self, job: Job, params: PreEnhanceParams) -> LanguageModel:
        path = packaged_model() if self._packaged else _named(job, params)
        if self._model is None or path != self._path:
            self._model, self._path = None, None  # two of them need not fit into memory
            self._model = load(path)
            self._path = path
        return self._model


def _named(job: Job, params: PreEnhanceParams) -> Path:
    if WEIGHTS not in params.weights:
        raise StageError(
            ErrorCode.WEIGHTS_MISSING,
            "no language model is named",
            "name a GGUF file: --weights llm=FILE, models.llm, or LLM_MODEL_PATH; or use --backend rules",
            ExitCode.ENVIRONMENT,
        )
    return job.path(params.weights[WEIGHTS])


def open_session(device: str) -> Session:
    """`device` is not used: the language model works on the CPU, so that the GPU stays free."""
    return LlamaSession(packaged=False)


def open_packaged_session(device: str) -> Session:
    """As `open_session`, with the model from the package."""
    return LlamaSession(packaged=True)
