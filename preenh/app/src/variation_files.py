"""A variation as every backend reads and writes it."""

from __future__ import annotations

from collections.abc import Sequence

from contracts.envelope import Item, ItemResult, Notice
from contracts.error_codes import ErrorCode, StageError
from contracts.exit_codes import ExitCode
from contracts.files import write_json
from contracts.preenh import PreEnhanceItemParams, PreEnhanceParams
from contracts.stage import Job
from preenh.app.src.rule_enhancer import Prompts


def prompts_of(params: PreEnhanceParams) -> Prompts:
    """The texts to vary."""
    return Prompts(
        params.prompt, params.negative_prompt, params.refiner_prompt, params.refiner_negative_prompt
    )


def number_of(job: Job, item: Item) -> int:
    """The variation's number.

    Raises:
        StageError: BAD_REQUEST where it is none, or the variation has no place to go.
    """
    number = job.item_params(PreEnhanceItemParams, item).number
    if job.output(item, "variation") is None or number < 1:
        raise StageError(
            ErrorCode.BAD_REQUEST,
            f"item {item.item_id}: an output 'variation' and a number from 1 are needed",
            exit_code=ExitCode.USAGE,
        )
    return number


def write_variation(
    job: Job, item: Item, prompts: Prompts, strategy: str, warnings: Sequence[Notice]
) -> ItemResult:
    """Write the item's file and say what became of it."""
    generation = prompts.generation()
    path = job.output(item, "variation")
    if path is not None:
        write_json(path, {"generation": generation})
    return job.succeeded(item, strategy_used=strategy, data=generation, warnings=tuple(warnings))
