"""Photos of one burst, and who is who in them.

In two photos of one burst there are the same people, so two faces are one person's where each is the
other's nearest: that holds for closed eyes and grimaces, which move identity vectors far.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from contracts.identity import identity_distance
from orch.app.src.looking.known_faces import KnownFace

LONGEST_S = 10.0
"""Seconds between photos of one burst, where EXIF tells their times."""
SCENE_LIMIT = 10.0
"""Root mean square difference of scenes (see the face stage) below which photos are of one burst."""


class Bursts:
    """Which photos were taken one after the other of one thing.

    Args:
        faces: of the run; those without identity vectors do not count.
    """

    def __init__(self, faces: Iterable[KnownFace]) -> None:
        self._photos = _by_photo(faces)
        alike: dict[object, list[KnownFace]] = defaultdict(list)
        for first, *_ in self._photos.values():
            alike[_kind(first)].append(first)
        self._shots = {kind: _Shots(faces) for kind, faces in alike.items()}

    def same_person(self, target: KnownFace, cut: float) -> list[KnownFace]:
        """The target's person in other photos of its burst.

        Args:
            target: one of the faces.
            cut: largest distance of one person's vectors within a burst.
        """
        own = self._photos[target.photo]
        found = []
        for number in self._shots[_kind(target)].near(target):
            nearest = min(self._photos[number], key=lambda face: _apart(target, face))
            mutual = min(own, key=lambda face: _apart(nearest, face)) == target
            if mutual and _apart(target, nearest) <= cut:
                found.append(nearest)
        return found


class _Shots:
    """Photos of one size: their times, seconds or NaN, shape (n,), and their scenes, shape (n, k)."""

    def __init__(self, photos: Sequence[KnownFace]) -> None:
        self._numbers = np.array([face.photo for face in photos])
        self._taken = np.array([np.nan if face.taken is None else face.taken for face in photos])
        self._scenes = np.array([face.scene for face in photos], np.float32)

    def near(self, target: KnownFace) -> list[int]:
        """Numbers of the other photos of the target's burst: by their times, or by what they show."""
        taken = np.nan if target.taken is None else target.taken
        by_time = np.abs(self._taken - taken)  # NaN where either is not known
        near = by_time <= LONGEST_S
        timeless = np.isnan(by_time)
        if target.scene and timeless.any():
            squares = (self._scenes[timeless] - np.array(target.scene, np.float32)) ** 2
            near[timeless] = np.sqrt(squares.mean(axis=1)) < SCENE_LIMIT
        return [int(number) for number in self._numbers[near] if number != target.photo]


def _kind(face: KnownFace) -> tuple[tuple[int, int], int]:
    """Photos of another size, or with a scene of another backend, are never of one burst."""
    return face.size, len(face.scene)


def _by_photo(faces: Iterable[KnownFace]) -> Mapping[int, list[KnownFace]]:
    photos: dict[int, list[KnownFace]] = defaultdict(list)
    for face in faces:
        if face.vector is not None:
            photos[face.photo].append(face)
    return photos


def _apart(a: KnownFace, b: KnownFace) -> float:
    return identity_distance(a.vector or (), b.vector or ())
