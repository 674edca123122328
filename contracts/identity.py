"""Identity vectors of known faces, answered by the face stage's identity backends.

An item has a `photo` and its FaceDocument as input `face_json`; nothing is searched. Its output `json` is
an IdentityDocument.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class FaceIdentity:
    """The vector of one face; `face_index` as in the FaceDocument."""

    face_index: int
    vector: tuple[float, ...]


@dataclass(frozen=True)
class IdentityDocument:
    """Vectors of the faces of one picture.

    Attributes:
        space: which network made them; vectors of different spaces are never compared.
        cut: two faces at a smaller distance are taken for one person's, wherever they are from.
        burst_cut: the same for faces of two photos of one burst, where strangers are not to be expected.
        scene: a coarse look at the whole picture, which tells photos of one burst: 8 x 8 x 3 CIE Lab,
            row by row, L relative to its mean.
        faces: those that were asked for and are big enough to be told apart.
    """

    space: str
    cut: float
    burst_cut: float
    scene: tuple[float, ...]
    faces: tuple[FaceIdentity, ...] = ()


def identity_distance(a: Sequence[float], b: Sequence[float]) -> float:
    """Euclidean distance of two vectors of one space.

    Raises:
        ValueError: their lengths differ.
    """
    if len(a) != len(b):
        raise ValueError(f"vectors of {len(a)} and {len(b)} numbers are not of one space")
    return math.dist(a, b)
