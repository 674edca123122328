"""How much is done at once: photos in work, processes of each stage, threads of each process."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import ceil

from contracts.envelope import StageName
from orch.app.src.stage_registry import STAGES
from orch.app.src.stages.hardware import Hardware

SHARE: Mapping[StageName, float] = {"crop": 0.5, "blend": 0.5, "preenh": 0.0, "res": 0.5}
"""Processes of a stage for each core, 1 where not named. Crop and blend together take a quarter of the
time of a photo; one process makes the prompts of a run."""
ALONE = frozenset({"sdxl", "codeformer", "gfpgan", "llama"})
"""Backends of gigabytes that use all cores or the GPU by themselves: one process."""
AHEAD = 2
"""Photos in work besides one for each core: while one is written and one waits, the cores have others."""
PROCESS_MB = 600.0
"""Of a stage process with a 12-megapixel photo in hand (measured: 350 to 570 MB)."""


@dataclass(frozen=True)
class Capacity:
    """The size of a run.

    Attributes:
        in_flight: photos in work at once; 1 for one after the other.
        threads: of each stage process.
        processes: most processes of a stage.
        wanted: stages whose number the person gave; it counts for any backend.
    """

    in_flight: int
    threads: int
    processes: Mapping[StageName, int]
    wanted: Mapping[StageName, int] = field(default_factory=dict)

    def of(self, stage: StageName, backend: str) -> int:
        """Most processes of a stage with this backend."""
        if stage in self.wanted:
            return self.wanted[stage]
        return 1 if backend in ALONE else self.processes[stage]

    def second_pass(self) -> dict[StageName, int]:
        """Processes that the second pass has less of: looking again is a fraction of the first look."""
        return {} if "face" in self.wanted else {"face": ceil(self.processes["face"] / 2)}


def capacity(workers: int | Mapping[StageName, int] | None, photos: int, hardware: Hardware) -> Capacity:
    """The size of a run over so many photos.

    Args:
        workers: `processing.workers`: processes of every stage, or of those that are named.
    """
    by_memory = int(hardware.memory_mb / (PROCESS_MB * 5))  # five stages work side by side
    side_by_side = max(1, min(hardware.cores, by_memory, photos))
    if isinstance(workers, int):
        side_by_side = max(1, min(workers, photos))
    processes = {name: max(1, ceil(SHARE.get(name, 1.0) * side_by_side)) for name in STAGES}
    wanted = dict(workers) if isinstance(workers, Mapping) else {}
    widest = max([side_by_side, *wanted.values()])
    return Capacity(
        in_flight=1 if widest == 1 else max(1, min(photos, widest + AHEAD)),
        threads=max(1, hardware.cores // side_by_side),
        processes=processes,
        wanted=wanted,
    )
