"""Whether something hides the lids: dark lenses, or a reflection on clear ones."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from contracts.face import Side
from gen.app.src.eye_box import blurred, box_around, convex_hull, polygon_mask
from imaging import eye_mesh
from imaging.colour import Image, luminance, to_encoded

FloatArray = NDArray[np.float64]

_CHEEK: dict[Side, tuple[int, ...]] = {
    "left": (36, 50, 100, 101, 118, 119, 205),
    "right": (266, 280, 329, 330, 347, 348, 425),
}
"""Mesh points on the cheek below each eye."""
_DARKEST_LID = 0.18
"""Bright parts of the lids over the cheek, in linear light. Lids in deep shade have 0.3 and more, made-up
ones too; sunglasses let a tenth through, twice."""
_WHITE, _GLARE_SHARE = 0.96, 0.15
"""Encoded level from which a pixel is blown out, and the share of the lids from which it is a reflection."""
_BRIGHT_CHEEK = 0.80
"""Linear luminance from which the skin itself is blown out."""


def covered_eye(linear: Image, mesh: FloatArray, side: Side) -> str | None:
    """The reason in plain words why the lids of one eye cannot be seen, None where they can.

    Args:
        linear: crop in linear light. mesh: (478, 3) in its frame.
    """
    region = eye_mesh.eye_region(mesh, side)[:, :2]
    width = eye_mesh.eye_width(mesh, side)
    box = box_around(region[eye_mesh.FIRST_RING], 2.0, linear.shape[:2])
    lids = polygon_mask(convex_hull(region[eye_mesh.FIRST_RING]), box) > 0.5
    cheek = _cheek_level(linear, mesh, side, width)
    if not lids.any() or cheek is None:
        return None
    if float(np.quantile(luminance(linear[box.slices])[lids], 0.9)) < _DARKEST_LID * cheek:
        return f"something dark covers the {side} eye"
    blown = (to_encoded(linear[box.slices])[lids].min(axis=1) > _WHITE).mean()
    if blown > _GLARE_SHARE and cheek < _BRIGHT_CHEEK:
        return f"a reflection covers the {side} eye"
    return None


def _cheek_level(linear: Image, mesh: FloatArray, side: Side, width: float) -> float | None:
    """Median luminance of the cheek inside the crop."""
    points = mesh[list(_CHEEK[side]), :2].astype(np.float32)
    inside = np.all((points > 1) & (points < linear.shape[0] - 2), axis=1)
    if not inside.any():
        return None
    level = blurred(luminance(linear), 0.05 * width)
    x, y = points[inside].T
    return float(np.median(cv2.remap(level, x, y, cv2.INTER_LINEAR)))
