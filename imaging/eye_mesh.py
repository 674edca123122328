"""Which of the 478 mesh points make an eye, in one order for both sides.

Topology of MediaPipe's attention mesh (Apache-2.0). Each side has 71 points in matching order:
16 on the lid contour, 16 on a first ring around it, 16 on a second (under the brow and above the
cheek), 23 on a third ring and the brow. Index k on the left mirrors index k on the right.
Within the contour, 0 is the outer corner, 8 the inner corner, 1..7 the lower lid and 9..15 the upper
lid, both from outer to inner.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from contracts.face import Side

FloatArray = NDArray[np.float64]

MESH_POINTS = 478

# fmt: off
_VIEWERS_LEFT = (
    33, 7, 163, 144, 145, 153, 154, 155, 133, 246, 161, 160, 159, 158, 157, 173,
    130, 25, 110, 24, 23, 22, 26, 112, 243, 247, 30, 29, 27, 28, 56, 190,
    226, 31, 228, 229, 230, 231, 232, 233, 244, 113, 225, 224, 223, 222, 221, 189,
    35, 124, 46, 53, 52, 65, 143, 111, 117, 118, 119, 120, 121, 128, 245,
    156, 70, 63, 105, 66, 107, 55, 193,
)
_VIEWERS_RIGHT = (
    263, 249, 390, 373, 374, 380, 381, 382, 362, 466, 388, 387, 386, 385, 384, 398,
    359, 255, 339, 254, 253, 252, 256, 341, 463, 467, 260, 259, 257, 258, 286, 414,
    446, 261, 448, 449, 450, 451, 452, 453, 464, 342, 445, 444, 443, 442, 441, 413,
    265, 353, 276, 283, 282, 295, 372, 340, 346, 347, 348, 349, 350, 357, 465,
    383, 300, 293, 334, 296, 336, 285, 417,
)
# fmt: on

EYE_REGION: dict[Side, tuple[int, ...]] = {"left": _VIEWERS_LEFT, "right": _VIEWERS_RIGHT}
"""The 71 mesh indices of each side. The viewer's left eye is the subject's right eye."""

OUTER_CORNER, INNER_CORNER = 0, 8
LOWER_LID = slice(1, 8)
UPPER_LID = slice(9, 16)
CONTOUR = slice(0, 16)
FIRST_RING = slice(16, 32)
FIRST_RING_LOWER = slice(16, 25)
FIRST_RING_UPPER = slice(25, 32)
SECOND_RING = slice(32, 48)
THIRD_RING = slice(48, 71)

UPPER_MARGIN = (0, 9, 10, 11, 12, 13, 14, 15, 8)
"""Positions along the upper lid margin, outer to inner corner."""
LOWER_MARGIN = (0, 1, 2, 3, 4, 5, 6, 7, 8)
POLYGON = (*UPPER_MARGIN, 7, 6, 5, 4, 3, 2, 1)
"""Positions once around the eye: the eye polygon."""
BROW_EDGE = (50, 51, 52, 53, 69)
"""Positions along the lower edge of the brow, outer to inner end."""
BROW = (*BROW_EDGE, 68, 67, 66, 65, 64)
"""Positions once around the brow: lower edge from the outer to the inner end, upper edge back."""

IRIS: dict[Side, tuple[int, ...]] = {"left": (468, 469, 470, 471, 472), "right": (473, 474, 475, 476, 477)}
"""Iris centre, then four points on the limbus."""


def eye_region(mesh: FloatArray, side: Side) -> FloatArray:
    """The 71 points of one eye region, shape (71, mesh.shape[1])."""
    return mesh[list(EYE_REGION[side])]


def eye_polygon(mesh: FloatArray, side: Side) -> FloatArray:
    """The 16 contour points once around the eye, shape (16, 2)."""
    return eye_region(mesh, side)[list(POLYGON), :2]


def polygon_indices(side: Side) -> tuple[int, ...]:
    """Mesh indices of `eye_polygon`."""
    return tuple(EYE_REGION[side][k] for k in POLYGON)


def corners(mesh: FloatArray, side: Side) -> tuple[FloatArray, FloatArray]:
    """Outer and inner corner (x, y)."""
    region = EYE_REGION[side]
    return mesh[region[OUTER_CORNER], :2], mesh[region[INNER_CORNER], :2]


def eye_width(mesh: FloatArray, side: Side) -> float:
    """Distance between the corners, px."""
    outer, inner = corners(mesh, side)
    return float(np.linalg.norm(outer - inner))


def eye_center(mesh: FloatArray, side: Side) -> FloatArray:
    """Middle of the corner line (x, y)."""
    outer, inner = corners(mesh, side)
    return (outer + inner) / 2


def inter_ocular_distance(mesh: FloatArray) -> float:
    """Distance between both eye centres, px."""
    return float(np.linalg.norm(eye_center(mesh, "left") - eye_center(mesh, "right")))


def aspect_ratio(region: FloatArray) -> float:
    """Eye aspect ratio of a 71-point region: mean of the seven lid distances over the corner distance."""
    lids = np.linalg.norm(region[UPPER_LID, :2] - region[LOWER_LID, :2], axis=1)
    return float(lids.mean() / np.linalg.norm(region[OUTER_CORNER, :2] - region[INNER_CORNER, :2]))


def polygon_area(points: FloatArray) -> float:
    """Shoelace area of a simple polygon, shape (n, 2), in the points' unit squared."""
    x, y = np.asarray(points, float).T
    return float(abs(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) / 2)
