"""Single lashes: how they stand, and how they are drawn."""

from __future__ import annotations

from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from gen.app.src.eyeball.aperture import Aperture
from gen.app.src.eyeball.grid import EyeGrid

FloatArray = NDArray[np.float64]

HAIR_WIDTH = 0.0066
"""Width of a lash at its root in eye widths: 0.19 mm, two or three that stick together."""
_POINTS = 8
_IN_LINE = 0.004
"""Eye widths above the margin at which upper lashes begin."""


def upper_lash(aperture: Aperture, root: float, length: float, lean: float) -> FloatArray:
    """Points of an upper lash in the eye's frame, shape (n, 2), from its root: first forward, then up.

    Args:
        root: u on the upper margin. length: as seen, eye widths.
        lean: its tip's way along the lid over that upwards; negative away from the nose.
    """
    t = np.linspace(0.0, 1.0, _POINTS)
    u = root + length * lean * (0.75 * t + 0.25 * t**2)
    rise = 0.10 * t + 0.80 * t**2 + 0.10 * t**3
    return np.stack([u, float(aperture.upper_at(np.array(root))) - _IN_LINE - length * rise], axis=-1)


def draw_hair(canvas: NDArray[np.uint8], grid: EyeGrid, points: FloatArray, width: float) -> None:
    """Draw one tapering hair, darkest at its root.

    Args:
        canvas: opacity 0..255, of the grid's shape; is drawn on.
        points: (n, 2), from root to tip, in the eye's frame.
        width: at the root, eye widths.
    """
    at = (grid.axes.to_crop(points) - grid.box.origin + 0.5) * grid.factor - 0.5
    pixels = np.round(at * 16).astype(int)
    thickness = width / grid.pixel
    for k, (a, b) in enumerate(pairwise(pixels)):
        taper = 1.0 - 0.8 * k / (len(pixels) - 1)
        wide = thickness * taper
        level = round(255 * min(1.0, wide) * (0.55 + 0.45 * taper))
        cv2.line(canvas, a.tolist(), b.tolist(), level, max(1, round(wide)), cv2.LINE_AA, 4)
