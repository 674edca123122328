"""The embedded backend: MediaPipe's detector and attention mesh on ONNX Runtime, on the processor."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from datetime import datetime, timezone
from importlib.metadata import version
from pathlib import Path

from contracts.codec import to_dict
from contracts.envelope import Item, ItemResult, Versions
from contracts.error_codes import ErrorCode
from contracts.face import SIDES, FaceDocument, FaceItemData, FaceParams
from contracts.files import write_json
from contracts.model_manifest import read_manifest
from contracts.stage import Job, each_item
from face.app.src.debug_picture import debug_picture
from face.app.src.face_analysis import FaceAnalyser
from face.app.src.known_faces import known_faces
from face.app.src.picture_pyramid import PicturePyramid
from imaging.crop_files import write_levels
from imaging.photo import PhotoLimits, read_photo

DETECTOR_NAME = "facemesh"
MANIFEST = Path(__file__).resolve().parents[3] / "models.json"
PACKAGES = ("numpy", "opencv-python-headless", "onnxruntime", "pillow", "pyvips")


class FaceMeshSession:
    """Finds faces, or looks at known ones again."""

    def __init__(self) -> None:
        self._analyser = FaceAnalyser()
        self._analyser.load()

    def run(self, job: Job) -> Iterator[ItemResult]:
        params = job.params(FaceParams)
        yield from each_item(
            job, ErrorCode.FACE_DETECTION_FAILED, lambda item: self._analyse(job, item, params)
        )

    def versions(self) -> Versions:
        models = {entry.name: entry.sha256 or "" for entry in read_manifest(MANIFEST).models}
        return Versions(platform.python_version(), {name: version(name) for name in PACKAGES}, models)

    def _analyse(self, job: Job, item: Item, params: FaceParams) -> ItemResult:
        path = job.path(item.photo)
        known = known_faces(job, item)
        photo = read_photo(path, PhotoLimits(params.max_megapixels, params.max_file_mb))
        pyramid = PicturePyramid(photo.as_rgb8())
        if known is None:
            faces = self._analyser.find(pyramid, params.threshold, params.smallest_face)
        else:
            faces = self._analyser.look_again(pyramid, known, params.threshold)
        document = FaceDocument(
            timestamp=datetime.now(timezone.utc).isoformat(timespec="seconds"),
            image_path=str(path),
            image_size=photo.size,
            detector=DETECTOR_NAME,
            threshold=params.threshold,
            faces=tuple(faces),
        )
        if output := job.output(item, "json"):
            write_json(output, to_dict(document))
        if output := job.output(item, "debug"):
            write_levels(output, debug_picture(pyramid.photo, faces))
        data = to_dict(_summary(document, inline="json" not in item.outputs))
        return job.succeeded(item, data=data, warnings=photo.warnings)


def open_session(device: str) -> FaceMeshSession:
    """device is accepted for all stages' sake; these networks are faster on the processor."""
    return FaceMeshSession()


def _summary(document: FaceDocument, inline: bool) -> FaceItemData:
    states = [face.eye(side).state for face in document.faces for side in SIDES]
    return FaceItemData(
        faces=len(document.faces),
        closed_eyes=states.count("closed"),
        undetermined_eyes=states.count("undetermined"),
        document=to_dict(document) if inline else None,
    )
