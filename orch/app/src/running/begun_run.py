"""A run that has begun: all that is settled before its first photo."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from orch.app.src.backends.choice import BackendChoice
from orch.app.src.backends.equipment import Equipment
from orch.app.src.calling.options import RunOptions
from orch.app.src.donors.photos import DonorPhotos
from orch.app.src.inputs.photos import FoundPhotos
from orch.app.src.outputs.names import OutputNames
from orch.app.src.outputs.workspace import Workspace
from orch.app.src.run_paths import Layout
from orch.app.src.running.run_setup import Resumed
from orch.app.src.settings import Settings
from orch.app.src.stages.capacity import Capacity
from orch.app.src.stages.hardware import Hardware
from orch.app.src.stages.launching import Launcher
from orch.app.src.stages.pool import WorkerPool

if TYPE_CHECKING:  # what takes a while to load, and is loaded beside the first stage
    from contracts.finish import OutputFormat
    from orch.app.src.progress.shown import Progress
    from orch.app.src.selecting.marks import Marks


@dataclass(frozen=True)
class Surroundings:
    """What a run needs from outside, and tests replace.

    Attributes:
        launcher: (layout, batch id, threads of each process) -> what starts stages.
        suffix: (photo, output format) -> ending of its finished picture's name.
        progress: log format -> what shows progress.
        equipment: GPU, environments and weights, for the choice of backends.
        hardware: cores and memory, for how much is done at once.
        camera: interpreter that develops HEIC and camera raw, None where it is not installed.
    """

    launcher: Callable[[Layout, str, int], Launcher]
    suffix: Callable[[Path, OutputFormat], str]
    progress: Callable[[str], Progress]
    environ: Mapping[str, str]
    equipment: Equipment
    hardware: Hardware
    camera: Path | None = None


@dataclass(frozen=True)
class BegunRun:
    """What the photos of a run have in common.

    Attributes:
        found: the photos.
        donors: photos besides them that lend eyes.
        marks: of the selection file, None without one.
        choice: the backends.
        size: how much is done at once.
        space: the folder of the run, locked. pool: its stages, of which the first are loading.
        began: when. started: `time.monotonic()` when the program began.
    """

    settings: Settings
    options: RunOptions
    surroundings: Surroundings
    found: FoundPhotos
    donors: DonorPhotos
    marks: Marks | None
    choice: BackendChoice
    names: OutputNames
    size: Capacity
    resumed: Resumed
    space: Workspace
    pool: WorkerPool
    began: datetime
    started: float
