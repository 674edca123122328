"""The outline of an iris that is turned aside: an ellipse, a part of which the corner and the lids hide.

The mesh puts such an iris up to a quarter of its radius too far into the corner, and knows no ellipses.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from contracts.face import Side
from gen.app.src.eye_box import Box, blurred, grown, polygon_mask
from gen.app.src.eyeball.anatomy import globes
from gen.app.src.lid_frame import LidFrame
from gen.app.src.open_shape import open_eye_of
from gen.app.src.sampling import sampled
from gen.app.src.strategy import FaceView
from imaging import eye_mesh
from imaging.colour import luminance, to_linear

FloatArray = NDArray[np.float64]
Plane = NDArray[np.float32]

# Lengths in eye widths.
_ALONG, _ACROSS = np.arange(-0.16, 0.165, 0.01), np.arange(-0.06, 0.105, 0.02)
"""Where the centre is looked for around the mesh's; across the corner line rather below than above it, where
the upper lid's shade draws circles up."""
_SCALES = (0.88, 0.94, 1.0, 1.06)
"""Of the radius that goes with the size of the face."""
_IRIS_PLANE = 0.87
"""Distance of the iris from the eyeball's centre, radii of the eyeball."""
_FLATTEST = 0.45
"""Least width of the ellipse over its height; seen flatter, an eye looks over the shoulder."""
_ARC = np.radians(np.r_[np.arange(-50, 51, 10), np.arange(130, 231, 10)])
"""The sides of the limbus; lids cover it above and below."""
_INSIDE, _OUTSIDE = 0.84, 1.16
"""Radii between which luminance is compared."""
_BRIGHTEST = 1.2
"""Most that one place counts, natural logarithm: catchlights are no sclera."""
_LASHES = 0.02
"""From the lids inwards."""
_LEAST_SEEN = 0.2
"""Share of the arcs between the lids."""
_FEW = 2.0
"""Places by which those seen are outweighed: an edge that is hardly seen is no better than a long one."""
_HOLD, _HOLD_SIZE = 0.2, 2.0
"""Cost of leaving the mesh's centre, per square radius, and the face's radius, per square share; gains are in
natural logarithms of luminance."""


@dataclass(frozen=True)
class Limbus:
    """The ellipse in coordinates of the eye's `LidFrame`, eye widths.

    Attributes:
        u, v: its centre.
        across, radius: semi-axes along and across the corner line; the second is the iris's own radius.
    """

    u: float
    v: float
    across: float
    radius: float

    def reach(self, u: FloatArray, v: FloatArray) -> FloatArray:
        """Distance from the centre: 1 on the ellipse."""
        return np.asarray(np.hypot((u - self.u) / self.across, (v - self.v) / self.radius), float)


def seen_limbus(face: FaceView, side: Side) -> Limbus | None:
    """Where the iris of an open eye is seen, None where too little of its edge is.

    As in `seen.irises` the outline over which luminance rises most from inside to outside (Daugman 1993), but
    as flat as an iris looks that is turned so far, and one side of it is enough: its size is known.
    """
    eye = open_eye_of(face.mesh, side)
    frame = LidFrame.of(eye)
    globe = globes(face.mesh)[side]
    radius = globe.iris_radius / frame.width
    ahead = frame.local(globe.center)[0]
    middle = frame.local(eye.iris[0, :2])
    level = np.log(np.maximum(luminance(to_linear(blurred(face.crop, 0.06 * globe.iris_radius))), 4e-3))
    height, width = level.shape
    lids = polygon_mask(eye.region[list(eye_mesh.POLYGON)], Box(0, 0, width, height))
    visible = grown(lids, -_LASHES * frame.width)
    best, found = -np.inf, None
    for along, across, scale in product(_ALONG, _ACROSS, _SCALES):
        u, v = middle + np.array([along, across])
        turn = (u - ahead) / (_IRIS_PLANE * globe.radius / frame.width)
        flat = np.sqrt(max(1 - turn**2, _FLATTEST**2))
        limbus = Limbus(float(u), float(v), float(scale * radius * flat), float(scale * radius))
        inside, edge, outside = (_around(frame, limbus, k) for k in (_INSIDE, 1.0, _OUTSIDE))
        seen = _at(visible, edge) * _at(visible, outside)
        if seen.mean() < _LEAST_SEEN:
            continue
        rise = np.clip(_at(level, outside) - _at(level, inside), -_BRIGHTEST, _BRIGHTEST)
        cost = _HOLD * (along**2 + across**2) / radius**2 + _HOLD_SIZE * (scale - 1) ** 2
        score = float((rise * seen).sum() / (seen.sum() + _FEW) - cost)
        if score > best:
            best, found = score, limbus
    return found


def _around(frame: LidFrame, limbus: Limbus, reach: float) -> Plane:
    u = limbus.u + reach * limbus.across * np.cos(_ARC)
    return frame.picture(u, limbus.v + reach * limbus.radius * np.sin(_ARC))


def _at(plane: Plane, points: Plane) -> FloatArray:
    return sampled(plane, points).astype(float)
