"""InsightFace's 106 landmarks: which of them lie around the eyes, and how open they say an eye is.

Sides are the viewer's. The order is that of the model 2d106det.
"""

from __future__ import annotations

import numpy as np

from contracts.face import Side
from face.app.src.picture_pyramid import FloatArray

NAME = "2d106"
COUNT = 106

CONTOUR: dict[Side, tuple[int, ...]] = {
    "left": (35, 36, 33, 37, 39, 42, 40, 41),
    "right": (89, 90, 87, 91, 93, 96, 94, 95),
}
"""The whole contour of each eye, in order around it."""
REFERENCE_POLYGON: dict[Side, tuple[int, ...]] = {
    "left": (39, 33, 36, 41, 40, 42),
    "right": (89, 90, 91, 96, 94, 95),
}
"""The six of them that the original design takes, in its order."""
_LID_PAIRS: dict[Side, tuple[tuple[int, int], ...]] = {
    "left": ((41, 36), (40, 33), (42, 37)),
    "right": ((95, 90), (94, 87), (96, 91)),
}
_CORNERS: dict[Side, tuple[int, int]] = {"left": (35, 39), "right": (93, 89)}


def contour(landmarks: FloatArray, side: Side) -> FloatArray:
    """The eye's contour, shape (8, 2), of landmarks (106, 2)."""
    return np.asarray(landmarks[list(CONTOUR[side])])


def aspect_ratio(landmarks: FloatArray, side: Side) -> float:
    """Mean distance of facing lid points over the distance of the corners; 0 for an eye without width."""
    lids = np.mean([np.linalg.norm(landmarks[a] - landmarks[b]) for a, b in _LID_PAIRS[side]])
    first, last = _CORNERS[side]
    width = float(np.linalg.norm(landmarks[first] - landmarks[last]))
    return float(lids) / width if width > 0 else 0.0
