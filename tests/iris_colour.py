"""The colour of an iris in a picture, and how far two such colours are apart."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from contracts.face import Side
from imaging.eye_mesh import IRIS, eye_polygon

FloatArray = NDArray[np.float64]

RING = (0.45, 0.85)
"""Between the pupil and the limbus, in radii of the iris."""
BELOW_THE_LID = -0.3
"""The upper lid shades what lies further up than this, in radii of the iris."""
LEAST_PIXELS = 6


def iris_colour(rgb8: NDArray[np.uint8], mesh: FloatArray, side: Side) -> FloatArray:
    """Median CIE Lab of what is seen of an iris between pupil, limbus and lids, shape (3,).

    Args:
        rgb8: (height, width, 3).
        mesh: 478 points of the face on this picture.

    Raises:
        ValueError: too little of the iris is to be seen.
    """
    import cv2
    from skimage.color import rgb2lab

    points = mesh[list(IRIS[side]), :2]
    radius = float(np.linalg.norm(points[1:] - points[0], axis=1).mean())
    rows, columns = np.mgrid[: rgb8.shape[0], : rgb8.shape[1]]
    x, y = (columns - points[0, 0]) / radius, (rows - points[0, 1]) / radius
    lids = np.zeros(rgb8.shape[:2], np.uint8)
    cv2.fillPoly(lids, [np.round(eye_polygon(mesh, side)).astype(np.int32)], (1,))
    distance = np.hypot(x, y)
    ring = (distance > RING[0]) & (distance < RING[1]) & (y > BELOW_THE_LID) & (lids > 0)
    if ring.sum() < LEAST_PIXELS:
        raise ValueError(f"only {ring.sum()} pixels of the iris are to be seen")
    return np.asarray(np.median(rgb2lab(rgb8[ring][None])[0], axis=0))


def colour_difference(one: FloatArray, other: FloatArray) -> float:
    """CIEDE2000 of two Lab colours."""
    from skimage.color import deltaE_ciede2000

    difference: Any = deltaE_ciede2000
    return float(difference(one, other))
