"""Photos of one burst, and who is who in them.

In two photos of one burst there are the same people, so two faces are one person's where each is the
other's nearest: that holds for closed eyes and grimaces, which move identity vectors far.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np

from contracts.identity import identity_distance
from orch.app.src.known_faces import KnownFace

LONGEST_S = 10.0
"""Seconds between photos of one burst, where EXIF tells their times."""
SCENE_LIMIT = 10.0
"""Root mean square difference of scenes (see the face stage) below which photos are of one burst."""


def same_burst(a: KnownFace, b: KnownFace) -> bool:
    """Whether two photos, of which these are faces, were taken one after the other of one thing."""
    if a.photo == b.photo or a.size != b.size:
        return False
    if a.taken is not None and b.taken is not None:
        return abs(a.taken - b.taken) <= LONGEST_S
    if not a.scene or len(a.scene) != len(b.scene):
        return False
    return float(np.sqrt(np.mean((np.array(a.scene) - np.array(b.scene)) ** 2))) < SCENE_LIMIT


def same_in_bursts(
    target: KnownFace, photos: Mapping[int, Sequence[KnownFace]], cut: float
) -> list[KnownFace]:
    """The target's person in other photos of its burst.

    Args:
        photos: faces with identity vectors, by photo.
        cut: largest distance of one person's vectors within a burst.
    """
    own = photos.get(target.photo, ())
    found = []
    for number, faces in photos.items():
        if number == target.photo or not same_burst(target, faces[0]):
            continue
        nearest = min(faces, key=lambda face: _apart(target, face))
        mutual = min(own, key=lambda face: _apart(nearest, face)) == target
        if mutual and _apart(target, nearest) <= cut:
            found.append(nearest)
    return found


def by_photo(faces: Sequence[KnownFace]) -> dict[int, list[KnownFace]]:
    """Faces with identity vectors, by photo."""
    photos: dict[int, list[KnownFace]] = defaultdict(list)
    for face in faces:
        if face.vector is not None:
            photos[face.photo].append(face)
    return dict(photos)


def _apart(a: KnownFace, b: KnownFace) -> float:
    return identity_distance(a.vector or (), b.vector or ())
