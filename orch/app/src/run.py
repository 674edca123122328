"""A whole run: settings, photos, stages, one photo after another, the report."""

from __future__ import annotations

import sys
import time
import traceback
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, ExitStack, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from contracts import CONTRACT
from contracts.codec import to_dict
from contracts.envelope import ErrorInfo
from contracts.execution import peak_rss_mb
from contracts.files import write_json
from orch.app.src import strategies
from orch.app.src.asking import Asker
from orch.app.src.backends import settle_backends
from orch.app.src.equipment import Equipment
from orch.app.src.errors import described, exit_code_of_run
from orch.app.src.finishing import WriteFinal
from orch.app.src.inputs import FoundPhotos, Photo, find_photos
from orch.app.src.options import RunOptions
from orch.app.src.output_names import OutputFormat, OutputNames, template_pattern
from orch.app.src.photo_pipeline import PhotoPipeline
from orch.app.src.plan import Selection
from orch.app.src.progress import Progress
from orch.app.src.report import REPORT_FORMAT, PhotoReport, RunReport
from orch.app.src.requests import RequestMaker
from orch.app.src.run_paths import PROJECT_ROOT, Layout, layout_for
from orch.app.src.selection_marks import Marks
from orch.app.src.settings import Settings
from orch.app.src.settings_sources import load_settings
from orch.app.src.stage_registry import STAGES
from orch.app.src.version import VERSION
from orch.app.src.workers import Launcher, WorkerPool
from orch.app.src.workspace import Workspace, open_workspace, scratch_workspace


@dataclass(frozen=True)
class Surroundings:
    """What a run needs from outside, and tests replace.

    Attributes:
        launcher: (layout, batch id) -> what starts stages.
        writer: (settings, stages) -> what writes finished pictures.
        suffix: (photo, output format) -> ending of its finished picture's name.
        progress: log format -> what shows progress.
        equipment: GPU, environments and weights, for the choice of backends.
    """

    launcher: Callable[[Layout, str], Launcher]
    writer: Callable[[Settings, WorkerPool], WriteFinal]
    suffix: Callable[[Path, OutputFormat], str]
    progress: Callable[[str], Progress]
    environ: Mapping[str, str]
    equipment: Equipment


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
    strategies.validate(settings.generation.model, bool(donors))
    marks = Marks(options.selection) if options.selection else None
    found = _find_photos(options, settings)
    choice = settle_backends(
        settings, surroundings.equipment, options.num_variations, builds=not options.dry_run
    )
    names = OutputNames(
        settings.output.name_template, settings.output.format, found.photos, surroundings.suffix
    )
    with (
        ExitStack() as stack,
        _workspace(options, settings, began) as space,
        WorkerPool(surroundings.launcher(space.layout, space.batch_id)) as pool,
    ):
        pool.start(choice.started[:1] if options.dry_run else choice.started)  # may make environments
        progress = stack.enter_context(surroundings.progress(settings.processing.log_format))
        pipeline = PhotoPipeline(
            settings=settings,
            requests=RequestMaker(
                settings, space.layout, space.batch_id, dict(choice.started), choice.weights
            ),
            ask=Asker(pool, progress),
            names=names,
            write_final=surroundings.writer(settings, pool),
            selection=Selection(options.faces, options.ignored_faces, settings.processing.min_age),
            marks=marks,
            num_variations=options.num_variations,
            donor_photos=donors,
            dry_run=options.dry_run,
        )
        progress.run_started(space.batch_id, len(found.photos))
        photos = _all_photos(found.photos, pipeline, progress)
        not_done = tuple(photo.name for photo in found.photos[len(photos) :])
        report = RunReport(
            format=REPORT_FORMAT,
            version=VERSION,
            contract=CONTRACT,
            run_id=space.batch_id,
            started=began.isoformat(timespec="seconds"),
            exit_code=int(exit_code_of_run(photos, _infos(found), bool(not_done))),
            not_done=not_done,
            total_s=round(time.monotonic() - started, 3),
            overhead_s=_overhead(time.monotonic() - started, photos, pool),
            peak_rss_mb=_peak(pool),
            settings=settings.model_dump(),
            options=options.as_report(),
            photos=tuple(photos),
            problems=_infos(found),
            notices=(*choice.notices, *pipeline.notices),
            backends=tuple(choice.reports),
            stages=_stages(pool),
        )
        path = None if options.dry_run else space.layout.report(space.batch_id)
        if path:
            write_json(path, to_dict(report))
        progress.run_done(report, str(path) if path else None)
    return report


def donor_photos(settings: Settings) -> tuple[Path, ...]:
    """Photos of `generation.donor`, a photo or a folder.

    Raises:
        StageError: INPUT_MISSING where there is none.
    """
    if settings.generation.donor is None:
        return ()
    found = find_photos([settings.generation.donor], PROJECT_ROOT, outputs=Path())
    if found.problems:
        raise found.problems[0]
    return tuple(photo.path for photo in found.photos)


def _find_photos(options: RunOptions, settings: Settings) -> FoundPhotos:
    images = layout_for(options.output, "", verbose=False).images
    template = settings.output.name_template
    pattern = template_pattern(template) if template else None

    def is_output(path: Path) -> bool:
        return bool(pattern and path.is_relative_to(images) and pattern.match(path.name))

    inputs = options.inputs or tuple(settings.image_paths())
    base = options.base if options.inputs else PROJECT_ROOT
    found = find_photos(inputs, base, images, is_output)
    if not found.photos:
        raise found.problems[0]
    return found


def _workspace(options: RunOptions, settings: Settings, now: datetime) -> AbstractContextManager[Workspace]:
    if options.dry_run:
        return scratch_workspace(now)

    def layout_of(batch_id: str) -> Layout:
        return layout_for(options.output, batch_id, settings.processing.verbose)

    return open_workspace(layout_of, options.run_id, now)


def _all_photos(photos: tuple[Photo, ...], pipeline: PhotoPipeline, progress: Progress) -> list[PhotoReport]:
    """Work on the photos; one that fails does not stop the others. Fewer when interrupted."""
    done: list[PhotoReport] = []
    with suppress(KeyboardInterrupt):
        for number, photo in enumerate(photos):
            progress.photo_started(photo.name)
            report = _one_photo(photo, number, pipeline)
            done.append(report)
            progress.photo_done(report)
    return done


def _one_photo(photo: Photo, number: int, pipeline: PhotoPipeline) -> PhotoReport:
    try:
        return pipeline.process(photo, number)
    except Exception as error:  # noqa: BLE001 - one photo's fault must not take the others along
        if pipeline.settings.processing.verbose:
            traceback.print_exception(error, file=sys.stderr)
        return PhotoReport(photo.name, str(photo.path), "failed", error=described(error))


def _infos(found: FoundPhotos) -> tuple[ErrorInfo, ...]:
    return tuple(described(problem) for problem in found.problems)


def _overhead(total_s: float, photos: list[PhotoReport], pool: WorkerPool) -> float:
    """Seconds in which neither a stage worked nor a picture was written: starting, loading, waiting."""
    writing = sum(photo.stage_seconds.get("write", 0.0) for photo in photos)
    return round(total_s - writing - sum(use.run_s for use in pool.use().values()), 3)


def _peak(pool: WorkerPool) -> float:
    return max([peak_rss_mb(), *(use.peak_rss_mb or 0.0 for use in pool.use().values())])


def _stages(pool: WorkerPool) -> dict[str, Any]:
    backends = pool.backends()
    return {
        name: {"module": STAGES[name].module, "backend": backends[name], **to_dict(use)}
        for name, use in pool.use().items()
    }
