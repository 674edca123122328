"""Which face of the product's report is which labelled face."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tests.quality.cases import LabelledFace

Box = Sequence[float]
LEAST_OVERLAP = 0.2
"""Intersection over union."""


def matched(faces: Sequence[LabelledFace], report: Mapping[str, Any]) -> list[Mapping[str, Any] | None]:
    """The reported face of each labelled one; None where it was not found. No face is given twice."""
    left: list[Mapping[str, Any]] = list(report["faces"])
    found: list[Mapping[str, Any] | None] = []
    for face in faces:
        best = max(left, key=lambda seen: overlap(seen["bbox"], face.place.bbox), default=None)
        if best is None or overlap(best["bbox"], face.place.bbox) <= LEAST_OVERLAP:
            found.append(None)
            continue
        left.remove(best)
        found.append(best)
    return found


def overlap(one: Box, other: Box) -> float:
    """Intersection over union of boxes of which one holds the other's middle, else 0."""
    if not (_holds(one, _middle(other)) or _holds(other, _middle(one))):
        return 0.0
    width = max(0.0, min(one[2], other[2]) - max(one[0], other[0]))
    height = max(0.0, min(one[3], other[3]) - max(one[1], other[1]))
    return width * height / (_area(one) + _area(other) - width * height)


def _area(box: Box) -> float:
    return max((box[2] - box[0]) * (box[3] - box[1]), 1e-6)


def _middle(box: Box) -> tuple[float, float]:
    return (box[0] + box[2]) / 2, (box[1] + box[3]) / 2


def _holds(box: Box, point: tuple[float, float]) -> bool:
    return box[0] <= point[0] <= box[2] and box[1] <= point[1] <= box[3]
