"""Opening the eyes of one photo: paint, blend, look, and again where an eye did not open.

All faces of all variations go through the gen stage in one batch; every variation has one blended
picture. What is kept in the end are the eyes that were seen to be open; the others stay as they were.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from contracts.blend import BlendItemData, EyePaste
from contracts.codec import from_dict
from contracts.envelope import ErrorInfo, ItemResult
from contracts.face import Face, FaceDocument, Side
from orch.app.src.asking.asker import Asker
from orch.app.src.asking.documents import read_document
from orch.app.src.asking.orders import Pasting
from orch.app.src.asking.requests import RequestMaker
from orch.app.src.opening.face_work import Attempt, FaceWork
from orch.app.src.report import EyeVerdict
from orch.app.src.run_paths import RunPathManager
from orch.app.src.verification import verdict

Composition = dict[int, tuple[Attempt, tuple[Side, ...]]]
"""Face index -> which attempt at it, and which of its eyes, are pasted."""

Pastes = dict[tuple[int, Side], EyePaste]
"""Face index and side -> what blend did there."""


@dataclass
class _Picture:
    """A blended picture of a variation and what is in it."""

    path: Path
    composition: Composition


class Painter:
    """Opens the eyes of one photo in all variations.

    Args:
        photo: the photo.
        shared: paths of its crops and face document.
        work: every planned face in every variation.
    """

    def __init__(
        self,
        photo: Path,
        shared: RunPathManager,
        requests: RequestMaker,
        ask: Asker,
        work: Sequence[FaceWork],
    ) -> None:
        self._photo = photo
        self._shared = shared
        self._requests = requests
        self._ask = ask
        self._work = work
        self._pictures: dict[str, _Picture] = {}

    def open_eyes(self) -> dict[str, Path]:
        """Do all attempts. Returns variation -> blended picture, for those where an eye opened."""
        painted = self._paint(self._work)
        while painted:
            self._blend_and_look(painted)
            painted = self._paint(painted)
        return self._accepted_pictures()

    def _paint(self, pending: Sequence[FaceWork]) -> list[FaceWork]:
        """Ask for the next painting of each; those with nothing left to try drop out."""
        orders = [(work, order) for work in pending if (order := work.next_order())]
        for backend in dict.fromkeys(order.backend for _, order in orders):
            batch = [(work, order) for work, order in orders if order.backend == backend]
            result = self._ask(self._requests.gen(self._shared, [order for _, order in batch]))
            for (work, order), item in zip(batch, result.items):
                work.record(order, item)
        return [work for work, _ in orders]

    def _blend_and_look(self, painted: Sequence[FaceWork]) -> None:
        """Judge the newest attempt of each face, beside the best so far of the others.

        A picture that cannot be blended is tried again with each face by itself: one face's fault must
        not take the others along.
        """
        by_variation: dict[str, list[FaceWork]] = {}
        for work in painted:
            if work.attempts[-1].eyes:
                by_variation.setdefault(work.variation_id, []).append(work)
        pictures = {v: self._candidate(v, fresh) for v, fresh in by_variation.items()}
        pastes, broken = self._blend(pictures)
        blended = {v: pictures[v] for v in pastes}
        self._pictures |= blended
        seen, unseen = self._look(blended, by_variation)
        for variation, fresh in by_variation.items():
            if variation in seen:
                _judge(fresh, pastes[variation], seen[variation])
            elif variation in broken and len(fresh) > 1:
                for work in fresh:
                    self._blend_and_look([work])
            else:
                for work in fresh:  # nothing that was not looked at is believed
                    work.attempts[-1].error = broken.get(variation) or unseen[variation]

    def _candidate(self, variation: str, fresh: Sequence[FaceWork]) -> _Picture:
        composition = self._accepted(variation)
        for work in fresh:
            attempt = work.attempts[-1]
            composition[work.plan.face_index] = (attempt, attempt.eyes)
        return _Picture(fresh[0].paths.get_blended(len(fresh[0].attempts) - 1), composition)

    def _accepted(self, variation: str) -> Composition:
        """The best attempts so far, with the eyes that they opened."""
        return {
            work.plan.face_index: (work.best, work.best.opened)
            for work in self._work
            if work.variation_id == variation and work.best
        }

    def _blend(self, pictures: Mapping[str, _Picture]) -> tuple[dict[str, Pastes], dict[str, ErrorInfo]]:
        """By variation: what was pasted, and what went wrong."""
        if not pictures:
            return {}, {}
        wanted = {
            picture.path: [Pasting(attempt.order, eyes) for attempt, eyes in picture.composition.values()]
            for picture in pictures.values()
        }
        items = self._ask(self._requests.blend(self._photo, self._shared, wanted)).items
        return {i.item_id: _pastes(i) for i in items if not i.error}, _errors(items)

    def _look(
        self, pictures: Mapping[str, _Picture], by_variation: Mapping[str, Sequence[FaceWork]]
    ) -> tuple[dict[str, dict[int, Face]], dict[str, ErrorInfo]]:
        """By variation: the fresh faces as they look now, and what went wrong."""
        if not pictures:
            return {}, {}
        looks = {}
        for variation in pictures:
            fresh = by_variation[variation]
            target = fresh[0].paths.get_verification_json(len(fresh[0].attempts) - 1)
            looks[variation] = (target, [work.plan.face_index for work in fresh])
        request = self._requests.look_again(
            self._shared.get_face_json(), {v: p.path for v, p in pictures.items()}, looks
        )
        items = self._ask(request).items
        return {i.item_id: _faces(looks[i.item_id][0]) for i in items if not i.error}, _errors(items)

    def _accepted_pictures(self) -> dict[str, Path]:
        """Make each variation's picture hold exactly the accepted eyes, under its plain name."""
        paths = {work.variation_id: work.paths for work in self._work}
        accepted = {v: composition for v in paths if (composition := self._accepted(v))}
        again: dict[str, _Picture] = {}
        for variation, composition in accepted.items():
            final = paths[variation].get_blended()
            last = self._pictures[variation]
            if last.composition != composition:
                again[variation] = _Picture(final, composition)
            elif last.path != final:
                os.replace(last.path, final)
        _, broken = self._blend(again)
        for work in self._work:
            if work.variation_id in broken:
                _fail(work, broken[work.variation_id])
        return {v: paths[v].get_blended() for v in accepted if v not in broken}


def _judge(fresh: Sequence[FaceWork], pastes: Pastes, seen: Mapping[int, Face]) -> None:
    """Verdicts on the newest attempts."""
    for work in fresh:
        attempt, index = work.attempts[-1], work.plan.face_index
        for side in attempt.eyes:
            attempt.verdicts[side] = verdict(work.plan.face, seen.get(index), side, pastes.get((index, side)))


def _fail(work: FaceWork, error: ErrorInfo) -> None:
    """No picture holds this face's eyes: whatever was opened before is not."""
    for attempt in work.attempts:
        attempt.error = error
        attempt.verdicts = {side: EyeVerdict(side, "failed", error.message) for side in attempt.eyes}


def _errors(items: Sequence[ItemResult]) -> dict[str, ErrorInfo]:
    return {item.item_id: item.error for item in items if item.error}


def _pastes(item: ItemResult) -> Pastes:
    data = from_dict(BlendItemData, item.data, "blend data")
    return {(paste.face_index, paste.side): paste for paste in data.pastes}


def _faces(path: Path) -> dict[int, Face]:
    return {face.face_index: face for face in read_document(FaceDocument, path).faces}
