"""The five points that InsightFace aligns faces by, read from the mesh."""

from __future__ import annotations

import numpy as np

from contracts.face import SIDES
from face.app.src.picture_pyramid import FloatArray
from imaging import eye_mesh

_NOSE_TIP, _MOUTH_CORNERS = 4, (61, 291)


def five_points(mesh: FloatArray) -> FloatArray:
    """(5, 2) of a mesh (478, 3): eyes from the viewer's left, tip of the nose, corners of the mouth."""
    eyes = [eye_mesh.eye_center(mesh, side) for side in SIDES]
    return np.array([*eyes, *(mesh[k, :2] for k in (_NOSE_TIP, *_MOUTH_CORNERS))])
