"""Yaw, pitch and roll of a head from its mesh alone.

The mesh is nearly mirror symmetric in the head's own frame, so the mean of its left-to-right differences
is the head's x axis, and the midline from forehead to chin its y axis. Nothing is fitted: no canonical
face, no camera. Angles past about 40 degrees of yaw are too small, because the mesh flattens profiles.
"""

from __future__ import annotations

import numpy as np

from contracts.face import Pose
from face.app.src.picture_pyramid import FloatArray

# fmt: off
VIEWERS_LEFT = (33, 133, 46, 107, 61, 58, 172, 136, 149, 234, 127, 93, 54, 103, 48, 64)
VIEWERS_RIGHT = (263, 362, 276, 336, 291, 288, 397, 365, 378, 454, 356, 323, 284, 332, 278, 294)
# fmt: on
"""Mesh indices that mirror each other: eye corners, brows, mouth corners, jaw, temples, nose wings."""
FOREHEAD, CHIN = 10, 152
"""Ends of the midline; in MediaPipe's frontal face the line between them is within 1 degree of vertical."""


def head_axes(mesh: FloatArray) -> FloatArray:
    """Rows: the head's x (to the viewer's right), y (down) and z (away from the viewer), orthonormal."""
    across = (mesh[list(VIEWERS_RIGHT)] - mesh[list(VIEWERS_LEFT)]).mean(0)
    x = across / np.linalg.norm(across)
    down = mesh[CHIN] - mesh[FOREHEAD]
    down = down - x * (down @ x)
    y = down / np.linalg.norm(down)
    return np.stack([x, y, np.cross(x, y)])


def head_pose(mesh: FloatArray) -> Pose:
    """Degrees; the signs are those of `contracts.face.Pose`."""
    x, y, z = head_axes(mesh)
    roll = np.arctan2(x[1], x[0])
    yaw = np.arctan2(x[2], np.hypot(x[0], x[1]))
    # z[2] is positive for every face that can be seen; y[2] < 0 brings the chin forward: looking up
    pitch = np.arctan2(-y[2], z[2])
    return Pose(*(round(float(np.degrees(a)), 2) for a in (yaw, pitch, roll)))
