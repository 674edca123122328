"""Between the passes: which photos may lend eyes, who is in them, and so the donor plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from contracts.envelope import Notice
from environments import EnvironmentBroken
from imaging.face_shape import FloatArray
from orch.app.src.donors.photos import DonorPhotos
from orch.app.src.donors.plan import DonorPlan, plan_donors
from orch.app.src.donors.settled import RunDonors
from orch.app.src.errors import described
from orch.app.src.inputs.photos import Photo
from orch.app.src.looking.identification import Identified, Identifier, IdentityBackends
from orch.app.src.looking.known_faces import KnownFace
from orch.app.src.looking.looker import Looker, PhotoLook
from orch.app.src.looking.people import Cuts
from orch.app.src.settings import GenerationSection

_NO_CUTS = Cuts(0.0, 0.0)
"""Nobody is anybody's double where there are no vectors."""


@dataclass
class DonorSearch:
    """Settles the donors of a run.

    Attributes:
        backends: start one that tells people apart.
        notices: what a person should know: photos that lend nothing, people that nobody could tell.
    """

    settings: GenerationSection
    photos: DonorPhotos
    looker: Looker
    identifier: Identifier
    backends: IdentityBackends
    notices: list[Notice] = field(default_factory=list)

    def settle(self, looks: Sequence[PhotoLook]) -> RunDonors:
        """Donors for all faces of the looks that have closed eyes.

        Raises:
            StageError: something cannot be written.
        """
        requests, faces = self.looker.requests, self.looker.cache
        if self.settings.model not in ("auto", "donor") or not any(look.closed_eyes for look in looks):
            return RunDonors(requests, faces)
        first = max(look.number for look in looks) + 1
        lenders, named = self._lenders(first)
        everyone = {look.number: look for look in (*looks, *lenders)}
        searching = [*(looks if self.settings.find_donors else ()), *lenders]
        if not _someone_may_lend(looks, searching):
            return RunDonors(requests, faces)
        lending = {look.number for look in searching}
        identified = self._identified(list(everyone.values()))
        plan = plan_donors(
            [
                face
                for look in identified.looks
                for face in look.faces
                if look.number in lending or face.closed
            ],
            named,
            identified.cuts or _NO_CUTS,
            lambda face: self._mesh(everyone, face),
            trust=self.settings.model == "donor",
        )
        if named and identified.cuts:
            self._tell_of_strangers(looks, plan)
        return RunDonors(requests, faces, plan, everyone)

    def _lenders(self, first: int) -> tuple[list[PhotoLook], frozenset[int]]:
        """Looks at the donors' photos, numbered from `first`, and the numbers of the named ones."""
        paths = [*self.photos.named, *self.photos.searched]
        named = frozenset(range(first, first + len(self.photos.named)))
        looks = []
        with closing(self.identifier.executor.run(self._look, enumerate(paths, start=first))) as found:
            for look in found:
                name, is_named = look.photo.path.name, look.number in named
                if look.error:
                    self._notice(is_named, f"donor {name}: {look.error.message}")
                elif not any(face.both_open for face in look.faces):
                    self._notice(is_named, f"donor {name} shows no face with both eyes open")
                else:
                    looks.append(look)
        return sorted(looks, key=lambda look: look.number), named

    def _look(self, numbered: tuple[int, Path]) -> PhotoLook:
        number, path = numbered
        photo = Photo(path, photo_id=f"donor_{number:04d}")
        try:
            return self.looker.look(number, photo)
        except Exception as error:  # noqa: BLE001 - one photo's fault must not take the others along
            return PhotoLook(number, photo, error=described(error))

    def _notice(self, wanted: bool, message: str) -> None:
        if wanted:  # of a whole folder that is searched, most photos lend nothing
            self.notices.append(Notice("DONOR_UNUSABLE", message))

    def _identified(self, looks: Sequence[PhotoLook]) -> Identified:
        if self.settings.identity == "off":
            return Identified(list(looks), None)
        try:
            with self.backends.running() as (backend, notices):
                self.notices += notices
                return self.identifier.identify(looks, backend)
        except EnvironmentBroken as broken:
            message = f"nobody can tell who is in the photos, only --donor lends eyes: {broken.message}"
            self.notices.append(Notice("IDENTITY_MISSING", message))
            return Identified(list(looks), None)

    def _mesh(self, looks: Mapping[int, PhotoLook], face: KnownFace) -> FloatArray:
        seen = self.looker.cache.get(looks[face.photo].seen)
        mesh = seen.document.faces[face.face_index].mesh if seen else np.zeros((478, 3))
        return np.asarray(mesh, float)

    def _tell_of_strangers(self, looks: Sequence[PhotoLook], plan: DonorPlan) -> None:
        """A person who names a donor should know of whom it is none."""
        for look in looks:
            helped = plan.of_photo(look.number)
            for face in look.faces:
                if face.closed and face.face_index not in helped:
                    message = (
                        f"{look.photo.name}, face {face.face_index}: none of the donors shows this person"
                    )
                    self.notices.append(Notice("DONOR_STRANGER", message))


def _someone_may_lend(looks: Sequence[PhotoLook], lenders: Sequence[PhotoLook]) -> bool:
    """Whether any closed eye could get any other photo's eyes."""
    closed = {look.number for look in looks if look.closed_eyes}
    lending = {look.number for look in lenders if any(face.both_open for face in look.faces)}
    return bool(lending - closed) or (bool(lending) and len(closed) > 1)
