"""Moving the brows of a mesh onto the brows in the picture.

The mesh keeps the brows of both sides alike: where one is drawn down, as in a wink, and at heavy brows in
general, it lies above the hair by a tenth to a quarter of the eye's width.
"""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from contracts.face import SIDES, Side
from gen.app.src.eye_box import blurred
from gen.app.src.eyeball.anatomy import eye_axes
from gen.app.src.strategy import FaceView
from imaging import eye_mesh
from imaging.colour import luminance, to_linear

FloatArray = NDArray[np.float64]

_EDGE = 5
"""Points on each edge of `eye_mesh.BROW`."""
_HIGHEST, _LOWEST, _STEP = -0.06, 0.26, 0.02
"""Shifts that are tried for each end of the brow, eye widths; positive is down."""
_COLUMNS = np.linspace(1 / 12, 11 / 12, 11)
"""Share of the way from the outer to the inner end."""
_HEIGHTS = np.linspace(0.1, 0.9, 9)
"""Share of the way from the upper to the lower edge."""
_HOLD, _TILT = 5.0, 5.0
"""Cost of leaving the mesh's place, and of turning, per square eye width; gains are in units of the natural
logarithm of luminance. Of 47 labelled brows none was lost at 5; made-up lids attract the brow at 2."""
_DARKNESS_LIMITS = (-0.2, 1.5)
"""One black lash line must not outweigh a brow."""
_SKIN_ABOVE = 0.15
"""Forehead that a brow is compared with, eye widths above its upper edge."""
_CALM = 0.02
"""Blur of grain and single hairs, eye widths."""


def with_seen_brows(face: FaceView) -> FaceView:
    """The face with its brows' mesh points moved up or down to where the picture is darkest."""
    level = luminance(to_linear(face.crop))
    mesh = face.mesh.copy()
    for side in SIDES:
        axes = eye_axes(mesh, side)
        indices = [eye_mesh.EYE_REGION[side][k] for k in eye_mesh.BROW]
        brow = axes.to_eye(mesh[indices, :2])
        brow[:, 1] += np.interp(_along(), (0.0, 1.0), brow_shift(level, face.mesh, side))
        mesh[indices, :2] = axes.to_crop(brow)
    return replace(face, mesh=mesh)


def brow_shift(level: NDArray[np.float32], mesh: FloatArray, side: Side) -> tuple[float, float]:
    """How far below the mesh's place the outer and the inner end of a brow are seen, eye widths.

    Args:
        level: linear luminance of the crop, (height, width).
        mesh: (478, 3) in its frame.
    """
    axes = eye_axes(mesh, side)
    brow = axes.to_eye(eye_mesh.eye_region(mesh, side)[list(eye_mesh.BROW), :2])
    lower, upper = brow[:_EDGE], brow[_EDGE:][::-1]
    ends = np.linspace(0, 1, _EDGE)
    low, high = (
        np.stack([np.interp(_COLUMNS, ends, edge[:, k]) for k in (0, 1)], axis=-1) for edge in (lower, upper)
    )
    inside = high + (low - high) * _HEIGHTS[:, None, None]
    shifts = np.arange(_HIGHEST, _LOWEST + _STEP / 2, _STEP)
    calm = blurred(level, max(_CALM * axes.width, 0.5))

    def seen(points: FloatArray) -> FloatArray:
        at = axes.to_crop(points).astype(np.float32)
        border = cv2.BORDER_REPLICATE
        values = cv2.remap(calm, at[..., 0], at[..., 1], cv2.INTER_LINEAR, borderMode=border)
        return np.asarray(np.maximum(values, 1e-3), float)

    skin = float(np.median(seen(high - np.array([0.0, _SKIN_ABOVE]))[None]))
    levels = np.stack([seen(inside + np.array([0.0, shift])) for shift in shifts])
    darkness = np.clip(np.log(skin / levels), *_DARKNESS_LIMITS).mean(axis=1)  # (shifts, columns)
    outer, inner = (s.ravel() for s in np.meshgrid(shifts, shifts, indexing="ij"))
    there = outer[:, None] + (inner - outer)[:, None] * _COLUMNS
    position = (there - _HIGHEST) / _STEP
    first = np.clip(position.astype(int), 0, len(shifts) - 2)
    column = np.arange(len(_COLUMNS))
    gain = darkness[first, column] + (position - first) * (
        darkness[first + 1, column] - darkness[first, column]
    )
    cost = _HOLD * (outer**2 + inner**2) / 2 + _TILT * (outer - inner) ** 2
    best = int(np.argmax(gain.mean(axis=1) - cost))
    return float(outer[best]), float(inner[best])


def _along() -> FloatArray:
    """Where the points of `eye_mesh.BROW` lie, 0 at the outer end .. 1 at the inner one."""
    there = np.linspace(0, 1, _EDGE)
    return np.concatenate([there, there[::-1]])
