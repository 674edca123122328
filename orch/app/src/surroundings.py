"""The real surroundings of a run: stage processes in their environments, files, the screen."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from contracts.envelope import StageName
from environments.store import environment_python
from orch.app.src.equipment import this_equipment
from orch.app.src.finishing import WriteFinal, final_writer
from orch.app.src.output_names import OutputFormat
from orch.app.src.progress import Progress, Silent, progress_for
from orch.app.src.run import Surroundings
from orch.app.src.run_paths import Layout
from orch.app.src.settings import Settings
from orch.app.src.workers import Launcher, WorkerPool, process_launcher


def surroundings(quiet: bool = False) -> Surroundings:
    """For the command line, or `quiet` for callers from Python."""

    def progress(log_format: str) -> Progress:
        return Silent() if quiet else progress_for(log_format)

    return Surroundings(_launcher, _writer, _suffix, progress, os.environ, this_equipment(os.environ))


def _launcher(layout: Layout, batch_id: str) -> Launcher:
    def log_of(stage: StageName) -> Path:
        return layout.log(stage, batch_id)

    return process_launcher(environment_python, log_of, os.environ)


def _writer(settings: Settings, pool: WorkerPool) -> WriteFinal:
    def models() -> Mapping[str, str]:
        used: dict[str, str] = {}
        for use in pool.use().values():
            used |= use.versions.models
        return used

    return final_writer(settings, models)


def _suffix(photo: Path, output_format: OutputFormat) -> str:
    from imaging.photo_output import output_suffix

    return output_suffix(photo, output_format)
