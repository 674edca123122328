"""The donors of a run: settled between the two passes, cropped when a face needs them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, overload

from orch.app.src.asking.asker import Asker
from orch.app.src.asking.orders import Donor
from orch.app.src.asking.requests import RequestMaker
from orch.app.src.donors.plan import DonorChoice, DonorPlan
from orch.app.src.looking.face_cache import FaceCache
from orch.app.src.looking.looker import PhotoLook
from orch.app.src.run_ids import SHARED
from orch.app.src.run_paths import RunPathManager


@dataclass(frozen=True)
class RunDonors:
    """Whose eyes may go where.

    Attributes:
        plan: donors of the faces with closed eyes.
        looks: number of a photo -> what was seen in it; donors' photos too.
        faces: where the face documents lie.
    """

    requests: RequestMaker
    faces: FaceCache
    plan: DonorPlan = field(default_factory=DonorPlan)
    looks: Mapping[int, PhotoLook] = field(default_factory=dict)

    def of(self, look: PhotoLook, face: int, paths: RunPathManager, ask: Asker) -> Sequence[Donor | None]:
        """Donors of a face, best first; each is cropped when it is taken out, None where it cannot be.

        Args:
            paths: of the photo with the face; the donors' crops lie beside its own.
            ask: of that photo.
        """
        choices = self.plan.of_photo(look.number).get(face, ())
        return _Donors(choices, lambda choice: self._cropped(choice, paths, ask))

    def reason(self, look: PhotoLook, face: int) -> str:
        """Why there is a donor for a face, "" where there is none."""
        choices = self.plan.of_photo(look.number).get(face)
        if not choices:
            return ""
        if choices[0].same_person == "confirmed":
            return f"since {self.looks[choices[0].photo].photo.path.name} shows the same person"
        return "since one was given"

    def contents(self, look: PhotoLook) -> list[str]:
        """sha256 of the photos that may lend eyes to this one."""
        choices = (choice for donors in self.plan.of_photo(look.number).values() for choice in donors)
        return sorted({self.looks[choice.photo].content for choice in choices})

    def as_json(self) -> list[dict[str, Any]]:
        """The plan with the photos' names, for the journal."""
        return [
            {
                "photo": self._name(entry.photo),
                "face": entry.face_index,
                "donors": [
                    {
                        "photo": self._name(donor.photo),
                        "face": donor.face_index,
                        "same_person": donor.same_person,
                        "distance": donor.distance,
                        "cost": donor.cost,
                    }
                    for donor in entry.donors
                ],
            }
            for entry in self.plan.faces
        ]

    def _name(self, photo: int) -> str:
        return self.looks[photo].photo.name

    def _cropped(self, choice: DonorChoice, paths: RunPathManager, ask: Asker) -> Donor | None:
        look = self.looks[choice.photo]
        if self.faces.get(look.seen) is None:
            return None
        photo, requests = look.photo.path, self.requests
        service = f"donor_{choice.photo:04d}_for_{paths.service_name.removesuffix(SHARED)}{SHARED}"
        own = RunPathManager(service, photo, paths.verbose, requests.batch_id, paths.layout, paths.subfolder)
        self.faces.lend(look.seen, own.get_face_json())
        face = choice.face_index
        with requests.darkroom.developed(photo, ask.developing) as developed:
            answer = ask(requests.crop(developed.path, own, {face: ()}, own.get_face_json())).items[0]
        if answer.status != "succeeded":
            return None
        return Donor(photo.name, choice.same_person, own.get_face_crop(face), own.get_crop_json(face))


class _Donors(Sequence["Donor | None"]):
    """Donors that are cropped when they are taken out, once each."""

    def __init__(self, choices: Sequence[DonorChoice], crop: Callable[[DonorChoice], Donor | None]) -> None:
        self._choices = choices
        self._crop = crop
        self._cropped: dict[int, Donor | None] = {}

    def __len__(self) -> int:
        return len(self._choices)

    @overload
    def __getitem__(self, index: int) -> Donor | None: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Donor | None]: ...
    def __getitem__(self, index: int | slice) -> Donor | Sequence[Donor | None] | None:
        if isinstance(index, slice):
            return [self[k] for k in range(*index.indices(len(self)))]
        place = range(len(self))[index]
        if place not in self._cropped:
            self._cropped[place] = self._crop(self._choices[place])
        return self._cropped[place]
