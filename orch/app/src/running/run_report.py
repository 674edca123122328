"""The report of a run, from what happened in it."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import Any

from contracts import CONTRACT
from contracts.codec import to_dict
from contracts.envelope import Notice
from contracts.execution import peak_rss_mb
from orch.app.src.errors import described, exit_code_of_run
from orch.app.src.fingerprints import ALL_CODE, code_fingerprint
from orch.app.src.inputs.photos import FoundPhotos
from orch.app.src.report import REPORT_FORMAT, PhotoReport, RunReport
from orch.app.src.running.begun_run import BegunRun
from orch.app.src.running.passes import Passes
from orch.app.src.running.resume import done_again
from orch.app.src.settings import Settings
from orch.app.src.stage_registry import FINISHER, STAGES
from orch.app.src.stages.pool import WorkerPool
from orch.app.src.version import VERSION


def run_report(run: BegunRun, passes: Passes, notices: Iterable[Notice]) -> RunReport:
    """The report; photos in the order in which they were found.

    Args:
        notices: those of the passes.
    """
    found, past, pool = run.found, run.resumed.past, run.pool
    photos = tuple(passes.reports[number] for number in sorted(passes.reports))
    problems = tuple(described(problem) for problem in found.problems)
    settings = run.settings.as_json()
    again = done_again(past, photos, settings, code_fingerprint(ALL_CODE))
    total_s = time.monotonic() - run.started
    return RunReport(
        format=REPORT_FORMAT,
        version=VERSION,
        contract=CONTRACT,
        run_id=run.space.batch_id,
        started=past.began or run.began.isoformat(timespec="seconds"),
        exit_code=int(exit_code_of_run(photos, problems, passes.stopped)),
        stopped=passes.stopped,
        not_done=_left(found, passes),
        total_s=round(total_s, 3),
        overhead_s=round(total_s - pool.busy.seconds(), 3),
        peak_rss_mb=max([peak_rss_mb(), *(use.peak_rss_mb or 0.0 for use in pool.use().values())]),
        settings=settings,
        options=run.options.as_report(),
        photos=photos,
        problems=problems,
        notices=(
            *found.notices,
            *run.donors.notices,
            *run.resumed.notices,
            *again,
            *_with_metadata(run.settings, photos),
            *run.choice.notices,
            *notices,
        ),
        backends=tuple(run.choice.reports),
        stages=_stages(pool),
    )


def _with_metadata(settings: Settings, photos: Sequence[PhotoReport]) -> tuple[Notice, ...]:
    """Copies are the photos byte by byte: whoever strips metadata may not expect any of them."""
    copies = sum(photo.copied_to is not None for photo in photos)
    if not (settings.output.strip_metadata and copies):
        return ()
    which = "1 copied photo keeps its" if copies == 1 else f"{copies} copied photos keep their"
    return (Notice("METADATA_KEPT", f"{which} metadata"),)


def _left(found: FoundPhotos, passes: Passes) -> tuple[str, ...]:
    return tuple(photo.name for number, photo in enumerate(found.photos) if number not in passes.reports)


def _stages(pool: WorkerPool) -> dict[str, Any]:
    """Stages by name; a second backend of one as "gen/sdxl", and always "res/finish"."""
    told: dict[str, Any] = {}
    for (stage, backend), use in pool.use().items():
        is_first = stage not in told and (stage, backend) != FINISHER
        name = stage if is_first else f"{stage}/{backend}"
        told[name] = {"module": STAGES[stage].module, "backend": backend, **to_dict(use)}
    return told
