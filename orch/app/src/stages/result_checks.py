"""What the orchestrator holds a stage to, whatever the stage says about itself."""

from __future__ import annotations

from dataclasses import replace

from contracts.envelope import ErrorInfo, Item, ItemResult, OutputFile, Request, Result
from contracts.error_codes import ErrorCode
from contracts.files import resolve
from orch.app.src.stage_registry import StageEntry


def checked_items(entry: StageEntry, request: Request, result: Result) -> tuple[ItemResult, ...]:
    """One ItemResult for every item of the request, in its order; claims that do not hold are failures.

    An item without an answer fails with the result's error, or as STAGE_NO_RESULT. A "succeeded" item
    fails as STAGE_OUTPUT_MISMATCH where an output that was asked for is missing, was not asked for, or
    has another size than the stage says.
    """
    answers = {item.item_id: item for item in result.items}
    checked = []
    for item in request.items:
        answer = answers.get(item.item_id)
        if answer is None:
            answer = ItemResult(item.item_id, "failed", error=_missing_answer(entry, result))
        elif answer.status == "succeeded":
            problem = _output_problem(entry, request, item, answer.outputs)
            if problem:
                error = ErrorInfo(
                    ErrorCode.STAGE_OUTPUT_MISMATCH, f"stage {entry.name}: {problem}", retryable=True
                )
                answer = replace(answer, status="failed", error=error)
        checked.append(answer)
    return tuple(checked)


def _missing_answer(entry: StageEntry, result: Result) -> ErrorInfo:
    return result.error or ErrorInfo(
        ErrorCode.STAGE_NO_RESULT, f"stage {entry.name} left an item without an answer"
    )


def _output_problem(
    entry: StageEntry, request: Request, item: Item, outputs: dict[str, OutputFile]
) -> str | None:
    for name in item.outputs:
        if name not in outputs and name not in entry.optional_outputs:
            return f"output {name!r} is missing"
    for name, output in outputs.items():
        if item.outputs.get(name) != output.path:
            return f"output {name!r} went to {output.path!r}, which was not asked for"
        try:
            size = resolve(request.roots, output.path).stat().st_size
        except FileNotFoundError:
            return f"output {name!r} was reported but is not there"
        if size != output.size:  # whoever reads it next notices any other damage
            return f"output {name!r} is not what the stage wrote: its size differs"
    return None
