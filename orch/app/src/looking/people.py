"""Who is who in a run: identity vectors of all faces grouped by person.

Average-linkage agglomeration with one thing that is known for sure: two faces of one photo are two
people. The mean squared distance between two groups follows from their sizes, sums and squared norms
alone, so that no table of all pairs is needed; memory grows with the number of faces only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]

NEIGHBOURS = 24
"""Candidate pairs that a face brings in: its nearest others. A person in more photos is joined through
chains of these."""
_BLOCK = 512
"""Faces whose distances to all others are held at once."""


@dataclass(frozen=True)
class Cuts:
    """Largest distances of one person's identity vectors: of any photos, and within a burst."""

    anywhere: float
    burst: float


def group_by_person(vectors: Vectors, photos: Sequence[int], cut: float) -> NDArray[np.int64]:
    """A label for each face, equal for faces of one person.

    Args:
        vectors: shape (n, d), of one vector space.
        photos: the photo that each face is in; faces of one photo never share a label.
        cut: two groups are one person's where the root of the mean squared distance between their faces
            is at most this.

    Returns:
        Shape (n,): the index of the first face of its group.
    """
    groups = [_Group(vector, photo) for vector, photo in zip(np.asarray(vectors, np.float64), photos)]
    parent = np.arange(len(groups))

    def root(face: int) -> int:
        while parent[face] != face:
            parent[face] = parent[parent[face]]
            face = int(parent[face])
        return face

    for a, b in _near_pairs(np.asarray(vectors, np.float32), np.asarray(photos), cut):
        first, second = sorted((root(a), root(b)))
        if first == second or groups[first].photos & groups[second].photos:
            continue
        if groups[first].distance(groups[second]) <= cut:
            groups[first].take(groups[second])
            parent[second] = first
    return np.array([root(face) for face in range(len(groups))], np.int64)


def distance_to_group(vector: Vectors, members: Vectors) -> float:
    """Root of the mean squared distance of one face to others, the linkage of `group_by_person`.

    Args:
        vector: shape (d,).
        members: shape (n, d), n at least 1.
    """
    return float(np.sqrt(np.mean(np.sum((np.asarray(members, np.float64) - vector) ** 2, axis=1))))


class _Group:
    """Faces taken for one person: what the linkage needs of them."""

    def __init__(self, vector: NDArray[np.float64], photo: int) -> None:
        self.size = 1
        self.total = vector.copy()
        self.squares = float(vector @ vector)
        self.photos = {photo}

    def distance(self, other: _Group) -> float:
        squared = (
            self.squares / self.size
            + other.squares / other.size
            - 2.0 * float(self.total @ other.total) / (self.size * other.size)
        )
        return float(np.sqrt(max(0.0, squared)))

    def take(self, other: _Group) -> None:
        self.size += other.size
        self.total += other.total
        self.squares += other.squares
        self.photos |= other.photos


def _near_pairs(vectors: Vectors, photos: NDArray[np.int64], cut: float) -> list[tuple[int, int]]:
    """Pairs of faces of different photos within the cut, each face's nearest ones, nearest pair first."""
    norms = np.einsum("nd,nd->n", vectors, vectors)
    found: dict[tuple[int, int], float] = {}
    for start in range(0, len(vectors), _BLOCK):
        rows = slice(start, start + _BLOCK)
        squared = norms[rows, None] + norms[None, :] - 2.0 * vectors[rows] @ vectors.T
        squared[photos[rows, None] == photos[None, :]] = np.inf
        count = min(NEIGHBOURS, squared.shape[1])
        nearest = np.argpartition(squared, count - 1, axis=1)[:, :count]
        for row, columns in enumerate(nearest):
            face = start + row
            for column in columns[squared[row, columns] <= cut**2]:
                pair = (min(face, int(column)), max(face, int(column)))
                found[pair] = float(squared[row, column])
    return sorted(found, key=lambda pair: (found[pair], pair))
