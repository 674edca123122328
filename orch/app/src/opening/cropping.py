"""Cropping the planned faces of a photo."""

from __future__ import annotations

from pathlib import Path

from contracts.envelope import ItemResult
from contracts.files import write_json
from orch.app.src.asking.asker import Asker
from orch.app.src.asking.documents import read_json
from orch.app.src.asking.requests import RequestMaker
from orch.app.src.opening.plan import FacePlan
from orch.app.src.report import EyeVerdict, FaceEdit, Outcome
from orch.app.src.run_paths import RunPathManager


def crop_faces(
    photo: Path, paths: RunPathManager, faces: tuple[FacePlan, ...], requests: RequestMaker, ask: Asker
) -> tuple[list[FacePlan], list[FaceEdit]]:
    """Returns the faces that were cropped, and what to say of the others: they do not stop these."""
    eyes = {face.face_index: face.eyes for face in faces}
    result = ask(requests.crop(photo, paths, eyes, paths.get_face_json()))
    cropped, lost = [], []
    for face, answer in zip(faces, result.items):
        if answer.status == "succeeded":
            cropped.append(face)
        else:
            lost.append(_lost(face, answer))
    if requests.layout.keeps_intermediates and cropped:
        write_json(paths.get_crop_json(), [read_json(paths.get_crop_json(f.face_index)) for f in cropped])
    return cropped, lost


def _lost(face: FacePlan, answer: ItemResult) -> FaceEdit:
    reasons = [answer.error.message] if answer.error else [w.message for w in answer.warnings]
    outcome: Outcome = "failed" if answer.error else "refused"
    reason = "; ".join(reasons) or "it could not be cropped"
    eyes = tuple(EyeVerdict(side, outcome, reason) for side in face.eyes)
    return FaceEdit(face.face_index, strategy_used=None, attempts=0, eyes=eyes, error=answer.error)
