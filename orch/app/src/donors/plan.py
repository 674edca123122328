"""Whose open eyes may go into which closed ones: the plan between the two passes of a run.

Donors are faces of other photos with both eyes open. Where an identity backend has looked, only faces
of the same person are taken; where none has, only photos that the person named with `--donor`, matched
left to right in photos with equally many people and by the shape of the face otherwise.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np

from imaging.face_shape import FloatArray, shape_distance
from orch.app.src.looking.bursts import Bursts
from orch.app.src.looking.known_faces import KnownFace
from orch.app.src.looking.people import Cuts, Vectors, distance_to_group, group_by_person
from orch.app.src.report import SamePerson

MOST_DONORS = 6
"""Kept for a face: enough for the attempts at it and for variations with other eyes."""
SHAPE_WEIGHT = 20.0
"""Measured on 17 people in two photos each: one person at similar poses differs by 0.014-0.046, two by
0.04 (5 %) and 0.08 (median); for 13 of the 17 the right one comes first. The gap weighs 25 degrees."""
DEGREES = 30.0
"""Yaw and pitch between donor and target, together, that weigh 1."""
GAZE_WEIGHT = 2.0
"""For an iris that sits at a corner instead of the middle, half of it."""
STARE_WEIGHT, SQUINT_WEIGHT = 1.5, 0.5
"""For eyes e times as wide open as the person's usually are, and for such that are open 1/e of that. A stare
shows in any face; narrowed eyes go with a laugh, and the target may laugh as well."""
TYPICAL_OPENNESS = 0.225
"""Mean aspect ratio of open eyes: 38 labelled faces. Counts as one more photo of each person."""
_NARROWEST = 0.02
"""Aspect ratio of closed eyes."""
SIZE_WEIGHT = 0.5
"""For a donor so small that its eyes would be only enlargement."""
TIME_WEIGHT = 0.5
"""For another occasion: light, make-up and glasses may differ."""
BURST_S, OCCASION_S = 5.0, 3600.0
"""Seconds between photos of one burst, and of another occasion; logarithmic in between."""

MeshOf = Callable[[KnownFace], FloatArray]
"""The 478 mesh points of a face, shape (478, 3)."""


@dataclass(frozen=True)
class DonorChoice:
    """A face whose eyes may be taken.

    Attributes:
        photo: number of its photo, as in `KnownFace`.
        distance: of the target's identity vector to this person's, None where there is none.
        cost: how badly it fits, 0 or more.
    """

    photo: int
    face_index: int
    same_person: SamePerson
    distance: float | None
    cost: float


@dataclass(frozen=True)
class FaceDonors:
    """Donors of one face, best first."""

    photo: int
    face_index: int
    donors: tuple[DonorChoice, ...]


@dataclass(frozen=True)
class DonorPlan:
    """Donors of all faces with closed eyes that have any; JSON for the journal."""

    faces: tuple[FaceDonors, ...] = ()

    def of_photo(self, photo: int) -> dict[int, tuple[DonorChoice, ...]]:
        """Face index -> donors."""
        return {entry.face_index: entry.donors for entry in self.faces if entry.photo == photo}


def plan_donors(
    faces: Sequence[KnownFace], named: frozenset[int], cuts: Cuts, mesh_of: MeshOf, trust: bool = False
) -> DonorPlan:
    """Find donors for every face with a closed eye.

    Args:
        faces: all faces of the run and of the donors' photos.
        named: photos that the person gave with `--donor`.
        mesh_of: asked only where identity does not settle it.
        trust: take named photos of another person too, since exactly that was asked for.
    """
    people, bursts = _people(faces, cuts.anywhere), Bursts(faces)
    plan = []
    for target in faces:
        if not target.closed:
            continue
        if target.vector is None:
            donors = _named(target, faces, named, mesh_of, "not_checked")
        else:
            person = people[target.photo, target.face_index]
            donors = _confirmed(target, person, bursts, cuts)
            if not donors and trust:
                donors = _named(target, faces, named, mesh_of, "differs")
        if donors:
            donors.sort(key=lambda donor: (donor.cost, donor.photo, donor.face_index))
            plan.append(FaceDonors(target.photo, target.face_index, tuple(donors[:MOST_DONORS])))
    return DonorPlan(tuple(plan))


def cost(target: KnownFace, donor: KnownFace, usual_openness: float = TYPICAL_OPENNESS) -> float:
    """How badly a donor fits: another pose, a sideways gaze, a stare, a smaller face, another time.

    Args:
        usual_openness: of this person's open eyes, as in `KnownFace`.
    """
    wider = math.log(max(donor.openness, _NARROWEST) / usual_openness)
    turn = abs(target.yaw - donor.yaw) + abs(target.pitch - donor.pitch)
    enlarged = max(0.0, 1.0 - donor.inter_ocular_distance / target.inter_ocular_distance)
    return (
        turn / DEGREES
        + GAZE_WEIGHT * donor.aside
        + (STARE_WEIGHT if wider > 0 else -SQUINT_WEIGHT) * wider
        + SIZE_WEIGHT * enlarged
        + TIME_WEIGHT * _apart(target.taken, donor.taken)
    )


def _apart(first: float | None, second: float | None) -> float:
    """0 within one burst .. 1 for another occasion; in the middle where unknown."""
    if first is None or second is None:
        return 0.5
    seconds = min(max(abs(first - second), BURST_S), OCCASION_S)
    return math.log(seconds / BURST_S) / math.log(OCCASION_S / BURST_S)


def _people(faces: Sequence[KnownFace], cut: float) -> Mapping[tuple[int, int], Sequence[KnownFace]]:
    """(photo, face index) -> all faces of that person."""
    known = [face for face in faces if face.vector is not None]
    if not known:
        return {}
    labels = group_by_person(_vectors(known), [face.photo for face in known], cut)
    groups: dict[int, list[KnownFace]] = defaultdict(list)
    for face, label in zip(known, labels):
        groups[int(label)].append(face)
    return {(face.photo, face.face_index): groups[int(label)] for face, label in zip(known, labels)}


def _confirmed(
    target: KnownFace,
    person: Sequence[KnownFace],
    bursts: Bursts,
    cuts: Cuts,
) -> list[DonorChoice]:
    """Faces of the same person. A group may hang together by others: the target itself has to fit."""
    vector = np.asarray(target.vector, np.float32)
    others = [face for face in person if face.photo != target.photo]
    if others and distance_to_group(vector, _vectors(others)) > cuts.anywhere:
        others = []
    others += [face for face in bursts.same_person(target, cuts.burst) if face not in others]
    donors = [face for face in others if face.both_open]
    usual = median([TYPICAL_OPENNESS, *(face.openness for face in donors)])
    return [
        DonorChoice(
            face.photo,
            face.face_index,
            "confirmed",
            round(distance_to_group(vector, _vectors([face])), 4),
            round(cost(target, face, usual), 4),
        )
        for face in donors
    ]


def _named(
    target: KnownFace,
    faces: Sequence[KnownFace],
    named: frozenset[int],
    mesh_of: MeshOf,
    same_person: SamePerson,
) -> list[DonorChoice]:
    """Faces of the named photos: left to right in equal company, by the face's shape otherwise."""
    candidates = [
        face
        for face in faces
        if face.photo in named
        and face.photo != target.photo
        and face.both_open
        and (face.company != target.company or face.face_index == target.face_index)
    ]
    shape = mesh_of(target) if candidates else None
    return [
        DonorChoice(
            face.photo,
            face.face_index,
            same_person,
            None,
            round(cost(target, face) + SHAPE_WEIGHT * shape_distance(shape, mesh_of(face)), 4),
        )
        for face in candidates
        if shape is not None
    ]


def _vectors(faces: Sequence[KnownFace]) -> Vectors:
    return np.array([face.vector for face in faces], np.float32)
