"""Thin things in front of the lid: the rim of glasses, a strand of hair. They stay where they are."""

from __future__ import annotations

import cv2
import numpy as np

from gen.app.src.eye_box import blurred
from gen.app.src.eyeball.grid import EyeGrid, FloatArray, Plane
from gen.app.src.smoothing import normalised_blur
from imaging.colour import luminance

_THICKEST = 0.085
"""Wider structures are no rims, eye widths."""
_CONTRAST = 0.16
"""Least difference from the skin on both sides, relative to it, in square-root light; creases have less."""
_REACH = 0.58
"""A rim runs past both corners, beyond this |u| on either side; creases and strands of brow do not."""
_MEAN_THICKNESS = 0.095
"""Area over length of a rim, eye widths; patches of texture are thicker."""
_ABOVE_LINE = 0.09
"""Only what lies this far above the closed line is looked at: below there are lashes."""


def thin_foreground(picture: Plane, grid: EyeGrid, line: FloatArray, line_u: FloatArray) -> Plane:
    """Opacity of rims and strands that cross the lid, 0..1, shape (height, width); 0 where there are none.

    Args:
        picture: the box, linear RGB (height, width, 3).
        grid: of the box, one sample per pixel.
        line: v of the closed line at `line_u`.
    """
    width = grid.axes.width
    size = 2 * round(_THICKEST * width / 2) + 1
    none = np.zeros(grid.u.shape, np.float32)
    if size < 5:
        return none
    level = np.sqrt(np.maximum(luminance(np.asarray(picture, np.float32)), 0.0))
    element = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
    dark = cv2.morphologyEx(level, cv2.MORPH_BLACKHAT, element)
    bright = cv2.morphologyEx(level, cv2.MORPH_TOPHAT, element)
    skin = cv2.medianBlur((level * 255).clip(0, 255).astype(np.uint8), size | 1) / 255.0
    above = grid.v < np.interp(grid.u, line_u, line) - _ABOVE_LINE
    thin = (np.maximum(dark, bright) > _CONTRAST * np.maximum(skin, 0.1)) & above
    count, labels = cv2.connectedComponents(thin.astype(np.uint8))
    kept = none.copy()
    for label in range(1, count):
        part = labels == label
        u = grid.u[part]
        thickness = part.sum() * grid.pixel**2 / max(float(u.max() - u.min()), grid.pixel)
        if u.min() < -_REACH and u.max() > _REACH and thickness < _MEAN_THICKNESS:
            kept[part] = 1.0
    if not kept.any():
        return none
    return blurred(np.asarray(cv2.dilate(kept, np.ones((3, 3), np.uint8)), np.float32), 0.6)


def behind(picture: Plane, foreground: Plane, width: float) -> Plane:
    """The picture without its foreground, filled with the skin on both sides.

    Args:
        foreground: opacity, 0..1. width: of the eye, px.
    """
    skin = normalised_blur(
        np.asarray(picture, np.float32), np.asarray(1.0 - np.ceil(foreground), np.float32), 0.04 * width
    )
    return picture * (1.0 - foreground[..., None]) + skin * foreground[..., None]
