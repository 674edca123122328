"""A whole run: settings, photos, stages, the two passes, the report."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from contracts.error_codes import StageError
from orch.app.src import strategies
from orch.app.src.asking import Asker
from orch.app.src.backend_choice import BackendChoice
from orch.app.src.backends import settle_backends
from orch.app.src.capacity import capacity
from orch.app.src.donor_search import DonorSearch
from orch.app.src.equipment import Equipment
from orch.app.src.errors import described
from orch.app.src.executor import LocalExecutor
from orch.app.src.face_cache import FaceCache, Seen
from orch.app.src.fingerprints import ALL_CODE, code_fingerprint
from orch.app.src.finishing import WriteFinal
from orch.app.src.hardware import Hardware
from orch.app.src.identification import Identifier, start_identity
from orch.app.src.journal import JOURNAL_FORMAT, Journal
from orch.app.src.launching import Launcher
from orch.app.src.leftovers import clear_temporaries
from orch.app.src.looking import Looker
from orch.app.src.options import RunOptions
from orch.app.src.output_keys import output_keys
from orch.app.src.output_names import OutputFormat, OutputNames
from orch.app.src.passes import Passes
from orch.app.src.progress import Progress
from orch.app.src.proving import proved
from orch.app.src.report import RunDocuments, RunReport
from orch.app.src.requests import RequestMaker
from orch.app.src.run_paths import Layout
from orch.app.src.run_report import RunFacts, run_report
from orch.app.src.run_setup import Resumed, donor_photos, photos_of, resumed_run, workspace_of
from orch.app.src.second_pass import SecondPass
from orch.app.src.selection_marks import Marks
from orch.app.src.settings import Settings
from orch.app.src.settings_sources import load_settings
from orch.app.src.stopping import StopPolicy
from orch.app.src.version import VERSION
from orch.app.src.workers import WorkerPool
from orch.app.src.workspace import Workspace


@dataclass(frozen=True)
class Surroundings:
    """What a run needs from outside, and tests replace.

    Attributes:
        launcher: (layout, batch id, threads of each process) -> what starts stages.
        writer: what writes finished pictures.
        suffix: (photo, output format) -> ending of its finished picture's name.
        progress: log format -> what shows progress.
        equipment: GPU, environments and weights, for the choice of backends.
        hardware: cores and memory, for how much is done at once.
    """

    launcher: Callable[[Layout, str, int], Launcher]
    writer: Callable[[Settings], WriteFinal]
    suffix: Callable[[Path, OutputFormat], str]
    progress: Callable[[str], Progress]
    environ: Mapping[str, str]
    equipment: Equipment
    hardware: Hardware


def execute(options: RunOptions, surroundings: Surroundings, started: float) -> RunReport:
    """Do a run and write its report.

    Args:
        started: `time.monotonic()` when the program began.

    Raises:
        StageError: what is wrong before the first photo: configuration, arguments, inputs, weights,
            environments, another run of the same id.
    """
    began = datetime.now().astimezone()
    settings = load_settings(options.config, options.overrides, surroundings.environ)
    donors = donor_photos(settings)
    marks = Marks(options.selection) if options.selection else None
    found = photos_of(options, settings)
    searched = settings.generation.find_donors and len(found.photos) > 1
    strategies.validate(settings.generation.model, bool(donors.named or donors.searched or searched))
    choice = settle_backends(
        settings, surroundings.equipment, options.num_variations, builds=not options.dry_run
    )
    names = OutputNames(
        settings.output.name_template, settings.output.format, found.photos, surroundings.suffix
    )
    size = capacity(settings.processing.workers, len(found.photos), surroundings.hardware)
    resumed = resumed_run(options)
    with (
        ExitStack() as stack,
        workspace_of(options, settings, resumed.run_id, began) as space,
        WorkerPool(surroundings.launcher(space.layout, space.batch_id, size.threads), size.of) as pool,
    ):
        clear_temporaries(space.layout, space.batch_id, [photo.subfolder for photo in found.photos])
        few = len(found.photos) <= size.in_flight and not options.dry_run
        pool.start(choice.started if few else choice.started[:1])  # may make environments
        progress = stack.enter_context(surroundings.progress(settings.processing.log_format))
        requests = RequestMaker(settings, space.layout, space.batch_id, dict(choice.started), choice.weights)
        if not options.dry_run:
            requests = proved(choice, requests, pool.run)
        ask = Asker(pool, progress)
        looker = Looker(requests, ask, FaceCache(space.layout.seen_faces, Seen))
        executor = LocalExecutor(size.in_flight, pool.cancel)
        write_final = surroundings.writer(settings)
        search = DonorSearch(
            settings.generation,
            donors,
            looker,
            Identifier(requests, ask, looker.cache, executor),
            lambda: start_identity(pool, surroundings.equipment, builds=not options.dry_run),
        )
        second = SecondPass(
            settings,
            options,
            requests,
            ask,
            pool,
            size,
            choice,
            looker.cache,
            names,
            write_final,
            search,
            marks,
        )
        journal = None
        if not options.dry_run:
            journal = stack.enter_context(_journal(space, resumed, began, options, settings))
        passes = Passes(
            photos=found.photos,
            looker=looker,
            prepare=second.prepare,
            executor=executor,
            progress=progress,
            policy=StopPolicy(options.max_failures),
            keys=output_keys(settings, options, _all_weights(choice)),
            past=resumed.past,
            journal=journal,
            tracebacks=settings.processing.verbose,
        )
        progress.run_started(space.batch_id, len(found.photos))
        passes.go()
        facts = RunFacts(
            run_id=space.batch_id,
            began=resumed.past.began or began.isoformat(timespec="seconds"),
            started=started,
            settings=settings,
            options=options,
            found=found,
            choice=choice,
            notices=(*found.notices, *resumed.notices, *choice.notices, *second.notices),
        )
        report = run_report(facts, passes, pool)
        report, documents = _written(report, space.layout)
        progress.run_done(report, documents)
    return report


def _journal(
    space: Workspace, resumed: Resumed, began: datetime, options: RunOptions, settings: Settings
) -> Journal:
    """The journal of the run, with a line that says that it begins or goes on, and with what."""
    journal = Journal(space.layout.journal(space.batch_id), fresh=not resumed.past.began)
    journal.write(
        "run",
        format=JOURNAL_FORMAT,
        run_id=space.batch_id,
        started=began.isoformat(timespec="seconds"),
        version=VERSION,
        code=code_fingerprint(ALL_CODE),
        options=options.as_report(),
        settings=settings.model_dump(),
    )
    return journal


def _written(report: RunReport, layout: Layout) -> tuple[RunReport, RunDocuments]:
    """Write what is to be read about the run; where that cannot be done, the report says so."""
    from orch.app.src.report_page.documents import write_documents  # templates load while stages work

    try:
        return report, write_documents(report, layout)
    except StageError as error:
        stopped = report.stopped or described(error)
        return replace(report, stopped=stopped, exit_code=int(error.exit_code)), RunDocuments()


def _all_weights(choice: BackendChoice) -> dict[str, Path]:
    return {name: path for weights in choice.weights.values() for name, path in weights.items()}
