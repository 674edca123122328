"""Each face once: overlapping boxes are reduced to the strongest."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

Box = tuple[float, float, float, float]
"""x1, y1, x2, y2."""
T = TypeVar("T")

SAME_FACE = 0.5
"""Shared part of the smaller box above which two boxes are one face; catches a box inside another too."""


def area(box: Box) -> float:
    return max(0.0, box[2] - box[0]) * max(0.0, box[3] - box[1])


def containment(one: Box, other: Box) -> float:
    """Intersection over the smaller area, 0..1; 0 for empty boxes."""
    shared = area(
        (max(one[0], other[0]), max(one[1], other[1]), min(one[2], other[2]), min(one[3], other[3]))
    )
    smaller = min(area(one), area(other))
    return shared / smaller if smaller > 0 else 0.0


def strongest(
    found: Iterable[T], box: Callable[[T], Box], strength: Callable[[T], float], limit: float = SAME_FACE
) -> list[T]:
    """Keep the strongest of each group whose boxes contain each other by more than `limit`, strong first."""
    kept: list[T] = []
    for one in sorted(found, key=strength, reverse=True):
        if all(containment(box(one), box(other)) <= limit for other in kept):
            kept.append(one)
    return kept
