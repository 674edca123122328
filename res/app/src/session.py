"""Restoring the faces of pictures with whatever network a backend loads."""

from __future__ import annotations

import itertools
import platform
from collections.abc import Iterator, Sequence
from importlib.metadata import version

import numpy as np

from contracts.codec import from_dict, to_dict
from contracts.envelope import Item, ItemResult, Versions
from contracts.error_codes import ErrorCode, StageError
from contracts.exit_codes import ExitCode
from contracts.face import Face, FaceDocument
from contracts.files import read_json
from contracts.res import FaceRestoration, Restoration, RestoreItemData, RestoreItemParams, RestoreParams
from contracts.stage import Job, each_item
from imaging import affine, png_writer
from imaging.canvas import Canvas
from imaging.crop_files import write_levels
from imaging.last_photo import LastPhoto
from imaging.photo import Photo, PhotoLimits
from res.app.src.enlarging import enlarged, enlarged_size, from_enlarged
from res.app.src.face_outline import face_mask
from res.app.src.held_network import HeldNetwork
from res.app.src.pasting import FacePaster
from res.app.src.restored_face import align, in_its_tone, iris_changes, iris_problem

PACKAGES = ("numpy", "opencv-python-headless", "pillow", "pyvips")


class RestorationSession:
    """Restores with one network, loaded when a request first names its weights."""

    def __init__(self, network: HeldNetwork) -> None:
        self._network = network

    def run(self, job: Job) -> Iterator[ItemResult]:
        params = job.params(RestoreParams)
        self._network.take(job, params)
        photos = LastPhoto()
        total = len(job.request.items)
        numbers = itertools.count()

        def work(item: Item) -> ItemResult:
            job.progress(next(numbers), total)
            return self._restore(job, item, params, photos)

        yield from each_item(job, ErrorCode.RESTORATION_FAILED, work)

    def versions(self) -> Versions:
        packages = {name: version(name) for name in PACKAGES} | self._network.packages()
        return Versions(platform.python_version(), packages, self._network.models())

    def _restore(self, job: Job, item: Item, params: RestoreParams, photos: LastPhoto) -> ItemResult:
        photo = photos.read(job.path(item.photo), PhotoLimits(params.max_megapixels, params.max_file_mb))
        size = enlarged_size(photo.size, params.upscale)
        canvas = Canvas(enlarged(photo.pixels, size), photo.icc)
        paster = FacePaster(canvas)
        restorations, shown = [], []
        for face in _faces(job, item, photo):
            aligned = align(photo, face)
            after = self._network.restore(aligned.picture, params.fidelity)
            after = in_its_tone(aligned.picture, after, photo)
            changes = iris_changes(face, aligned, after)
            problem, region = iris_problem(changes), None
            if not problem:
                transform = affine.compose(aligned.transform, from_enlarged(photo.size, size))
                region = paster.paste(after - aligned.picture, face_mask(aligned.mesh), transform)
            shown.append(np.hstack([aligned.picture, after]))
            outcome: Restoration = "kept" if problem else "restored"
            restorations.append(FaceRestoration(face.face_index, outcome, problem, region, changes))
        _write(job, item, photo, canvas)
        if shown and (path := job.output(item, "debug")):
            write_levels(path, np.round(np.vstack(shown) * 255).astype(np.uint8))
        data = to_dict(RestoreItemData(tuple(restorations), size))
        return job.succeeded(item, strategy_used=self._network.name, data=data, warnings=photo.warnings)


def _faces(job: Job, item: Item, photo: Photo) -> Sequence[Face]:
    """The faces to be restored.

    Raises:
        StageError: RESTORATION_FAILED where the document is of another picture, BAD_REQUEST where it lacks
            a face that is asked for.
    """
    wanted = job.item_params(RestoreItemParams, item).faces
    if wanted == ():
        return ()
    path = job.input(item, "face_json")
    document = from_dict(FaceDocument, read_json(path), "face_json")
    if tuple(document.image_size) != photo.size:
        raise StageError(
            ErrorCode.RESTORATION_FAILED,
            f"{path.name} is of a picture of {document.image_size[0]} x {document.image_size[1]}, "
            f"this one has {photo.size[0]} x {photo.size[1]}",
            "look for the faces of this picture",
        )
    faces = {face.face_index: face for face in document.faces}
    if wanted is None:
        return document.faces
    if missing := sorted(set(wanted) - set(faces)):
        raise StageError(
            ErrorCode.BAD_REQUEST, f"{path.name} has no face {missing[0]}", exit_code=ExitCode.USAGE
        )
    return [faces[index] for index in wanted]


def _write(job: Job, item: Item, photo: Photo, canvas: Canvas) -> None:
    path = job.output(item, "image")
    if path is None:
        return
    alpha = None if photo.alpha is None else enlarged(photo.alpha[:, :, None], canvas.size)[:, :, 0]
    profile = png_writer.colour_profile(photo.icc, canvas.levels.shape[2])
    png_writer.write_png(path, canvas.levels, alpha, [*photo.metadata.png_colour, *profile])
