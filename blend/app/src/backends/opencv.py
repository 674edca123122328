"""The blend stage with OpenCV, on the CPU."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from blend.app.src.edits import PaintedFace
from blend.app.src.paste import paste_face
from contracts.blend import BlendFace, BlendItemData, BlendItemParams, BlendParams
from contracts.codec import from_dict, to_dict
from contracts.crop import CropDocument
from contracts.envelope import Item, ItemResult, Notice, Versions
from contracts.error_codes import ErrorCode, StageError
from contracts.exit_codes import ExitCode
from contracts.files import read_json
from contracts.packages import versions_of
from contracts.stage import Job, each_item
from imaging import png_writer
from imaging.canvas import Canvas
from imaging.crop_files import quantised, read_picture, write_levels
from imaging.crop_sampling import sample_crop
from imaging.last_photo import LastPhoto
from imaging.photo import Photo, PhotoLimits, load_codecs

NOTHING_PASTED = "BLEND_UNCHANGED"


class OpenCvSession:
    """Pastes faces; keeps the last photo while a request runs, because variations share it."""

    def run(self, job: Job) -> Iterator[ItemResult]:
        params = job.params(BlendParams)
        photos = LastPhoto()

        def work(item: Item) -> ItemResult:
            return _blend(job, item, params, photos)

        yield from each_item(job, ErrorCode.BLEND_FAILED, work)

    def versions(self) -> Versions:
        return versions_of(("numpy", "opencv-python-headless", "pillow", "pyvips"))


def open_session(device: str) -> OpenCvSession:
    """device is accepted for all stages' sake; blending runs on the CPU."""
    load_codecs()
    return OpenCvSession()


def _blend(job: Job, item: Item, params: BlendParams, photos: LastPhoto) -> ItemResult:
    photo = photos.read(job.path(item.photo), PhotoLimits(params.max_megapixels, params.max_file_mb))
    canvas = Canvas(photo.pixels.copy(), photo.icc)
    pastes, warnings = [], []
    for face in job.item_params(BlendItemParams, item).faces:
        painted = _read_face(job, item, face, photo)
        added = paste_face(canvas, painted, params, item.seed)
        pastes += added
        for paste in added:
            if not paste.changed_px:
                message = f"face {face.face_index}, {paste.side} eye: the painting changes nothing"
                warnings.append(Notice(NOTHING_PASTED, message))
        if path := job.output(item, f"debug_{face.face_index}"):
            write_levels(path, debug_picture(photo, canvas, painted.document))
    if path := job.output(item, "image"):
        profile = png_writer.colour_profile(photo.icc, canvas.levels.shape[2])
        png_writer.write_png(path, canvas.levels, photo.alpha, [*photo.metadata.png_colour, *profile])
    return job.succeeded(item, data=to_dict(BlendItemData(tuple(pastes))), warnings=tuple(warnings))


def _read_face(job: Job, item: Item, face: BlendFace, photo: Photo) -> PaintedFace:
    """The pictures of one face; without a crop picture, the crop is read out of the photo again."""
    i = face.face_index
    name = f"crop_json_{i}"
    document = from_dict(CropDocument, read_json(job.input(item, name)), name)
    if tuple(document.photo_size) != photo.size:
        raise StageError(
            ErrorCode.BAD_REQUEST,
            f"the crop is of a {document.photo_size[0]} x {document.photo_size[1]} photo, "
            f"this one has {photo.size[0]} x {photo.size[1]}",
            "crop this photo",
            ExitCode.USAGE,
        )
    if f"crop_{i}" in item.inputs:
        crop = read_picture(job.input(item, f"crop_{i}"))
    else:
        crop = quantised(sample_crop(photo, np.asarray(document.transform), document.crop_size))
    pictures = {
        "crop": crop,
        "painted": read_picture(job.input(item, f"painted_{i}")),
        "alpha": read_picture(job.input(item, f"alpha_{i}")),
    }
    size = document.crop_size
    for name, picture in pictures.items():
        expected = (size, size) if name == "alpha" else (size, size, 3)
        if picture.shape != expected:
            raise StageError(
                ErrorCode.BAD_REQUEST,
                f"face {i}: the {name} picture has shape {picture.shape}, the crop document says {expected}",
                "paint the crop that belongs to the document",
                ExitCode.USAGE,
            )
    return PaintedFace(document, eyes=face.eyes, **pictures)


def debug_picture(photo: Photo, canvas: Canvas, document: CropDocument) -> NDArray[np.uint8]:
    """The crop of the photo before and after, and eight times their difference, side by side."""
    transform = np.asarray(document.transform)
    before = sample_crop(photo, transform, document.crop_size)
    blended = Photo(canvas.levels, None, photo.icc, photo.header)
    after = sample_crop(blended, transform, document.crop_size)
    shown = np.hstack([before, after, np.clip(0.5 + 8 * (after - before), 0, 1)])
    return np.round(shown * 255).astype(np.uint8)
