"""The faces that a request names: found earlier, to be looked at again."""

from __future__ import annotations

from contracts.codec import from_dict
from contracts.envelope import Item
from contracts.error_codes import ErrorCode, StageError
from contracts.exit_codes import ExitCode
from contracts.face import Face, FaceDocument, FaceItemParams
from contracts.files import read_json
from contracts.stage import Job


def known_faces(job: Job, item: Item) -> list[Face] | None:
    """Faces of the input `face_json` that are meant; None where the item has no such input.

    Raises:
        StageError: BAD_REQUEST where the document cannot be read or lacks a face that is asked for.
    """
    if "face_json" not in item.inputs:
        return None
    path = job.input(item, "face_json")
    document = from_dict(FaceDocument, read_json(path), "face_json")
    only = job.item_params(FaceItemParams, item).only_faces
    if only is None:
        return list(document.faces)
    by_index = {face.face_index: face for face in document.faces}
    if missing := sorted(set(only) - set(by_index)):
        raise StageError(ErrorCode.BAD_REQUEST, f"{path} has no face {missing[0]}", exit_code=ExitCode.USAGE)
    return [by_index[index] for index in only]
