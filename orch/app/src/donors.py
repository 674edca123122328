"""Donors: faces of other photos whose open eyes may be taken, ranked for each target.

No identity backend confirms that donor and target are one person: the report says "not_checked".
Until then, photos with equally many people are matched left to right, others by the shape of the
face without eyes and mouth.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from contracts.envelope import Notice
from contracts.face import SIDES, Face, FaceDocument
from imaging.face_shape import shape_distance
from imaging.gaze import iris_position
from orch.app.src.asking import Asker
from orch.app.src.documents import read_document
from orch.app.src.requests import Donor, RequestMaker
from orch.app.src.run_ids import SHARED
from orch.app.src.run_paths import RunPathManager

SHAPE_WEIGHT = 20.0
"""Measured on 17 people in two photos each: one person at similar poses differs by 0.014-0.046, two by
0.04 (5 %) and 0.08 (median); for 13 of the 17 the right one comes first. The gap weighs 25 degrees."""
DEGREES = 30.0
"""Yaw and pitch between donor and target, together, that weigh 1."""
GAZE_WEIGHT = 2.0
"""For an iris that sits at a corner instead of the middle, half of it."""
SIZE_WEIGHT = 0.5
"""For a donor so small that its eyes would be only enlargement."""


@dataclass(frozen=True)
class DonorFace:
    """One usable face. company: how many faces its photo has."""

    donor: Donor
    face: Face
    company: int


@dataclass(frozen=True)
class DonorShelf:
    """All donor faces of a run."""

    faces: tuple[DonorFace, ...] = ()
    notices: tuple[Notice, ...] = ()

    def ranked(self, target: Face, company: int) -> list[Donor]:
        """Donors for a target, best first.

        Args:
            company: how many faces the target's photo has.
        """
        candidates = [f for f in self.faces if f.company != company or f.face.face_index == target.face_index]
        candidates.sort(key=lambda f: cost(target, f.face))
        return [f.donor for f in candidates]


def cost(target: Face, donor: Face) -> float:
    """How badly a donor fits: another shape, another pose, a sideways gaze, a smaller face."""
    shape = shape_distance(np.asarray(target.mesh), np.asarray(donor.mesh))
    turn = abs(target.pose.yaw - donor.pose.yaw) + abs(target.pose.pitch - donor.pose.pitch)
    mesh = np.asarray(donor.mesh)
    aside = max(abs(iris_position(mesh, side) - 0.5) for side in SIDES)
    enlarged = max(0.0, 1.0 - donor.inter_ocular_distance / target.inter_ocular_distance)
    return SHAPE_WEIGHT * shape + turn / DEGREES + GAZE_WEIGHT * aside + SIZE_WEIGHT * enlarged


def read_donors(photos: Sequence[Path], requests: RequestMaker, ask: Asker, verbose: bool) -> DonorShelf:
    """Find and crop the faces with both eyes open in donor photos.

    A photo that cannot be used becomes a notice, never an error: the chain goes on without it.
    """
    faces: list[DonorFace] = []
    notices: list[Notice] = []
    for number, photo in enumerate(photos):
        service = f"donor_{number:02d}_{SHARED}"
        paths = RunPathManager(service, photo, verbose, requests.batch_id, requests.layout)
        found = _faces_of(photo, paths, requests, ask)
        notices += [found] if isinstance(found, Notice) else []
        faces += found if isinstance(found, list) else []
    return DonorShelf(tuple(faces), tuple(notices))


def _faces_of(
    photo: Path, paths: RunPathManager, requests: RequestMaker, ask: Asker
) -> list[DonorFace] | Notice:
    seen = ask(requests.face(photo, paths, debug=False)).items[0]
    if seen.error:
        return Notice("DONOR_UNUSABLE", f"donor {photo.name}: {seen.error.message}")
    document = read_document(FaceDocument, paths.get_face_json())
    usable = [f for f in document.faces if all(f.eye(side).state == "open" for side in SIDES)]
    if not usable:
        return Notice("DONOR_UNUSABLE", f"donor {photo.name} shows no face with both eyes open")
    cropped = ask(requests.crop(photo, paths, {f.face_index: () for f in usable}, paths.get_face_json()))
    good = {int(item.item_id) for item in cropped.items if item.status == "succeeded"}
    return [
        DonorFace(
            Donor(photo.name, paths.get_face_crop(f.face_index), paths.get_crop_json(f.face_index)),
            f,
            len(document.faces),
        )
        for f in usable
        if f.face_index in good
    ]
