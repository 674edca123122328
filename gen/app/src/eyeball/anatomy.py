"""Where the eyeballs lie behind the lids, how big they are and where a camera-looking iris is seen.

Frame: crop pixels, x right, y down, z away from the viewer, as the 478-point mesh gives them; left is
the viewer's left. The projection is taken as orthographic: at portrait distance the error is far
below the mesh's own.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from contracts.face import SIDES, Side
from imaging import eye_mesh

FloatArray = NDArray[np.float64]

# Median fit over 88 near-frontal open eyes that look at the camera, in inter-ocular distances (about
# 62 mm in adults): 0.9 mm outwards, 0.8 mm up, 5.4 mm behind the middle of the corners. Anatomy agrees:
# the eyeball's centre lies 4 to 7 mm behind the corners. Remaining error 0.011, that is 0.7 mm.
_GLOBE_OUTWARD, _GLOBE_UP, _GLOBE_BEHIND = 0.0146, 0.0137, 0.087
_IRIS_RADIUS = 0.096
"""Radius of the visible iris, 11.8 mm across; median 0.096 in the same fit, quartiles 0.088 and 0.103."""
_GLOBE_RADIUS = 0.194
"""Radius of the eyeball, 12 mm."""
_INFANT_CHIN, _ADULT_CHIN = 1.40, 1.55
"""Eyes-to-chin distance in inter-ocular distances: infants' faces are short (1.2-1.45), adults' 1.55-2.0."""
_INFANT_IRIS_GAIN = 0.10
"""An infant's iris is nearly adult-sized in a smaller face."""

# The mesh puts the corners of a closed eye onto its lash line, which hangs down outside. Seen again in open
# frames, the same 30 eyes are narrower (0.955; the drawn lash line goes on a little beyond the corners), lie
# further in, and their outer corner is the higher one.
_OPEN_NARROWER, _OPEN_INWARDS = 0.93, 0.0325
_OPEN_TILT, _KEPT_TILT = -0.10, 0.25
"""Tilt: how much lower the outer corner lies on the head than the inner one, eye widths. Of an open eye whose
closed one has none, and the share of the closed one's that is added. Least squares gives -0.12 and 0.25
with an error of 0.03; with -0.10, opened eyes are likest to those frames."""

# Mesh indices of pairs across the face and of the midline, for the head's axes.
_ACROSS = ((234, 454), (33, 263), (127, 356))
_FOREHEAD, _CHIN = 10, 152


@dataclass(frozen=True)
class EyeAxes:
    """A frame of one eye: origin in the middle of the corner line, unit = eye width.

    Attributes:
        origin: (x, y), crop px.
        along: unit vector from the outer to the inner corner.
        down: unit vector at a right angle, towards the cheek.
        width: corner to corner, px.
    """

    origin: FloatArray
    along: FloatArray
    down: FloatArray
    width: float

    def to_eye(self, points: FloatArray) -> FloatArray:
        """Crop px, shape (..., 2), to (u, v): corners at u = -0.5 (outer) and 0.5 (inner), v down."""
        d = (np.asarray(points, float) - self.origin) / self.width
        return np.stack([d @ self.along, d @ self.down], axis=-1)

    def to_crop(self, points: FloatArray) -> FloatArray:
        """(u, v), shape (..., 2), to crop px."""
        p = np.asarray(points, float) * self.width
        return self.origin + p[..., :1] * self.along + p[..., 1:] * self.down


def eye_axes(mesh: FloatArray, side: Side) -> EyeAxes:
    """The frame of one eye of a (478, 3) mesh."""
    outer, inner = eye_mesh.corners(mesh, side)
    return _axes_between(outer, inner, mesh)


