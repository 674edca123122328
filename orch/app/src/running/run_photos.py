"""The photos of a run: the two passes over them, and what is written about them."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from math import inf
from pathlib import Path

from contracts.error_codes import StageError
from imaging.photo_identity import PhotoLimits
from orch.app.src.asking.asker import Asker
from orch.app.src.asking.requests import RequestMaker
from orch.app.src.backends.choice import BackendChoice
from orch.app.src.donors.search import DonorSearch
from orch.app.src.errors import described
from orch.app.src.fingerprints import ALL_CODE, code_fingerprint
from orch.app.src.inputs.darkroom import MOST_BYTES, Darkroom
from orch.app.src.inputs.developing import Developer
from orch.app.src.journal import JOURNAL_FORMAT, Journal
from orch.app.src.looking.face_cache import FaceCache
from orch.app.src.looking.identification import Identifier, IdentityBackends
from orch.app.src.looking.looker import Looker
from orch.app.src.opening.proving import proved
from orch.app.src.progress.shown import Progress
from orch.app.src.report import RunDocuments, RunReport
from orch.app.src.report_page.album import Album
from orch.app.src.report_page.documents import write_documents
from orch.app.src.report_page.page import compile_templates
from orch.app.src.report_page.pictures import Cutter
from orch.app.src.run_paths import Layout
from orch.app.src.running.begun_run import BegunRun
from orch.app.src.running.output_keys import output_keys
from orch.app.src.running.passes import Passes
from orch.app.src.running.run_report import run_report
from orch.app.src.running.run_setup import input_places
from orch.app.src.running.second_pass import SecondPass
from orch.app.src.running.stopping import StopPolicy
from orch.app.src.stages.executor import LocalExecutor
from orch.app.src.version import VERSION


def do_photos(run: BegunRun) -> RunReport:
    """Do them all, and write the report and its page.

    Raises:
        StageError: what was asked for cannot be done, which is known before the first photo. A run that
            is taken up is done with some photos, and says so of the others in its report.
    """
    photos = len(run.found.photos)
    processing = run.settings.processing
    limits = PhotoLimits(processing.max_megapixels, processing.max_file_mb)
    developer = _developer(run, limits)
    darkroom = Darkroom(
        developer,
        at_once=run.size.of("face", dict(run.choice.started)["face"]),
        most_bytes=inf if run.space.layout.keeps_intermediates else MOST_BYTES,
    )
    with ExitStack() as stack:
        progress = stack.enter_context(run.surroundings.progress(processing.log_format))
        requests = RequestMaker(
            run.settings,
            run.space.layout,
            run.space.batch_id,
            dict(run.choice.started),
            run.choice.weights,
            darkroom,
        )
        if not run.options.dry_run and not run.resumed.past:
            requests = proved(run.choice, requests, run.pool.run)
        album = stack.enter_context(Album(photos, Cutter(requests, run.pool.run), compile_templates))
        second = _second_pass(run, requests, Asker(run.pool, progress), developer)
        journal = None if run.options.dry_run else stack.enter_context(_journal(run))
        passes = Passes(
            photos=run.found.photos,
            looker=second.search.looker,
            settle=second.settle,
            prepare=second.prepare,
            soon=second.soon,
            executor=second.search.identifier.executor,
            progress=progress,
            policy=StopPolicy(run.options.max_failures),
            keys=lambda: output_keys(run.settings, run.options, _all_weights(run.choice), run.marks),
            past=run.resumed.past,
            journal=journal,
            images=run.space.layout.images,
            album=album,
            tracebacks=processing.verbose,
        )
        progress.run_started(run.space.batch_id, photos)
        passes.go()
        run.pool.wind_down()
        return _told(run_report(run, passes, second.notices), run.space.layout, album, progress)


def _developer(run: BegunRun, limits: PhotoLimits) -> Developer | None:
    """What develops HEIC and camera raw, None where it is not installed."""
    python = run.surroundings.camera
    if python is None:
        return None
    return Developer(python, run.space.layout, limits, run.surroundings.environ, run.size.threads)


def _second_pass(
    run: BegunRun, requests: RequestMaker, ask: Asker, developer: Developer | None
) -> SecondPass:
    def cancel() -> None:
        run.pool.cancel()
        if developer:
            developer.cancel()

    looker = Looker(requests, ask, FaceCache(run.space.layout.seen_faces))
    search = DonorSearch(
        run.settings.generation,
        run.donors,
        looker,
        Identifier(requests, ask, looker.cache, LocalExecutor(run.size.in_flight, cancel)),
        IdentityBackends(run.pool, requests, run.surroundings.equipment, not run.options.dry_run),
    )
    return SecondPass(
        run.settings,
        run.options,
        requests,
        not run.resumed.past,
        ask,
        run.pool,
        run.size,
        run.choice,
        looker.cache,
        run.names,
        search,
        run.marks,
    )


def _journal(run: BegunRun) -> Journal:
    """The journal of the run, with a line that says that it begins or goes on, and with what."""
    journal = Journal(run.space.layout.journal(run.space.batch_id))
    now = run.began.isoformat(timespec="seconds")
    journal.write(
        "run",
        format=JOURNAL_FORMAT,
        run_id=run.space.batch_id,
        began=run.resumed.past.began or now,
        started=now,
        inputs=sorted(input_places(run.options, run.settings)),
        version=VERSION,
        code=code_fingerprint(ALL_CODE),
        options=run.options.as_report(),
        settings=run.settings.as_json(),
    )
    return journal


def _told(report: RunReport, layout: Layout, album: Album, progress: Progress) -> RunReport:
    """Write what is to be read about the run; where that cannot be done, the report says so."""
    documents = RunDocuments()
    try:
        documents = write_documents(report, layout, album)
    except StageError as error:
        stopped = report.stopped or described(error)
        report = replace(report, stopped=stopped, exit_code=int(error.exit_code))
    progress.run_done(report, documents)
    return report


def _all_weights(choice: BackendChoice) -> dict[str, Path]:
    return {name: path for weights in choice.weights.values() for name, path in weights.items()}
