"""Restoring faces of the blended pictures, where that is wanted and possible; and looking at what came of it.

A network may close an eye again, or make another face. So the picture is looked at before and after; a
face that suffered is left as it was blended, and the others are restored without it. The stage remembers
what its network answered, so that the second time costs little.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from contracts.codec import from_dict
from contracts.envelope import ItemResult
from contracts.face import Face, FaceDocument, Side
from contracts.res import NOT_RESTORED, FaceRestoration, RestoreItemData
from orch.app.src.asking.asker import Asker
from orch.app.src.asking.documents import read_document
from orch.app.src.asking.orders import RestoreOrder
from orch.app.src.asking.requests import RequestMaker
from orch.app.src.opening.face_work import FaceWork
from orch.app.src.run_paths import RunPathManager
from orch.app.src.stage_registry import NO_RESTORER
from orch.app.src.verification import restoration_problem

NOT_WANTED = "not_wanted"
When = Literal["before", "after"]


@dataclass(frozen=True)
class Restored:
    """What became of a variation's picture.

    Attributes:
        picture: the restored one, or the blended one where there is none.
        note: "succeeded", "kept as blended", "skipped", "failed" or "not_wanted", and why.
        faces: those that were to be restored; regions are pixels of `picture`.
        upscale: size of `picture` over that of the photo.
    """

    picture: Path
    note: str
    faces: tuple[FaceRestoration, ...] = ()
    upscale: float = 1.0


def restore(
    paths: RunPathManager,
    pictures: Mapping[str, Path],
    work: Sequence[FaceWork],
    requests: RequestMaker,
    ask: Asker,
) -> dict[str, Restored]:
    """Restore all variations of a photo.

    Args:
        pictures: variation -> blended picture.
    """
    if not pictures or requests.settings.restoration.enabled is False:
        return {v: Restored(picture, NOT_WANTED) for v, picture in pictures.items()}
    if requests.backends["res"] == NO_RESTORER[1]:
        return {v: Restored(picture, f"skipped: {NOT_RESTORED}") for v, picture in pictures.items()}
    return _Restorer(paths, work, requests, ask).restore(pictures)


@dataclass(frozen=True)
class _Restorer:
    shared: RunPathManager
    work: Sequence[FaceWork]
    requests: RequestMaker
    ask: Asker

    def restore(self, pictures: Mapping[str, Path]) -> dict[str, Restored]:
        orders = {v: self._order(v, picture) for v, picture in pictures.items()}
        before, done = self._look(orders, {v: order.blended for v, order in orders.items()}, "before")
        lost = {v: _lost(orders[v].faces, faces) for v, faces in before.items()}
        orders = {
            v: replace(orders[v], face_json=self._seen(v, "before"), faces=tuple(faces))
            for v, faces in before.items()
        }
        results, failed = self._restored(orders, 1.0)
        done |= failed
        tried = {v: orders[v] for v, data in results.items() if _restored_faces(data.faces)}
        after, unseen = self._look(tried, {v: order.restored for v, order in tried.items()}, "after")
        done |= unseen
        for v, data in results.items():
            if v not in done:
                faces = self._judged(v, data.faces, before[v], after.get(v, {}))
                done[v] = self._settled(v, orders[v], data.faces, (*faces, *lost[v]))
        return done

    def _order(self, variation: str, blended: Path) -> RestoreOrder:
        if self.requests.settings.restoration.faces == "all":
            document = read_document(FaceDocument, self.shared.get_face_json())
            faces = tuple(face.face_index for face in document.faces)
        else:
            faces = tuple(self._edits(variation))
        paths = self.shared.for_variation(variation)
        debug = paths.get_restoration_debug() if self.requests.layout.keeps_intermediates else None
        return RestoreOrder(blended, paths.get_restored(), self.shared.get_face_json(), faces, debug)

    def _edits(self, variation: str) -> dict[int, tuple[Face, tuple[Side, ...]]]:
        """Face index -> the face in the photo, and its eyes that were opened."""
        return {
            w.plan.face_index: (w.plan.face, w.best.opened)
            for w in self.work
            if w.variation_id == variation and w.best
        }

    def _seen(self, variation: str, when: When) -> Path:
        return self.shared.for_variation(variation).get_restoration_json(when)

    def _look(
        self, orders: Mapping[str, RestoreOrder], pictures: Mapping[str, Path], when: When
    ) -> tuple[dict[str, dict[int, Face]], dict[str, Restored]]:
        """By variation: the faces as they look, and what becomes of those that cannot be looked at."""
        if not orders:
            return {}, {}
        looks = {v: (self._seen(v, when), order.faces) for v, order in orders.items()}
        request = self.requests.look_again(self.shared.get_face_json(), pictures, looks)
        seen, unseen = {}, {}
        for item in self.ask(request).items:
            if item.error:
                unseen[item.item_id] = Restored(orders[item.item_id].blended, _note(item))
            else:
                document = read_document(FaceDocument, looks[item.item_id][0])
                seen[item.item_id] = {face.face_index: face for face in document.faces}
        return seen, unseen

    def _answers(self, orders: Mapping[str, RestoreOrder], upscale: float) -> dict[str, ItemResult]:
        return {item.item_id: item for item in self.ask(self.requests.restore(orders, upscale)).items}

    def _restored(
        self, orders: Mapping[str, RestoreOrder], upscale: float
    ) -> tuple[dict[str, RestoreItemData], dict[str, Restored]]:
        """By variation: what the stage did, and what becomes of those with which it did nothing."""
        if not orders:
            return {}, {}
        answers = self._answers(orders, upscale)
        good = {v: answer for v, answer in answers.items() if answer.status == "succeeded"}
        return (
            {v: from_dict(RestoreItemData, answer.data, "res data") for v, answer in good.items()},
            {v: Restored(orders[v].blended, _note(a)) for v, a in answers.items() if v not in good},
        )

    def _judged(
        self,
        variation: str,
        faces: Sequence[FaceRestoration],
        before: Mapping[int, Face],
        after: Mapping[int, Face],
    ) -> tuple[FaceRestoration, ...]:
        """The faces, those that suffered "kept"."""
        edits, judged = self._edits(variation), []
        for face in faces:
            index = face.face_index
            original, opened = edits.get(index, (before[index], ()))
            if face.outcome == "restored" and (
                problem := restoration_problem(original, before[index], after.get(index), opened)
            ):
                face = replace(face, outcome="kept", reason=problem, region=None)
            judged.append(face)
        return tuple(judged)

    def _settled(
        self,
        variation: str,
        order: RestoreOrder,
        tried: Sequence[FaceRestoration],
        faces: tuple[FaceRestoration, ...],
    ) -> Restored:
        """The picture with the faces that did not suffer, at the size that is wanted."""
        upscale = self.requests.settings.restoration.upscale
        good = _restored_faces(faces)
        if upscale == 1 and not good:
            return Restored(order.blended, _told(faces), faces)
        if upscale == 1 and good == _restored_faces(tried):
            return Restored(order.restored, _told(faces), faces)
        results, failed = self._restored({variation: replace(order, faces=good, debug=None)}, upscale)
        if failed:
            return failed[variation]
        places = {face.face_index: face for face in results[variation].faces}
        faces = tuple(places.get(face.face_index, face) for face in faces)
        return Restored(order.restored, _told(faces), faces, upscale)


def _lost(wanted: Iterable[int], found: Container[int]) -> tuple[FaceRestoration, ...]:
    """Faces that are not found again in the blended picture: where nobody looks, nothing is restored."""
    return tuple(FaceRestoration(i, "kept", "it is not found again") for i in wanted if i not in found)


def _restored_faces(faces: Sequence[FaceRestoration]) -> tuple[int, ...]:
    return tuple(face.face_index for face in faces if face.outcome == "restored")


def _told(faces: Sequence[FaceRestoration]) -> str:
    kept = [f"face {face.face_index}: {face.reason}" for face in faces if face.outcome == "kept"]
    if not kept:
        return "succeeded"
    word = "succeeded; left as blended" if _restored_faces(faces) else "kept as blended"
    return f"{word}: {'; '.join(kept)}"


def _note(answer: ItemResult) -> str:
    reasons = [answer.error.message] if answer.error else [w.message for w in answer.warnings]
    return ": ".join([answer.status, *reasons])
