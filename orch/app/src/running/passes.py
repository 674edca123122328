"""The two passes of a run over its photos: looking at all of them, then opening eyes.

Between them the donors are settled. Within a pass several photos are on their way; what comes back is
written down before anything else happens to it, here and nowhere else.
"""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from contracts.envelope import ErrorInfo
from contracts.error_codes import ErrorCode
from orch.app.src.donors.settled import RunDonors
from orch.app.src.errors import described
from orch.app.src.inputs.photos import Photo
from orch.app.src.journal import Journal
from orch.app.src.looking.looker import Looker, PhotoLook
from orch.app.src.opening.photo_pipeline import PhotoPipeline
from orch.app.src.progress.shown import Progress
from orch.app.src.report import PhotoReport
from orch.app.src.report_page.album import Album
from orch.app.src.running.output_keys import OutputKeys
from orch.app.src.running.resume import PastRun, as_record
from orch.app.src.running.stopping import RunStopped, StopPolicy
from orch.app.src.stages.executor import Executor

Settle = Callable[[Sequence[PhotoLook]], RunDonors]
"""Settles the donors."""
Prepare = Callable[[Sequence[PhotoLook], RunDonors], PhotoPipeline]
"""Readies the stages of the second pass for the photos that are left to do."""


@dataclass
class Passes:
    """One run over its photos.

    Attributes:
        keys: of the outputs, with the backends that are in use when it is called.
        soon: called when nearly all photos were looked at, and eyes to open were seen: the stages of the
            second pass can load beside the last looks.
        past: what an earlier call of the run did.
        journal: None for a run that writes nothing.
        images: folder of finished pictures.
        album: has the pictures of what is done cut for the page.
        tracebacks: print those of errors that nobody expected.
        reports: number of a photo -> its report, of those that are done.
        stopped: why the run ended before its last photo, None where it did not.
    """

    photos: Sequence[Photo]
    looker: Looker
    settle: Settle
    prepare: Prepare
    soon: Callable[[], None]
    executor: Executor
    progress: Progress
    policy: StopPolicy
    keys: Callable[[], OutputKeys]
    past: PastRun
    journal: Journal | None
    images: Path
    album: Album
    tracebacks: bool
    reports: dict[int, PhotoReport] = field(default_factory=dict)
    stopped: ErrorInfo | None = None

    def go(self) -> None:
        """Do both; an interruption, too many failures or a full disk end it early."""
        try:
            looks = self._look()
            if looks:
                self._open(looks)
        except KeyboardInterrupt:
            self.stopped = ErrorInfo(ErrorCode.INTERRUPTED, "interrupted")
        except RunStopped as stop:
            self.stopped = stop.info
        except Exception as error:  # noqa: BLE001 - the journal, or something else that all photos need
            self._show(error)
            self.stopped = described(error)

    def _look(self) -> list[PhotoLook]:
        """Look at the photos; returns the looks at those that can be used, in their order."""
        self.progress.pass_started("look", len(self.photos))
        looks: list[PhotoLook] = []
        ready, nearly_all = False, len(self.photos) - 2 * self.executor.in_flight
        with closing(self.executor.run(self._one_look, enumerate(self.photos))) as found:
            for number, look in enumerate(found, 1):
                if not ready and number >= nearly_all and any(x.closed_eyes for x in looks):
                    ready = True
                    self.soon()
                if look.error:
                    self._record(look.number, "", look.failed())
                    continue
                looks.append(look)
                self.progress.photo_looked(look.photo.name, len(look.faces), look.closed_eyes)
        return sorted(looks, key=lambda look: look.number)

    def _open(self, looks: Sequence[PhotoLook]) -> None:
        donors = self.settle(looks)
        self._write("donors", plan=donors.as_json())
        self.progress.pass_started("open", len(looks))
        left = self._left(looks, donors) if self.past else looks
        if not left:
            return
        pipeline = self.prepare(left, donors)
        keys = self.keys()  # others than before where weights turned out not to load

        def one(look: PhotoLook) -> tuple[int, str, PhotoReport]:
            key = keys.of(look, donors.contents(look))
            return look.number, key, self._one_photo(look, key, pipeline)

        with closing(self.executor.run(one, left)) as done:
            for number, key, report in done:
                self._record(number, key, report)

    def _left(self, looks: Sequence[PhotoLook], donors: RunDonors) -> list[PhotoLook]:
        """Record the photos that an earlier call is done with; returns the others, in their order."""
        keys = self.keys()

        def one(look: PhotoLook) -> tuple[PhotoLook, str, PhotoReport | None]:
            key = keys.of(look, donors.contents(look))
            return look, key, self.past.done(key, look.photo)

        left = []
        with closing(self.executor.run(one, looks)) as found:
            for look, key, report in found:
                if report:
                    self._record(look.number, key, report)
                else:
                    left.append(look)
        return sorted(left, key=lambda look: look.number)

    def _one_look(self, numbered: tuple[int, Photo]) -> PhotoLook:
        try:
            return self.looker.look(*numbered)
        except Exception as error:  # noqa: BLE001 - one photo's fault must not take the others along
            self._show(error)
            return PhotoLook(*numbered, error=described(error))

    def _one_photo(self, look: PhotoLook, key: str, pipeline: PhotoPipeline) -> PhotoReport:
        try:
            return self.past.done(key, look.photo) or pipeline.process(look)
        except Exception as error:  # noqa: BLE001 - one photo's fault must not take the others along
            self._show(error)
            return replace(look.failed(), error=described(error))

    def _record(self, number: int, key: str, report: PhotoReport) -> None:
        """Write down and tell that a photo is done."""
        self.policy.check_before(report)
        if not report.resumed:
            self._write("photo", key=key, report=as_record(report, self.images))
        self.reports[number] = report
        self.album.add(report)
        self.progress.photo_done(report)
        self.policy.check_after(report)

    def _write(self, kind: str, **fields: Any) -> None:
        if self.journal:
            self.journal.write(kind, **fields)

    def _show(self, error: Exception) -> None:
        if self.tracebacks:
            traceback.print_exception(error, file=sys.stderr)
