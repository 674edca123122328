"""The crop stage with OpenCV, on the CPU."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from contracts.codec import from_dict, to_dict
from contracts.crop import CropItemParams, CropParams
from contracts.envelope import Item, ItemResult, Notice, Versions
from contracts.error_codes import ErrorCode
from contracts.face import FaceDocument
from contracts.files import read_json, write_json
from contracts.packages import versions_of
from contracts.stage import Job, each_item
from crop.app.src.crop import FaceCrop, closed_sides, crop_face, find_face
from imaging import eye_mesh
from imaging.crop_files import write_levels, write_mask, write_picture
from imaging.last_photo import LastPhoto
from imaging.photo import Photo, PhotoLimits, load_codecs

CONTOUR_COLOUR = {"left": (255, 64, 64), "right": (64, 160, 255)}


class OpenCvSession:
    """Crops faces; keeps the last photo while a request runs."""

    def run(self, job: Job) -> Iterator[ItemResult]:
        params = job.params(CropParams)
        limits = PhotoLimits(params.max_megapixels, params.max_file_mb)
        photos = LastPhoto()
        read_faces = functools.lru_cache(maxsize=1)(_read_faces)  # the faces of a photo share one document

        def work(item: Item) -> ItemResult:
            photo = photos.read(job.path(item.photo), limits)
            faces = read_faces(job.input(item, "face_json"))
            return _crop(job, item, params, photo, faces)

        yield from each_item(job, ErrorCode.CROP_GENERATION_FAILED, work)

    def versions(self) -> Versions:
        return versions_of(("numpy", "opencv-python-headless", "pillow", "pyvips"))


def open_session(device: str) -> OpenCvSession:
    """device is accepted for all stages' sake; cropping runs on the CPU."""
    load_codecs()
    return OpenCvSession()


def _read_faces(path: Path) -> FaceDocument:
    return from_dict(FaceDocument, read_json(path), "face_json")


def _crop(job: Job, item: Item, params: CropParams, photo: Photo, faces: FaceDocument) -> ItemResult:
    face = find_face(faces, item.face_index or 0, photo)
    asked = job.item_params(CropItemParams, item).eyes_to_open
    eyes = closed_sides(face) if asked is None else asked
    if asked is None and not eyes:
        reason = Notice(ErrorCode.NO_CLOSED_EYES, f"face {face.face_index} has no closed eye")
        return ItemResult(item.item_id, "skipped", warnings=(reason,))
    crop = crop_face(photo, face, eyes, params)
    _write(job, item, crop)
    return job.succeeded(item)


def _write(job: Job, item: Item, crop: FaceCrop) -> None:
    if path := job.output(item, "crop"):
        write_picture(path, crop.picture)
    masks = {"mask": crop.mask, "mask_left": crop.masks["left"], "mask_right": crop.masks["right"]}
    for name, mask in masks.items():
        if path := job.output(item, name):
            write_mask(path, mask)
    if path := job.output(item, "debug"):
        write_levels(path, debug_picture(crop))
    if path := job.output(item, "crop_json"):
        write_json(path, to_dict(crop.document))


def debug_picture(crop: FaceCrop) -> np.ndarray:
    """The crop with the contours and masks of both eyes drawn in, (size, size, 3) uint8."""
    picture = np.round(crop.picture * 255).astype(np.uint8)
    mesh = np.asarray(crop.document.mesh)
    for side, mask in crop.masks.items():
        outline, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        cv2.drawContours(picture, outline, -1, CONTOUR_COLOUR[side], 1)
        points = np.round(eye_mesh.eye_polygon(mesh, side)).astype(np.int32)
        cv2.polylines(picture, [points], True, CONTOUR_COLOUR[side], 1)
    return picture
