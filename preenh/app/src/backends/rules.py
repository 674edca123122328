"""Backend `rules`: curated fragments, no language model, standard library only."""

from __future__ import annotations

import platform
from collections.abc import Iterator

from contracts.envelope import Item, ItemResult, Notice, Versions
from contracts.error_codes import ErrorCode, StageError
from contracts.exit_codes import ExitCode
from contracts.files import write_json
from contracts.preenh import PreEnhanceItemParams, PreEnhanceParams
from contracts.stage import Job, Session, each_item
from preenh.app.src.rule_enhancer import Prompts, enhance


class RuleSession:
    """Nothing is loaded; `params.instruction` is for language models and not read."""

    def run(self, job: Job) -> Iterator[ItemResult]:
        params = job.params(PreEnhanceParams)
        original = Prompts(
            params.prompt, params.negative_prompt, params.refiner_prompt, params.refiner_negative_prompt
        )

        def work(item: Item) -> ItemResult:
            number = job.item_params(PreEnhanceItemParams, item).number
            path = job.output(item, "variation")
            if path is None or number < 1:
                raise StageError(
                    ErrorCode.BAD_REQUEST,
                    f"item {item.item_id}: an output 'variation' and a number from 1 are needed",
                    exit_code=ExitCode.USAGE,
                )
            enhanced = enhance(original, number, item.seed)
            generation = enhanced.prompts.generation()
            write_json(path, {"generation": generation})
            warnings = tuple(Notice(ErrorCode.PRE_ENHANCEMENT_FAILED, w) for w in enhanced.warnings)
            return job.succeeded(item, strategy_used="rules", data=generation, warnings=warnings)

        return each_item(job, ErrorCode.PRE_ENHANCEMENT_FAILED, work)

    def versions(self) -> Versions:
        return Versions(python=platform.python_version())


def open_session(device: str) -> Session:
    """`device` is not used: there is nothing to compute on one."""
    return RuleSession()
