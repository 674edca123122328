"""Between the passes: donors, prompts and stages for the painting."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from contracts.envelope import Notice
from orch.app.src.asking.asker import Asker
from orch.app.src.asking.requests import RequestMaker
from orch.app.src.backends.choice import BackendChoice
from orch.app.src.calling.options import RunOptions
from orch.app.src.donors.search import DonorSearch
from orch.app.src.donors.settled import RunDonors
from orch.app.src.looking.face_cache import FaceCache
from orch.app.src.looking.looker import PhotoLook
from orch.app.src.opening.photo_pipeline import PhotoPipeline
from orch.app.src.opening.plan import Selection
from orch.app.src.opening.prompt_variations import vary_prompts
from orch.app.src.opening.proving import proved
from orch.app.src.opening.variations import variations
from orch.app.src.outputs.names import OutputNames
from orch.app.src.selecting.marks import Marks
from orch.app.src.settings import Settings
from orch.app.src.stages.capacity import Capacity
from orch.app.src.stages.pool import WorkerPool


@dataclass
class SecondPass:
    """What the second pass is made of.

    Attributes:
        proved: whether heavy weights are known to load.
        search: finds donors.
        marks: of the selection file, None without one.
        notices: what concerns the whole run: donors and prompts that could not be used.
    """

    settings: Settings
    options: RunOptions
    requests: RequestMaker
    proved: bool
    ask: Asker
    pool: WorkerPool
    size: Capacity
    choice: BackendChoice
    cache: FaceCache
    names: OutputNames
    search: DonorSearch
    marks: Marks | None
    notices: list[Notice] = field(default_factory=list)

    def soon(self) -> None:
        """Have the stages of this pass load while the last photos of the first are looked at."""
        if self.proved and not self.options.dry_run:
            self.pool.start(self.choice.processes)

    def settle(self, looks: Sequence[PhotoLook]) -> RunDonors:
        """Settle the donors.

        Raises:
            StageError: something cannot be written.
        """
        donors = self.search.settle(looks)
        self.notices += self.search.notices
        return donors

    def prepare(self, looks: Sequence[PhotoLook], donors: RunDonors) -> PhotoPipeline:
        """Vary the prompts, and have the right stages running.

        Args:
            looks: at the photos that are left to do.

        Raises:
            StageError: what was asked for cannot be done.
        """
        prompts: dict[int, dict[str, Any]] = {}
        if not self.options.dry_run:
            self.pool.shrink(self.size.second_pass())
            self.pool.start(self.choice.processes)
            self._start_painters(sum(look.closed_eyes > 0 for look in looks))
            if not self.proved:
                self.requests = proved(self.choice, self.requests, self.pool.run)
            if any(look.closed_eyes for look in looks):
                varied = vary_prompts(self.requests, self.ask, self.options.num_variations)
                self.notices += varied.notices
                prompts = varied.prompts
            self.pool.shrink({"preenh": 0})
        options, min_age = self.options, self.settings.processing.min_age
        return PhotoPipeline(
            settings=self.settings,
            requests=self.requests,
            ask=self.ask,
            cache=self.cache,
            names=self.names,
            selection=Selection(options.faces, options.ignored_faces, min_age),
            variations=variations(self.settings, prompts, options.num_variations),
            donors=donors,
            marks=self.marks,
            dry_run=options.dry_run,
        )

    def _start_painters(self, photos: int) -> None:
        """Have all of them load while the first photos are cropped and there is nothing else to do.

        Of two backends one does most of the work, and nobody knows which: more are started when they are
        waited for.
        """
        painters = [key for key in self.choice.processes if key[0] == "gen"]
        if len(painters) == 1:
            self.pool.start(painters, each=photos)
