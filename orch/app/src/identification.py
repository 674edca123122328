"""Who the faces of photos are: identity vectors, asked for between the passes, kept by content."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass, replace

from contracts.identity import IdentityDocument
from environments import EnvironmentBroken
from orch.app.src.asking import Asker
from orch.app.src.documents import read_document
from orch.app.src.donor_plan import Cuts
from orch.app.src.equipment import Equipment
from orch.app.src.executor import Executor
from orch.app.src.face_cache import ContentCache, FaceCache, write_compact
from orch.app.src.fingerprints import FACE_CODE, code_fingerprint, fingerprint
from orch.app.src.known_faces import with_identity
from orch.app.src.looking import PhotoLook, paths_of
from orch.app.src.requests import RequestMaker
from orch.app.src.stage_registry import STAGES
from orch.app.src.workers import WorkerPool

BACKEND = "identity"
"""The face stage's backend that tells people apart."""


@dataclass(frozen=True)
class Identified:
    """looks: with the faces' vectors, in their order. cuts: of the vectors' space, None without any."""

    looks: list[PhotoLook]
    cuts: Cuts | None


@dataclass(frozen=True)
class Identifier:
    """Asks the face stage's identity backend, which has been started."""

    requests: RequestMaker
    ask: Asker
    faces: FaceCache
    executor: Executor

    def identify(self, looks: Iterable[PhotoLook]) -> Identified:
        """Vectors of all faces; a photo for which there are none stays without.

        Raises:
            StageError: something cannot be written.
        """
        cuts, known = None, []
        with closing(self.executor.run(self._one, looks)) as identified:
            for look, identity in identified:
                if identity is not None:
                    cuts = Cuts(identity.cut, identity.burst_cut)
                    look = replace(look, faces=tuple(with_identity(look.faces, identity)))
                known.append(look)
        return Identified(sorted(known, key=lambda look: look.number), cuts)

    def _one(self, look: PhotoLook) -> tuple[PhotoLook, IdentityDocument | None]:
        return look, self._identity(look)

    def _identity(self, look: PhotoLook) -> IdentityDocument | None:
        if not look.faces:
            return None
        cache = ContentCache(self.requests.layout.seen_people, IdentityDocument)
        key = fingerprint(["identity", look.content, look.seen, code_fingerprint(FACE_CODE)])
        return cache.get(key) or self._asked(look, cache, key)

    def _asked(
        self, look: PhotoLook, cache: ContentCache[IdentityDocument], key: str
    ) -> IdentityDocument | None:
        seen = self.faces.get(look.seen)
        if seen is None:
            return None
        paths = paths_of(look, self.requests)
        try:
            if not paths.get_face_json().exists():  # a verbose run keeps the stage's own
                write_compact(paths.get_face_json(), seen.document)
            answer = self.ask.afresh()(self.requests.identity(look.photo.path, paths)).items[0]
            if answer.error:
                return None
            identity = read_document(IdentityDocument, paths.get_identity_json())
        finally:
            if not paths.layout.keeps_intermediates:
                shutil.rmtree(paths.layout.work, ignore_errors=True)
        cache.put(key, identity)
        return identity


def start_identity(pool: WorkerPool, equipment: Equipment, builds: bool) -> None:
    """Have the identity backend running.

    Args:
        builds: make its environment where it is missing.

    Raises:
        EnvironmentBroken: it is missing and cannot, or must not, be made.
    """
    recipe = STAGES["face"].backends[BACKEND].recipe or ""
    if not builds and not equipment.is_ready(STAGES["face"].folder, recipe):
        raise EnvironmentBroken("its environment is not there yet, and a dry run makes none")
    if builds:
        equipment.make(STAGES["face"].folder, recipe)
    pool.start([("face", BACKEND)])
