"""Where the iris sits between the corners of an eye, from the mesh; needs NumPy."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from contracts.face import Side
from imaging.eye_mesh import IRIS, corners

FloatArray = NDArray[np.float64]


def iris_position(mesh: FloatArray, side: Side) -> float:
    """Position of the iris centre along the corner line: 0 at the viewer's left corner, 1 at the right one.

    Both eyes of a face that looks at one point have nearly the same value, wherever it looks; real open
    eyes differ by about 0.08.

    Args:
        mesh: 478 points, shape (478, 2 or 3).
    """
    outer, inner = corners(mesh, side)
    first, last = (outer, inner) if side == "left" else (inner, outer)
    line = last - first
    centre = mesh[IRIS[side][0], :2]
    return float(np.dot(centre - first, line) / np.dot(line, line))
