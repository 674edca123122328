"""What the files of an item show: a face to be painted, and perhaps a donor."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from contracts.codec import from_dict
from contracts.crop import CropDocument
from contracts.envelope import Item
from contracts.error_codes import ErrorCode, StageError
from contracts.exit_codes import ExitCode
from contracts.face import SIDES
from contracts.gen import GenItemParams
from contracts.stage import Job
from gen.app.src.strategy import EyeScene, FaceView
from imaging.crop_files import read_picture


def read_scene(job: Job, item: Item) -> EyeScene:
    """What the item's inputs show.

    Raises:
        StageError: BAD_REQUEST for inputs that are missing or no face with eyes to open.
    """
    face = _face_view(job.input(item, "crop"), job.input(item, "crop_json"), item)
    sides = tuple(side for side in SIDES if face.document.eye(side).to_open)
    if not sides:
        raise bad_item(item, "the crop has no eye to open")
    donor = None
    if "donor_crop" in item.inputs:
        donor = _face_view(job.input(item, "donor_crop"), job.input(item, "donor_json"), item)
    return EyeScene(face, sides, job.item_params(GenItemParams, item), item.seed, donor)


def _face_view(crop: Path, document: Path, item: Item) -> FaceView:
    try:
        data = json.loads(document.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise bad_item(item, f"cannot read {document}: {error}") from error
    parsed = from_dict(CropDocument, data, document.name)
    picture = read_picture(crop)
    if picture.ndim != 3:
        raise bad_item(item, f"{crop} is not an RGB picture")
    return FaceView(picture, parsed, np.array(parsed.mesh, float))


def bad_item(item: Item, reason: str) -> StageError:
    """What is wrong with an item of a request."""
    return StageError(ErrorCode.BAD_REQUEST, f"item {item.item_id}: {reason}", exit_code=ExitCode.USAGE)
