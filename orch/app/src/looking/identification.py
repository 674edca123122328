"""Who the faces of photos are: identity vectors, asked for between the passes, kept by content."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace

from contracts.envelope import Notice
from contracts.identity import IdentityDocument
from environments import EnvironmentBroken
from orch.app.src.asking.asker import Asker
from orch.app.src.asking.documents import read_document
from orch.app.src.asking.requests import RequestMaker
from orch.app.src.backends.choice import FALLBACK
from orch.app.src.backends.equipment import Equipment
from orch.app.src.fingerprints import FACE_CODE, code_fingerprint, fingerprint, weights_fingerprint
from orch.app.src.looking.face_cache import ContentCache, FaceCache
from orch.app.src.looking.known_faces import with_identity
from orch.app.src.looking.looker import PhotoLook, paths_of
from orch.app.src.looking.people import Cuts
from orch.app.src.stage_registry import STAGES
from orch.app.src.stages.executor import Executor
from orch.app.src.stages.pool import WorkerPool

EMBEDDED, OF_THE_PACK = "identity", "insightface_identity"
"""Backends of the face stage that tell people apart."""


@dataclass(frozen=True)
class Identified:
    """looks: with the faces' vectors, in their order. cuts: of the vectors' space, None without any."""

    looks: list[PhotoLook]
    cuts: Cuts | None


@dataclass(frozen=True)
class Identifier:
    """Asks an identity backend of the face stage, which has been started."""

    requests: RequestMaker
    ask: Asker
    faces: FaceCache
    executor: Executor

    def identify(self, looks: Iterable[PhotoLook], backend: str) -> Identified:
        """Vectors of all faces; a photo for which there are none stays without.

        Raises:
            StageError: something cannot be written.
        """
        cuts, known = None, []

        def one(look: PhotoLook) -> tuple[PhotoLook, IdentityDocument | None]:
            return look, self._identity(look, backend)

        with closing(self.executor.run(one, looks)) as identified:
            for look, identity in identified:
                if identity is not None:
                    cuts = Cuts(identity.cut, identity.burst_cut)
                    look = replace(look, faces=tuple(with_identity(look.faces, identity)))
                known.append(look)
        return Identified(sorted(known, key=lambda look: look.number), cuts)

    def _identity(self, look: PhotoLook, backend: str) -> IdentityDocument | None:
        if not look.faces:
            return None
        cache = ContentCache(self.requests.layout.seen_people, IdentityDocument)
        weights = weights_fingerprint(self.requests.weights.get(("face", backend), {}))
        key = fingerprint([backend, weights, look.content, look.seen, code_fingerprint(FACE_CODE)])
        return cache.get(key) or self._asked(look, backend, cache, key)

    def _asked(
        self, look: PhotoLook, backend: str, cache: ContentCache[IdentityDocument], key: str
    ) -> IdentityDocument | None:
        if self.faces.get(look.seen) is None:
            return None
        paths = paths_of(look, self.requests)
        try:
            if not paths.get_face_json().exists():  # a verbose run keeps the stage's own
                self.faces.lend(look.seen, paths.get_face_json())
            ask = self.ask.afresh()
            with self.requests.darkroom.developed(look.photo.path, ask.developing) as developed:
                answer = ask(self.requests.identity(developed.path, paths, backend)).items[0]
            if answer.error:
                return None
            identity = read_document(IdentityDocument, paths.get_identity_json())
        finally:
            if not paths.layout.keeps_intermediates:
                shutil.rmtree(paths.layout.work, ignore_errors=True)
        cache.put(key, identity)
        return identity


@dataclass(frozen=True)
class IdentityBackends:
    """Starts a backend that tells people apart: that of the pack that finds the faces, or dlib's.

    Attributes:
        builds: make the environment of dlib's where it is missing.
    """

    pool: WorkerPool
    requests: RequestMaker
    equipment: Equipment
    builds: bool

    @contextmanager
    def running(self) -> Iterator[tuple[str, tuple[Notice, ...]]]:
        """The backend, and what a person should know of the choice.

        Raises:
            EnvironmentBroken: an environment is missing and cannot, or must not, be made.
        """
        backend, notices = self._started()
        try:
            yield backend, notices
        finally:
            self.pool.end(("face", backend))

    def _started(self) -> tuple[str, tuple[Notice, ...]]:
        notices: tuple[Notice, ...] = ()
        if self.requests.has("face", OF_THE_PACK):
            self.pool.start([("face", OF_THE_PACK)])
            error = self.pool.run(self.requests.identity_of_nothing(OF_THE_PACK)).error
            if error is None:
                return OF_THE_PACK, ()
            self.pool.end(("face", OF_THE_PACK))
            notices = (Notice(FALLBACK, f"dlib tells people apart: {error.message}"),)
        folder, recipe = STAGES["face"].folder, STAGES["face"].backends[EMBEDDED].recipe or ""
        if self.builds:
            self.equipment.make(folder, recipe)
        elif not self.equipment.is_ready(folder, recipe):
            raise EnvironmentBroken("its environment is not there yet, and a dry run makes none")
        self.pool.start([("face", EMBEDDED)])
        return EMBEDDED, notices