def opened_axes(mesh: FloatArray, side: Side, winks: bool) -> EyeAxes:
    """The frame that a closed eye of a (478, 3) mesh has when it is open.

    Args:
        winks: the other eye is open; the cheek has then moved the folds around this one, and its corners
            keep their tilt among them.
    """
    closed = eye_axes(mesh, side)
    own = float(-closed.along @ _picture_axes(mesh)[1])
    tilt = own if winks else _OPEN_TILT + _KEPT_TILT * own
    across, down = _picture_axes(mesh)
    inwards = across if closed.along @ across > 0 else -across
    along = inwards * np.sqrt(1 - tilt**2) - down * tilt
    middle = closed.to_crop(np.array([_OPEN_INWARDS, 0.0]))
    half = _OPEN_NARROWER * closed.width / 2 * along
    return _axes_between(middle - half, middle + half, mesh)


def _picture_axes(mesh: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Unit vectors of the crop: along the head's across axis, and down at a right angle to it."""
    across = head_axes(mesh)[0, :2]
    across = across / np.linalg.norm(across)
    return across, np.array([-across[1], across[0]])


def _axes_between(outer: FloatArray, inner: FloatArray, mesh: FloatArray) -> EyeAxes:
    width = float(np.linalg.norm(inner - outer))
    along = (inner - outer) / width
    down = np.array([-along[1], along[0]])
    if down @ (mesh[_CHIN, :2] - mesh[_FOREHEAD, :2]) < 0:
        down = -down
    return EyeAxes((outer + inner) / 2, along, down, width)


def head_axes(mesh: FloatArray) -> FloatArray:
    """Unit vectors of the head, rows: to the viewer's right, down the face, away from the viewer."""
    across = np.sum([mesh[right] - mesh[left] for left, right in _ACROSS], axis=0)
    across /= np.linalg.norm(across)
    down = mesh[_CHIN] - mesh[_FOREHEAD]
    down = down - across * (across @ down)
    down /= np.linalg.norm(down)
    return np.stack([across, down, np.cross(across, down)])


@dataclass(frozen=True)
class Globe:
    """One eyeball that looks at the camera, projected into the crop, px.

    Attributes:
        center: (x, y) of the eyeball's centre and so of the iris.
        radius: of the eyeball.
        iris_radius: of the visible iris.
    """

    center: FloatArray
    radius: float
    iris_radius: float


def globes(mesh: FloatArray) -> dict[Side, Globe]:
    """Both eyeballs of a (478, 3) mesh, each looking at the camera.

    An eye that looks into the camera has its iris on the line of sight through the eyeball's centre,
    so the iris is seen where that centre projects: both eyes agree whatever the head's pose is.
    """
    axes = head_axes(mesh)
    middles = {side: _middle(mesh, side) for side in SIDES}
    spacing = float(np.linalg.norm(middles["right"] - middles["left"]))
    iris = _IRIS_RADIUS * (1 + _INFANT_IRIS_GAIN * _infancy(mesh, middles, axes, spacing)) * spacing
    found: dict[Side, Globe] = {}
    for side in SIDES:
        outward = -_GLOBE_OUTWARD if side == "left" else _GLOBE_OUTWARD
        offset = np.array([outward, -_GLOBE_UP, _GLOBE_BEHIND]) * spacing
        center = middles[side] + offset @ axes
        found[side] = Globe(center[:2], _GLOBE_RADIUS * spacing, iris)
    return found


def _middle(mesh: FloatArray, side: Side) -> FloatArray:
    region = eye_mesh.eye_region(mesh, side)
    return np.asarray((region[eye_mesh.OUTER_CORNER] + region[eye_mesh.INNER_CORNER]) / 2)


def _infancy(mesh: FloatArray, middles: dict[Side, FloatArray], axes: FloatArray, spacing: float) -> float:
    """0 adult .. 1 infant, from how short the face is below the eyes."""
    chin = float((mesh[_CHIN] - (middles["left"] + middles["right"]) / 2) @ axes[1]) / spacing
    return float(np.clip((_ADULT_CHIN - chin) / (_ADULT_CHIN - _INFANT_CHIN), 0.0, 1.0))
