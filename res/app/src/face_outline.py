"""The soft mask of a face: where a restored face shows. Needs NumPy and OpenCV."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from res.app.src.alignment import FACE_SIZE

FloatArray = NDArray[np.float64]
FloatImage = NDArray[np.float32]

# fmt: off
FACE_OVAL = (
    10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377,
    152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109,
)
# fmt: on
"""Outline of the face from forehead to chin, MediaPipe's FACEMESH_FACE_OVAL (Apache-2.0)."""

FEATHER = 32.0
"""px of the aligned frame over which the mask rises from the outline inwards: a quarter of the distance
between the eyes."""


def face_mask(mesh: FloatArray) -> FloatImage:
    """0 outside of the face .. 1 inside, (FACE_SIZE, FACE_SIZE).

    Args:
        mesh: (478, 2 or 3) in the aligned frame.
    """
    outline = cv2.convexHull(np.round(mesh[list(FACE_OVAL), :2]).astype(np.int32))
    face = cv2.fillConvexPoly(np.zeros((FACE_SIZE, FACE_SIZE), np.uint8), outline, 1)
    face[0] = face[-1] = face[:, 0] = face[:, -1] = 0  # what leaves the frame fades out too
    inside = np.clip(cv2.distanceTransform(face, cv2.DIST_L2, 5) / FEATHER, 0.0, 1.0)
    mask: FloatImage = (inside * inside * (3 - 2 * inside)).astype(np.float32)
    return mask
