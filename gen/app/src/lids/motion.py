"""Lifting the subject's own upper lid.

Works in a box of the crop, in linear light, in the eye's own frame (`anatomy.EyeAxes`: u from the
outer to the inner corner, v down, in eye widths).
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from gen.app.src.eyeball.anatomy import EyeAxes
from gen.app.src.eyeball.aperture import Aperture
from gen.app.src.eyeball.grid import EyeGrid, Plane
from imaging import eye_mesh

FloatArray = NDArray[np.float64]

_LIFT_POWER = 2.0
"""The lift fades with this power towards the brow: the crease moves by a fifth of it."""
_CLEARANCE = 0.030
"""The lifted skin starts this far above the closed line: the line is not smeared up, and the skin next
to it rolls in under the fold, as it does in life."""
_BEYOND_CORNER = 0.20
"""Beside the corners the lift fades over this length, eye widths."""


def lid_ceiling(axes: EyeAxes, region: FloatArray) -> float:
    """v above which the lid does not move: under the brow, over the middle of the eye.

    Args:
        region: (71, 3), the eye's mesh points, crop px.
    """
    under_brow = axes.to_eye(region[eye_mesh.SECOND_RING, :2])[10:15]
    return float(np.median(under_brow[:, 1]))


def lift_lid(picture: Plane, grid: EyeGrid, line: FloatArray, aperture: Aperture, ceiling: float) -> Plane:
    """The box with the upper lid drawn up: what lay just above the closed line lies on the open margin.

    Every point moves along v only, by the lift of its column times t^2, where t runs from 0 at the
    ceiling to 1 at the margin: the map cannot fold, is the identity at the ceiling and far beyond the
    corners, and moves the crease by a fifth. A thin-plate map through the same points folds where
    the brow is low.

    Args:
        picture: the box, linear RGB (height, width, 3).
        grid: of the box, one sample per pixel.
        line: v of the closed line at the aperture's u.
    """
    u, v = grid.u.astype(float), grid.v.astype(float)
    top = aperture.upper_at(u)
    t = np.clip((v - ceiling) / np.maximum(top - ceiling, 0.02), 0.0, 1.6)
    rise = line - aperture.upper
    # Far from the margin the skin does not know the kink at the corners.
    step = float(aperture.u[1] - aperture.u[0])
    wide_u = np.arange(-0.9, 0.9 + step / 2, step)
    beyond = np.clip((np.abs(wide_u) - 0.5) / _BEYOND_CORNER, 0.0, 1.0)
    wide = np.interp(wide_u, aperture.u, rise) * (1.0 - beyond * beyond * (3.0 - 2.0 * beyond))
    at_margin = np.interp(u, wide_u, np.maximum(wide - _CLEARANCE, 0.0))
    smooth = cv2.GaussianBlur(wide[None].astype(np.float32), (0, 0), 0.09 / step)[0]
    far = np.interp(u, wide_u, smooth, left=0.0, right=0.0)
    near = np.clip(t, 0.0, 1.0)
    source_v = v + (at_margin * near + far * (1.0 - near)) * t**_LIFT_POWER
    return np.maximum(grid.sample(picture, u, source_v, cv2.INTER_CUBIC), 0.0)
