"""The frame that face restoration networks were trained in: 512 x 512 px, eyes level. Needs NumPy."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from imaging.eye_mesh import eye_center

FloatArray = NDArray[np.float64]

FACE_SIZE = 512
"""Side of the aligned face, px."""

TEMPLATE = np.array(
    [
        [192.98138, 239.94708],
        [318.90277, 240.1936],
        [256.63416, 314.01935],
        [201.26117, 371.41043],
        [313.08905, 371.15118],
    ]
)
"""Where both eyes, the tip of the nose and both corners of the mouth lie (x, y): the mean of the aligned
FFHQ faces, as in facexlib 0.3.0 (`FaceRestoreHelper.face_template`), the viewer's left first."""

# Over 19 faces up to 25 degrees from frontal, the fitted mesh points lie within 2.2 px of the template
# on average; with the next best nose point (1) within 8.
NOSE_TIP = 4
MOUTH_CORNERS = (61, 291)


def alignment(mesh: FloatArray) -> FloatArray:
    """The similarity photo -> aligned frame, (2, 3), that brings five mesh points nearest to the template.

    The eyes are the middles between their corners, which stay where they are when lids move.

    Args:
        mesh: (478, 2 or 3) in the photo.
    """
    points = np.array(
        [
            eye_center(mesh, "left"),
            eye_center(mesh, "right"),
            mesh[NOSE_TIP, :2],
            *mesh[list(MOUTH_CORNERS), :2],
        ]
    )
    return similarity(points, TEMPLATE)


def similarity(source: FloatArray, target: FloatArray) -> FloatArray:
    """Least-squares rotation, scale and shift of points (n, 2), as a (2, 3) matrix."""
    center = source.mean(axis=0)
    # As complex numbers, rotation and scale are one factor.
    z, w = ((points - points.mean(axis=0)) @ (1, 1j) for points in (source, target))
    factor = np.vdot(z, w) / np.vdot(z, z)
    turn = np.array([[factor.real, -factor.imag], [factor.imag, factor.real]])
    return np.column_stack([turn, target.mean(axis=0) - turn @ center])
