"""Open eyes as landmark shapes: a person's own, and the canonical one for people without a donor.

The canonical shape is the mesh of a public-domain portrait (NASA, Eileen Collins, as distributed
with scikit-image), written by `gen/tools/make_canonical_eye.py`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from contracts.face import Side
from imaging import eye_mesh

FloatArray = NDArray[np.float64]

DATA_FILE = Path(__file__).with_name("canonical_eye.json")


@dataclass(frozen=True)
class OpenEye:
    """One open eye.

    Attributes:
        region: (71, 3), the points of `imaging.eye_mesh.EYE_REGION`, any unit.
        iris: (5, 3), centre and four points on the limbus; z is that of the lids, because the mesh
            gives none for the iris.
    """

    region: FloatArray
    iris: FloatArray

    @property
    def width(self) -> float:
        """Corner to corner in the picture's plane."""
        return float(
            np.linalg.norm(self.region[eye_mesh.OUTER_CORNER, :2] - self.region[eye_mesh.INNER_CORNER, :2])
        )

    @property
    def iris_radius(self) -> float:
        """Mean distance of the limbus points from the centre."""
        return float(np.linalg.norm(self.iris[1:, :2] - self.iris[0, :2], axis=1).mean())

    @property
    def aspect_ratio(self) -> float:
        return eye_mesh.aspect_ratio(self.region)


def open_eye_of(mesh: FloatArray, side: Side) -> OpenEye:
    """The eye of one side of a mesh (478, 3)."""
    region = eye_mesh.eye_region(mesh, side).astype(float)
    iris = mesh[list(eye_mesh.IRIS[side])].astype(float)
    iris[:, 2] = region[eye_mesh.CONTOUR, 2].mean()
    return OpenEye(region, iris)


@cache
def canonical_open_eye(side: Side) -> OpenEye:
    """The canonical open eye, in inter-ocular distances; both sides share one frame. Do not modify."""
    data = json.loads(DATA_FILE.read_text(encoding="utf-8"))["eyes"][side]
    eye = OpenEye(np.array(data["region"], float), np.array(data["iris"], float))
    eye.region.setflags(write=False)
    eye.iris.setflags(write=False)
    return eye
