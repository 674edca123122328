"""Where the lids of a closed eye meet: the mesh's line, drawn onto the dark line in the picture."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from gen.app.src.eyeball.anatomy import EyeAxes
from gen.app.src.eyeball.aperture import SAMPLES
from imaging import eye_mesh

FloatArray = NDArray[np.float64]

_REACH = 0.11
"""How far the line is looked for around the mesh's, eye widths."""
_STEP = 0.004
"""Resolution of the search, eye widths."""
_AHEAD, _ABOVE = 0.055, 0.05
"""The lid skin that the line is compared with: its distance above the line and its height, eye widths."""
_DARKNESS, _HOLD, _BEND = 4.0, 10.0, 45.0
"""Gain of darkness, cost of leaving the mesh's line (per square eye width), of bending (per square slope)."""


def closed_line(linear_luminance: NDArray[np.float32], axes: EyeAxes, region: FloatArray) -> FloatArray:
    """v of the closed lid line at SAMPLES equidistant u: the darkest smooth path near the mesh's line.

    The mesh is off by up to 0.05 eye widths; the line itself shows as dark under brighter lid skin.

    Args:
        linear_luminance: whole crop, (height, width).
        region: the 71 points of the eye, crop px.
    """
    u = np.linspace(-0.5, 0.5, SAMPLES)
    upper = _curve(axes, region[list(eye_mesh.UPPER_MARGIN), :2], u)
    lower = _curve(axes, region[list(eye_mesh.LOWER_MARGIN), :2], u)
    expected = 0.25 * upper + 0.75 * lower  # on closed eyes the mesh's upper margin is the worse one
    margin = _AHEAD + _ABOVE / 2
    offsets = np.arange(-_REACH - margin, _REACH + 1e-9, _STEP)
    points = axes.to_crop(np.stack(np.broadcast_arrays(u[None], expected[None] + offsets[:, None]), axis=-1))
    strip = cv2.remap(
        np.sqrt(np.maximum(linear_luminance, 0.0)),
        points[..., 0].astype(np.float32),
        points[..., 1].astype(np.float32),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    strip = cv2.GaussianBlur(strip, (0, 0), sigmaX=1.5, sigmaY=0.010 / _STEP)
    above = cv2.blur(np.roll(strip, round(_AHEAD / _STEP), axis=0), (1, round(_ABOVE / _STEP)))
    searched = offsets >= -_REACH
    offsets = offsets[searched]
    darker = ((above - strip) / np.maximum(above, 0.02))[searched]
    taper = np.clip((0.5 - np.abs(u)) / 0.12, 0.0, 1.0)  # the corners are the mesh's
    cost = (
        -_DARKNESS * np.clip(darker, -0.2, 0.5) * taper
        + _HOLD * (offsets[:, None] / (0.3 + 0.7 * taper)) ** 2
    )
    return expected + _smooth_path(cost, offsets) * np.sqrt(taper)


def _curve(axes: EyeAxes, points: FloatArray, u: FloatArray) -> FloatArray:
    """v of a polyline at u."""
    p = axes.to_eye(points)
    order = np.argsort(p[:, 0])
    return np.asarray(np.interp(u, p[order, 0], p[order, 1]))


def _smooth_path(cost: FloatArray, offsets: FloatArray) -> FloatArray:
    """Offsets along the cheapest path through the columns of `cost` (dynamic programming)."""
    rows, columns = cost.shape
    step = (offsets[:, None] - offsets[None, :]) * (columns - 1)
    bend = _BEND / columns * step**2
    total, back = cost[:, 0], np.zeros((rows, columns), int)
    for column in range(1, columns):
        reach = total[None, :] + bend
        back[:, column] = reach.argmin(axis=1)
        total = reach.min(axis=1) + cost[:, column]
    path = np.empty(columns, int)
    path[-1] = int(total.argmin())
    for column in range(columns - 1, 0, -1):
        path[column - 1] = back[path[column], column]
    smooth = cv2.GaussianBlur(offsets[path][None].astype(np.float32), (0, 0), 3.0)[0]
    return np.asarray(smooth, float)
