"""The first pass: who is in a photo, and which eyes are closed."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from contracts.codec import to_dict
from contracts.envelope import ErrorInfo, Notice
from contracts.error_codes import ErrorCode, StageError
from contracts.face import FaceDocument
from contracts.files import sha256_file
from imaging.capture_time import capture_time
from orch.app.src.asking.asker import Asker
from orch.app.src.asking.documents import read_document
from orch.app.src.asking.requests import RequestMaker
from orch.app.src.asking.stage_params import face_params
from orch.app.src.errors import described
from orch.app.src.fingerprints import FACE_CODE, code_fingerprint, fingerprint, weights_fingerprint
from orch.app.src.inputs.photos import Photo
from orch.app.src.looking.face_cache import FaceCache, Seen
from orch.app.src.looking.known_faces import KnownFace, known_faces
from orch.app.src.report import PhotoReport
from orch.app.src.run_ids import SHARED
from orch.app.src.run_paths import RunPathManager


@dataclass(frozen=True)
class PhotoLook:
    """What the first pass found out about a photo: small, the meshes stay on disk.

    Attributes:
        number: unique among the photos of the run.
        content: sha256 of the file, "" where it cannot be read.
        seen: key of the face document in the cache.
        faces: left to right.
        error: why nothing is known.
        seconds: stage -> how long it worked. took: with the wait for it, seconds.
    """

    number: int
    photo: Photo
    content: str = ""
    seen: str = ""
    faces: tuple[KnownFace, ...] = ()
    error: ErrorInfo | None = None
    warnings: tuple[Notice, ...] = ()
    seconds: Mapping[str, float] = field(default_factory=dict)
    took: float = 0.0

    def failed(self) -> PhotoReport:
        """The report of a photo that came no further."""
        return PhotoReport(
            self.photo.name,
            str(self.photo.path),
            "failed",
            error=self.error,
            warnings=self.warnings,
            stage_seconds=dict(self.seconds),
            total_s=round(self.took, 4),
        )

    @property
    def closed_eyes(self) -> int:
        return sum(len(face.closed) for face in self.faces)


@dataclass(frozen=True)
class Looker:
    """Everything that the looks of a run share."""

    requests: RequestMaker
    ask: Asker
    cache: FaceCache

    def look(self, number: int, photo: Photo) -> PhotoLook:
        """Find the faces of a photo, or remember them.

        Raises:
            StageError: something cannot be written. What is wrong with the photo is in the answer.
        """
        started = time.monotonic()
        ask = self.ask.afresh()
        look = PhotoLook(number, photo)
        content = _content(photo.path)
        remembers = bool(content) and not self._wants_to_be_shown(look)
        seen = self.cache.get(self._key(content)) if remembers else None
        if seen is None:
            found = self._ask(look, ask)
            look = replace(look, seconds=ask.seconds, took=time.monotonic() - started)
            if isinstance(found, ErrorInfo):
                return replace(look, content=content, error=found)
            content = content or sha256_file(photo.path)
            paths = paths_of(look, self.requests)
            keeps = paths.layout.keeps_intermediates
            self.cache.put(self._key(content), found, paths.get_face_json(), keeps)
            seen = found
        return replace(
            look,
            content=content,
            seen=self._key(content),
            faces=tuple(known_faces(number, seen.document, seen.taken)),
            warnings=seen.warnings,
        )

    def _wants_to_be_shown(self, look: PhotoLook) -> bool:
        """Whether a person wants a picture of what is seen that is not there yet."""
        return self.requests.wants_debug and not paths_of(look, self.requests).get_face_debug().exists()

    def _ask(self, look: PhotoLook, ask: Asker) -> Seen | ErrorInfo:
        paths = paths_of(look, self.requests)
        try:
            with self.requests.darkroom.developed(look.photo.path, ask.developing) as developed:
                answer = ask(self.requests.face(developed.path, paths, self.requests.wants_debug)).items[0]
                if answer.error:
                    return answer.error
                document = read_document(FaceDocument, paths.get_face_json())
                taken = capture_time(developed.path)
            return Seen(document, (*developed.notices, *answer.warnings), taken)
        except StageError as error:
            if error.code == ErrorCode.INTERRUPTED:
                raise
            return described(error)

    def _key(self, content: str) -> str:
        """By content, and by everything that decides what is seen in it."""
        backend = self.requests.backends["face"]
        params = to_dict(face_params(self.requests.settings))
        weights = weights_fingerprint(self.requests.weights.get(("face", backend), {}))
        device = self.requests.settings.processing.device
        return fingerprint([content, backend, params, device, weights, code_fingerprint(FACE_CODE)])


def paths_of(look: PhotoLook, requests: RequestMaker) -> RunPathManager:
    """Paths of what all variations of a photo share."""
    photo = look.photo
    service = f"{photo.photo_id}_{SHARED}" if photo.photo_id else SHARED
    verbose = requests.settings.processing.verbose
    layout = requests.layout.for_photo(look.number)
    return RunPathManager(service, photo.path, verbose, requests.batch_id, layout, photo.subfolder)


def _content(path: Path) -> str:
    """sha256 of a photo, "" where it cannot be read: what is wrong with it, the stage says."""
    try:
        return sha256_file(path) if path.is_file() else ""  # a pipe would wait for its writer
    except OSError:
        return ""
