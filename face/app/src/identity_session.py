"""Identity vectors of known faces by whatever network a backend has; nothing is searched."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Protocol

import numpy as np

from contracts.codec import to_dict
from contracts.envelope import Item, ItemResult, Notice, Versions
from contracts.error_codes import ErrorCode, StageError
from contracts.exit_codes import ExitCode
from contracts.face import FaceParams
from contracts.files import write_json
from contracts.identity import FaceIdentity, IdentityDocument
from contracts.packages import versions_of
from contracts.stage import Job, each_item
from face.app.src.known_faces import known_faces
from face.app.src.picture_pyramid import FloatArray, Rgb8
from face.app.src.scene import scene_of
from imaging.photo import PhotoLimits, read_photo


class IdentityNetwork(Protocol):
    """Numbers that are near each other for faces of one person.

    Attributes:
        space, cut, burst_cut: as in the IdentityDocument.
        smallest: px between the eyes; smaller faces cannot be told apart.
        notices: what each result is warned of.
    """

    @property
    def space(self) -> str: ...
    @property
    def cut(self) -> float: ...
    @property
    def burst_cut(self) -> float: ...
    @property
    def smallest(self) -> float: ...
    @property
    def notices(self) -> tuple[Notice, ...]: ...

    def vector(self, photo: Rgb8, mesh: FloatArray) -> tuple[float, ...]:
        """The vector of one face. photo: (height, width, 3) RGB; mesh: (478, 3), photo px."""


class IdentitySession:
    """Answers IdentityDocuments.

    Args:
        network_for: the network for a request; it may load weights, and raise StageError.
        packages: whose versions are told.
        models: name -> sha256 of the weights that are loaded.
    """

    def __init__(
        self,
        network_for: Callable[[Job, FaceParams], IdentityNetwork],
        packages: Sequence[str],
        models: Callable[[], Mapping[str, str]],
    ) -> None:
        self._network_for = network_for
        self._packages = packages
        self._models = models

    def run(self, job: Job) -> Iterator[ItemResult]:
        params = job.params(FaceParams)
        network = self._network_for(job, params)
        yield from each_item(
            job, ErrorCode.FACE_DETECTION_FAILED, lambda item: _identify(job, item, params, network)
        )

    def versions(self) -> Versions:
        return versions_of(self._packages, self._models())


def _identify(job: Job, item: Item, params: FaceParams, network: IdentityNetwork) -> ItemResult:
    faces = known_faces(job, item)
    target = job.output(item, "json")
    if faces is None or target is None:
        raise StageError(
            ErrorCode.BAD_REQUEST,
            f"item {item.item_id}: identity needs an input face_json and an output json",
            exit_code=ExitCode.USAGE,
        )
    photo = read_photo(job.path(item.photo), PhotoLimits(params.max_megapixels, params.max_file_mb))
    big = [face for face in faces if face.inter_ocular_distance >= network.smallest]
    rgb = photo.as_rgb8()
    found = tuple(
        FaceIdentity(face.face_index, network.vector(rgb, np.asarray(face.mesh, float))) for face in big
    )
    document = IdentityDocument(network.space, network.cut, network.burst_cut, scene_of(rgb), found)
    write_json(target, to_dict(document))
    warnings = [
        Notice("FACE_TOO_SMALL", f"face {face.face_index} is too small to be told from others")
        for face in faces
        if face not in big
    ]
    return job.succeeded(item, warnings=(*photo.warnings, *network.notices, *warnings))
