"""Faces of photos by whatever analyser a backend has: the document, the picture for people, the answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timezone
from typing import Protocol

from contracts.codec import to_dict
from contracts.envelope import Item, ItemResult, Notice, Versions
from contracts.error_codes import ErrorCode
from contracts.face import SIDES, Face, FaceDocument, FaceItemData, FaceParams
from contracts.files import write_json
from contracts.packages import versions_of
from contracts.stage import Job, each_item
from face.app.src.debug_picture import debug_picture
from face.app.src.known_faces import known_faces
from face.app.src.picture_pyramid import PicturePyramid
from imaging.crop_files import write_levels
from imaging.photo import PhotoLimits, read_photo


class Analyser(Protocol):
    """Finds faces in a photo, or looks at known ones again."""

    def find(self, pyramid: PicturePyramid, threshold: float, smallest_face: float) -> list[Face]: ...
    def look_again(self, pyramid: PicturePyramid, known: Iterable[Face], threshold: float) -> list[Face]: ...


class FaceSession:
    """A backend that answers FaceDocuments.

    Args:
        detector: how the documents call it.
        analyser_for: the analyser for a request; it may load weights, and raise StageError.
        packages: whose versions are told.
        models: name -> sha256 of the weights that are loaded.
        notices: what each result is warned of.
    """

    def __init__(
        self,
        detector: str,
        analyser_for: Callable[[Job, FaceParams], Analyser],
        packages: Sequence[str],
        models: Callable[[], Mapping[str, str]],
        notices: Callable[[], tuple[Notice, ...]] = tuple,
    ) -> None:
        self._detector = detector
        self._analyser_for = analyser_for
        self._packages = packages
        self._models = models
        self._notices = notices

    def run(self, job: Job) -> Iterator[ItemResult]:
        params = job.params(FaceParams)
        analyser = self._analyser_for(job, params)
        yield from each_item(
            job, ErrorCode.FACE_DETECTION_FAILED, lambda item: self._analyse(job, item, params, analyser)
        )

    def versions(self) -> Versions:
        return versions_of(self._packages, self._models())

    def _analyse(self, job: Job, item: Item, params: FaceParams, analyser: Analyser) -> ItemResult:
        path = job.path(item.photo)
        known = known_faces(job, item)
        photo = read_photo(path, PhotoLimits(params.max_megapixels, params.max_file_mb))
        pyramid = PicturePyramid(photo.as_rgb8())
        if known is None:
            faces = analyser.find(pyramid, params.threshold, params.smallest_face)
        else:
            faces = analyser.look_again(pyramid, known, params.threshold)
        document = FaceDocument(
            timestamp=datetime.now(timezone.utc).isoformat(timespec="seconds"),
            image_path=str(path),
            image_size=photo.size,
            detector=self._detector,
            threshold=params.threshold,
            faces=tuple(faces),
        )
        if output := job.output(item, "json"):
            write_json(output, to_dict(document))
        if output := job.output(item, "debug"):
            write_levels(output, debug_picture(pyramid.photo, faces))
        data = to_dict(_summary(document, inline="json" not in item.outputs))
        return job.succeeded(item, data=data, warnings=(*photo.warnings, *self._notices()))


def _summary(document: FaceDocument, inline: bool) -> FaceItemData:
    states = [face.eye(side).state for face in document.faces for side in SIDES]
    return FaceItemData(
        faces=len(document.faces),
        closed_eyes=states.count("closed"),
        undetermined_eyes=states.count("undetermined"),
        document=to_dict(document) if inline else None,
    )
