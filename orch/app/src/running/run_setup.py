"""What a run begins with: its photos, its folder, the earlier call that it takes up."""

from __future__ import annotations

import os
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from contracts.envelope import Notice
from contracts.error_codes import ErrorCode, StageError
from contracts.exit_codes import ExitCode
from environments.places import CHECKOUT
from orch.app.src.calling.options import RunOptions
from orch.app.src.inputs.filters import InputFilter, moment
from orch.app.src.inputs.home_folder import from_home
from orch.app.src.inputs.lists import skip_patterns
from orch.app.src.inputs.own_outputs import names_by_run
from orch.app.src.inputs.photos import FoundPhotos, find_photos
from orch.app.src.journal import PREFIX, SUFFIX
from orch.app.src.outputs.names import template_pattern
from orch.app.src.outputs.workspace import Workspace, dry_workspace, open_workspace
from orch.app.src.run_ids import checked_run_id
from orch.app.src.run_paths import Layout, layout_for
from orch.app.src.running.resume import PastRun, last_run
from orch.app.src.settings import Settings


@dataclass(frozen=True)
class Resumed:
    """run_id: to be taken up, None for a new one. past: what is done. notices: what to tell of it."""

    run_id: str | None
    past: PastRun
    notices: tuple[Notice, ...] = ()

    def locked(self) -> Resumed:
        """The same when the run is locked: another call of it may have ended since."""
        return replace(self, past=self.past.read_again())


def photos_of(options: RunOptions, settings: Settings, develops: bool) -> FoundPhotos:
    """The photos of the run.

    Args:
        develops: whether what develops HEIC and camera raw is installed.

    Raises:
        StageError: there is none.
    """
    layout = layout_for(options.output, "", verbose=False)
    images = layout.images
    template = settings.output.name_template
    pattern = template_pattern(template) if template else None

    run_ids = [
        path.name.removeprefix(PREFIX).removesuffix(SUFFIX)
        for path in layout.documents.glob(f"{PREFIX}*{SUFFIX}")
    ]
    by_run = names_by_run(run_ids)

    def is_output(path: Path) -> bool:
        return bool(
            by_run.match(path.stem) or (pattern and path.is_relative_to(images) and pattern.match(path.name))
        )

    inputs, base = _inputs(options, settings)
    found = find_photos(inputs, base, images, is_output, options.recursive, develops)
    if not found.photos:
        raise found.problems[0]
    since = moment(options.since, datetime.now()) if options.since else None
    return InputFilter(skip_patterns(options.skip, options.base), since)(found)


def input_places(options: RunOptions, settings: Settings) -> frozenset[str]:
    """What the run is about: absolute files, folders and patterns."""
    inputs, base = _inputs(options, settings)
    return frozenset(os.path.normpath(base / from_home(given)) for given in inputs)


def resumed_run(options: RunOptions, settings: Settings) -> Resumed:
    """What `--resume` takes up: the run that is named, else the last one about the same inputs.

    More inputs, and more photos in a folder, may have come. A run whose inputs are gone, as their folder
    was moved, has to be named.

    Raises:
        StageError: BAD_RUN_ID, also where the run that is named was about something that is left out
            now: its report would lose that.
    """
    layout = layout_for(options.output, "", verbose=False)
    if not options.resume or options.dry_run:
        notices = () if options.dry_run else _replaced(options.run_id, layout)
        return Resumed(options.run_id, PastRun(layout, None), notices)
    inputs = input_places(options, settings)
    if options.run_id is None:
        past = last_run(layout, inputs)
        which, hint = "with these inputs", "; a run whose photos were moved has to be named: --resume NAME"
    else:
        past = PastRun(layout, checked_run_id(options.run_id))
        which, hint = f"of run {options.run_id!r}", ""
    if not past.began:
        nothing = f"there is no journal {which} in {layout.documents}: nothing to resume"
        notice = Notice("RESUME_FRESH", f"{nothing}, this run starts afresh{hint}")
        return Resumed(options.run_id, past, (notice,))
    if missed := past.missed(inputs):
        raise StageError(
            ErrorCode.BAD_RUN_ID,
            f"run {past.run_id!r} was also about {missed[0]}, which is not among the inputs now",
            "name all inputs of the run, and more if you like; or choose another --run-id",
            ExitCode.USAGE,
        )
    return Resumed(past.run_id, past)


def _replaced(run_id: str | None, layout: Layout) -> tuple[Notice, ...]:
    """What is told of a run that takes the id of an earlier one."""
    if run_id is None or not layout.journal(checked_run_id(run_id)).is_file():
        return ()
    message = f"there was a run {run_id!r} already: its report is replaced, and pictures of the same names"
    return (Notice("RUN_ID_AGAIN", f"{message}; --resume {run_id} would have gone on with it"),)


def workspace_of(
    options: RunOptions, settings: Settings, run_id: str | None, now: datetime
) -> AbstractContextManager[Workspace]:
    """The folder of the run, locked.

    Raises:
        StageError: BAD_ARGUMENTS for a folder whose name is not UTF-8; and as `workspace` does.
    """
    try:
        str(options.output).encode()
    except UnicodeEncodeError as error:  # requests and reports are UTF-8
        raise StageError(
            ErrorCode.BAD_ARGUMENTS,
            f"the name of the output folder {str(options.output)!a} is not valid UTF-8",
            "choose another --output",
            ExitCode.USAGE,
        ) from error

    def layout_of(batch_id: str) -> Layout:
        return layout_for(options.output, batch_id, settings.processing.verbose)

    return (dry_workspace if options.dry_run else open_workspace)(layout_of, run_id, now)


def _inputs(options: RunOptions, settings: Settings) -> tuple[tuple[str, ...], Path]:
    """Inputs as they were given, and the folder from which they start."""
    if options.inputs:
        return options.inputs, options.base
    return tuple(settings.image_paths()), CHECKOUT
