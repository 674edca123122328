"""What a run begins with: its photos, its folder, the earlier call that it takes up."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from contracts.envelope import Notice
from orch.app.src.input_filters import InputFilter, moment
from orch.app.src.input_lists import skip_patterns
from orch.app.src.inputs import FoundPhotos, find_photos
from orch.app.src.options import RunOptions
from orch.app.src.output_names import template_pattern
from orch.app.src.resume import PastRun, last_run
from orch.app.src.run_ids import checked_run_id
from orch.app.src.run_paths import PROJECT_ROOT, Layout, layout_for
from orch.app.src.settings import Settings
from orch.app.src.workspace import Workspace, dry_workspace, open_workspace


@dataclass(frozen=True)
class Resumed:
    """run_id: to be taken up, None for a new one. past: what is done. notices: what to tell of it."""

    run_id: str | None
    past: PastRun
    notices: tuple[Notice, ...] = ()


def photos_of(options: RunOptions, settings: Settings, develops: bool) -> FoundPhotos:
    """The photos of the run.

    Args:
        develops: whether what develops HEIC and camera raw is installed.

    Raises:
        StageError: there is none.
    """
    images = layout_for(options.output, "", verbose=False).images
    template = settings.output.name_template
    pattern = template_pattern(template) if template else None

    def is_output(path: Path) -> bool:
        return bool(pattern and path.is_relative_to(images) and pattern.match(path.name))

    inputs = options.inputs or tuple(settings.image_paths())
    base = options.base if options.inputs else PROJECT_ROOT
    found = find_photos(inputs, base, images, is_output, options.recursive, develops)
    if not found.photos:
        raise found.problems[0]
    since = moment(options.since, datetime.now()) if options.since else None
    return InputFilter(skip_patterns(options.skip, options.base), since)(found)


def resumed_run(options: RunOptions) -> Resumed:
    """What `--resume` takes up: the run that is named, else the last one of the output folder.

    Raises:
        StageError: BAD_RUN_ID.
    """
    run_id = options.run_id
    nothing = PastRun(None)
    if not options.resume or options.dry_run:
        return Resumed(run_id, nothing)
    documents = layout_for(options.output, "", verbose=False).documents
    run_id = checked_run_id(run_id) if run_id else last_run(documents)
    past = PastRun(layout_for(options.output, run_id, False).journal(run_id)) if run_id else nothing
    if not past.began:
        which = f"of run {run_id!r} " if options.run_id else ""
        message = f"there is no journal {which}in {documents}: nothing to resume, this run starts afresh"
        return Resumed(options.run_id, nothing, (Notice("RESUME_FRESH", message),))
    return Resumed(run_id, past)


def workspace_of(
    options: RunOptions, settings: Settings, run_id: str | None, now: datetime
) -> AbstractContextManager[Workspace]:
    """The folder of the run, locked."""

    def layout_of(batch_id: str) -> Layout:
        return layout_for(options.output, batch_id, settings.processing.verbose)

    return (dry_workspace if options.dry_run else open_workspace)(layout_of, run_id, now)
