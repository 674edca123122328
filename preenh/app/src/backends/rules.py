"""Backend `rules`: curated fragments, no language model, standard library only."""

from __future__ import annotations

import platform
from collections.abc import Iterator

from contracts.envelope import Item, ItemResult, Notice, Versions
from contracts.error_codes import ErrorCode
from contracts.preenh import PreEnhanceParams
from contracts.stage import Job, Session, each_item
from preenh.app.src.rule_enhancer import enhance
from preenh.app.src.variation_files import number_of, prompts_of, write_variation


class RuleSession:
    """Nothing is loaded; `params.instruction` and `params.weights` are for language models."""

    def run(self, job: Job) -> Iterator[ItemResult]:
        original = prompts_of(job.params(PreEnhanceParams))

        def work(item: Item) -> ItemResult:
            enhanced = enhance(original, number_of(job, item), item.seed)
            warnings = [Notice(ErrorCode.PRE_ENHANCEMENT_FAILED, w) for w in enhanced.warnings]
            return write_variation(job, item, enhanced.prompts, "rules", warnings)

        return each_item(job, ErrorCode.PRE_ENHANCEMENT_FAILED, work)

    def versions(self) -> Versions:
        return Versions(python=platform.python_version())


def open_session(device: str) -> Session:
    """`device` is not used: there is nothing to compute on one."""
    return RuleSession()
