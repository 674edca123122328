"""The real surroundings of a run: stage processes in their environments, files, the screen."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from contracts.envelope import StageName
from environments.store import environment_python
from imaging.output_formats import output_suffix
from orch.app.src.backends.equipment import this_equipment
from orch.app.src.inputs.developing import camera_python
from orch.app.src.run_paths import Layout
from orch.app.src.running.begun_run import Surroundings
from orch.app.src.stages.hardware import this_computer
from orch.app.src.stages.launching import Launcher, process_launcher

if TYPE_CHECKING:
    from orch.app.src.progress.shown import Progress


def surroundings(quiet: bool = False) -> Surroundings:
    """For the command line, or `quiet` for callers from Python."""

    def progress(log_format: str) -> Progress:
        # Called when the first stage is loading, and it takes a while, too.
        from orch.app.src.progress.display import progress_for
        from orch.app.src.progress.shown import Silent

        return Silent() if quiet else progress_for(log_format)

    return Surroundings(
        launcher=_launcher,
        suffix=output_suffix,
        progress=progress,
        environ=os.environ,
        equipment=this_equipment(os.environ),
        hardware=this_computer(),
        camera=camera_python(),
    )


def _launcher(layout: Layout, batch_id: str, threads: int) -> Launcher:
    def log_of(stage: StageName) -> Path:
        return layout.log(stage, batch_id)

    return process_launcher(environment_python, log_of, os.environ, threads)
