"""A whole run: what it begins with, and then its photos, in `run_photos`.

What is imported here is waited for before the first stage starts to load; the rest loads beside it.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from orch.app.src import strategies
from orch.app.src.backends.settling import settle_backends
from orch.app.src.calling.options import RunOptions
from orch.app.src.donors.photos import donor_photos
from orch.app.src.outputs.leftovers import clear_temporaries
from orch.app.src.outputs.names import OutputNames
from orch.app.src.running.begun_run import BegunRun, Surroundings
from orch.app.src.running.run_setup import photos_of, resumed_run, workspace_of
from orch.app.src.settings_sources import load_settings
from orch.app.src.stage_registry import FINISHER
from orch.app.src.stages.capacity import capacity
from orch.app.src.stages.pool import WorkerPool

if TYPE_CHECKING:
    from orch.app.src.report import RunReport


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
    develops = surroundings.camera is not None
    donors = donor_photos(settings, develops)
    marks = None
    if options.selection:
        from orch.app.src.selecting.marks import Marks  # few runs have a selection: others start sooner

        marks = Marks(options.selection)
    found = photos_of(options, settings, develops)
    searched = settings.generation.find_donors and len(found.photos) > 1
    strategies.validate(settings.generation.model, bool(donors.named or donors.searched or searched))
    choice = settle_backends(
        settings, surroundings.equipment, options.num_variations, builds=not options.dry_run
    )
    names = OutputNames(
        settings.output.name_template, settings.output.format, found.photos, surroundings.suffix
    )
    size = capacity(settings.processing.workers, len(found.photos), surroundings.hardware)
    resumed = resumed_run(options, settings)
    with (
        workspace_of(options, settings, resumed.run_id, began) as space,
        WorkerPool(
            surroundings.launcher(space.layout, space.batch_id, size.threads), size.of, lasting=[FINISHER]
        ) as pool,
    ):
        clear_temporaries(space.layout, space.batch_id, [photo.subfolder for photo in found.photos])
        resumed = resumed.locked()
        # Of a run that is taken up, nothing may be left to paint.
        paints_soon = len(found.photos) <= size.in_flight and not options.dry_run and not resumed.past
        pool.start(choice.processes if paints_soon else choice.processes[:1])  # may make environments
        from orch.app.src.running.run_photos import do_photos  # NumPy, Jinja and more, while the stages load

        return do_photos(
            BegunRun(
                settings=settings,
                options=options,
                surroundings=surroundings,
                found=found,
                donors=donors,
                marks=marks,
                choice=choice,
                names=names,
                size=size,
                resumed=resumed,
                space=space,
                pool=pool,
                began=began,
                started=started,
            )
        )
