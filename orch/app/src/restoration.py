"""Restoring the edited faces of the blended pictures, where that is wanted and possible."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from orch.app.src.asking import Asker
from orch.app.src.face_work import FaceWork
from orch.app.src.requests import RequestMaker
from orch.app.src.run_paths import RunPathManager

NOT_WANTED = "not_wanted"


@dataclass(frozen=True)
class Restored:
    """picture: the restored one, or the blended one where there is none. note: what the stage said."""

    picture: Path
    note: str


def restore(
    paths: RunPathManager,
    pictures: Mapping[str, Path],
    work: Sequence[FaceWork],
    requests: RequestMaker,
    ask: Asker,
) -> dict[str, Restored]:
    """Ask for all variations at once.

    Args:
        pictures: variation -> blended picture.
    """
    if not pictures or requests.settings.restoration.enabled is False:
        return {v: Restored(picture, NOT_WANTED) for v, picture in pictures.items()}
    wanted = {
        v: (
            picture,
            paths.for_variation(v).get_restored(),
            [w.plan.face_index for w in work if w.variation_id == v and w.best],
        )
        for v, picture in pictures.items()
    }
    answers = ask(requests.restore(paths.get_face_json(), wanted)).items
    restored = {}
    for answer in answers:
        blended, target, _ = wanted[answer.item_id]
        reasons = [answer.error.message] if answer.error else [w.message for w in answer.warnings]
        picture = target if answer.status == "succeeded" else blended
        restored[answer.item_id] = Restored(picture, ": ".join([answer.status, *reasons]))
    return restored
