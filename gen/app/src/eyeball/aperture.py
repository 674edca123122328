"""The opening between the lids: both margins of an eye that will be open, in the eye's own frame.

Frame and unit: `anatomy.EyeAxes`: u from the outer corner (-0.5) to the inner (0.5), v down, in eye widths.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gen.app.src.eyeball.grid import Plane

FloatArray = NDArray[np.float64]

SAMPLES = 65
"""Points along a margin."""

# Median lid margins of 76 near-frontal open eyes (478-point mesh), each scaled to a height of 1.
_SHAPE_U = np.linspace(-0.5, 0.5, 21)
# fmt: off
_UPPER_SHAPE = np.array([
    0.0, 0.215, 0.411, 0.565, 0.698, 0.793, 0.870, 0.929, 0.970, 0.990, 1.0,
    0.997, 0.975, 0.922, 0.860, 0.785, 0.680, 0.543, 0.388, 0.211, 0.0])
_LOWER_SHAPE = np.array([
    0.0, 0.287, 0.540, 0.710, 0.837, 0.925, 0.980, 1.0, 0.995, 0.978, 0.945,
    0.884, 0.807, 0.727, 0.628, 0.521, 0.413, 0.311, 0.220, 0.125, 0.0])
# Median line of 26 closed eyes by the mesh, in the frame of their open corners; the dark line is 0.03 higher.
_CLOSED_SHAPE = np.array([
    0.108, 0.116, 0.120, 0.124, 0.124, 0.125, 0.124, 0.118, 0.112, 0.105, 0.094,
    0.081, 0.069, 0.055, 0.038, 0.021, 0.003, -0.013, -0.029, -0.041, -0.045])
# fmt: on

# In iris radii: where the margins cross the iris of a relaxed open eye. Medians of the same eyes are 0.63 and
# 0.81, but the mesh's lower margin runs on the lid; textbooks have the lid touch the limbus (1.0).
UPPER_ABOVE_IRIS, LOWER_BELOW_IRIS = 0.63, 0.88
_RELAXED_LOWER = 0.113
"""Depth of the lower margin of a relaxed open eye below the corner line, eye widths."""
_FOLLOWS_LINE = 0.5
"""Share by which the lower margin lies higher or lower where the closed line does."""
_LINE_MIDDLE, _OFFSET_LIMIT = 0.30, 0.07
"""Half width of the line's middle, and the most by which it is taken to be off, eye widths."""
_SQUEEZED_CLOSES = 0.15
"""Share of the height that raised cheeks (a closed line at or above the corners) take from the opening."""
_LOWER_LIDS_SHARE = 0.43
"""Share by which the lower lid follows where an expression narrows or widens an eye: slope of its depth on
the height in 38 faces with open eyes, correlation 0.82."""
_CEILING_SHARE = 0.64
"""The upper margin rises at most by this share of the way to the ceiling."""
_HEIGHT_LIMITS = (0.17, 0.46)
"""Least and greatest height of an opening at openness 1, eye widths; strong yaw narrows the width."""


@dataclass(frozen=True)
class Aperture:
    """Margins sampled at `u`, shape (SAMPLES,), ascending; v of the upper and of the lower margin."""

    u: FloatArray
    upper: FloatArray
    lower: FloatArray

    def upper_at(self, u: Plane) -> FloatArray:
        return np.interp(u, self.u, self.upper)

    def lower_at(self, u: Plane) -> FloatArray:
        return np.interp(u, self.u, self.lower)

    def height(self) -> float:
        """Greatest distance between the margins, eye widths."""
        return float((self.lower - self.upper).max())


def lower_margin(closed: FloatArray, rise: float = 0.0) -> FloatArray:
    """v of the lower margin of the open eye at SAMPLES equidistant u.

    It is a relaxed one: in pairs of photos its median is, to 0.01. Where the closed line lies higher or
    lower than usual, so does the lower lid.

    Args:
        closed: v of the closed line at those u.
        rise: how much higher than in a calm face its middle lies, eye widths.
    """
    depth = _RELAXED_LOWER + _FOLLOWS_LINE * line_offset(closed) - rise
    return np.asarray(depth * np.interp(np.linspace(-0.5, 0.5, SAMPLES), _SHAPE_U, _LOWER_SHAPE))


def line_offset(closed: FloatArray) -> float:
    """How much lower than usual the lids meet, eye widths; raised cheeks give negative values."""
    u = np.linspace(-0.5, 0.5, SAMPLES)
    lower = closed - np.interp(u, _SHAPE_U, _CLOSED_SHAPE)
    return float(np.clip(np.mean(lower[np.abs(u) < _LINE_MIDDLE]), -_OFFSET_LIMIT, _OFFSET_LIMIT))


def opening_height(closed: FloatArray, iris_v: float, iris_radius: float) -> float:
    """Height between the margins of the relaxed open eye at the iris, eye widths.

    Args:
        closed: v of the closed line at SAMPLES equidistant u.
        iris_v, iris_radius: the iris in the eye's frame.
    """
    u = np.linspace(-0.5, 0.5, SAMPLES)
    by_size = (UPPER_ABOVE_IRIS + LOWER_BELOW_IRIS) * iris_radius
    lower = float(np.interp(0.0, u, lower_margin(closed)))
    by_place = lower - (iris_v - UPPER_ABOVE_IRIS * iris_radius)
    height = 0.75 * by_size + 0.25 * by_place
    return float(np.clip(height, *_HEIGHT_LIMITS))


def squeezed_openness(closed: Sequence[FloatArray]) -> float:
    """Share of the opening that is left where the lids are pressed together from below, 0.85..1.

    Cheeks rise on both sides; a line that lies high in one eye alone is more often one misread.

    Args:
        closed: v of the closed line of each eye at SAMPLES equidistant u.
    """
    squeeze = min(float(np.clip(-(line_offset(line) + 0.01) / 0.06, 0.0, 1.0)) for line in closed)
    return 1.0 - _SQUEEZED_CLOSES * squeeze


def open_aperture(
    closed: FloatArray, iris_u: float, height: float, ceiling: float, narrowed: float = 0.0
) -> Aperture:
    """Margins of the eye when open; the upper one lies above the lower by the height of the opening.

    Args:
        closed: v of the closed line at SAMPLES equidistant u.
        iris_u: where across the eye the height is measured.
        ceiling: v under the brow; the upper margin leaves a part of the lid below it.
        narrowed: by how much the face's expression has made `height` less, eye widths.
    """
    u = np.linspace(-0.5, 0.5, SAMPLES)
    lower = lower_margin(closed, _LOWER_LIDS_SHARE * narrowed)
    shape = np.interp(u, _SHAPE_U, _UPPER_SHAPE)
    rise = (height - float(np.interp(iris_u, u, lower))) / float(np.interp(iris_u, u, shape))
    rise = min(rise, -_CEILING_SHARE * ceiling)
    upper = np.minimum(-rise * shape, lower)
    return Aperture(u, upper, np.maximum(lower, upper))


def iris_height(aperture: Aperture, iris_u: float, iris_v: float, iris_radius: float) -> float:
    """v of the iris centre, the anatomical one drawn into the opening.

    The mesh's pitch is uncertain by a few degrees, which moves the eyeball by a tenth of the eye; a
    relaxed eye never shows white above the iris, and hardly ever below.
    """
    top = float(aperture.upper_at(np.array(iris_u)))
    bottom = float(aperture.lower_at(np.array(iris_u)))
    expected = top + (bottom - top) * UPPER_ABOVE_IRIS / (UPPER_ABOVE_IRIS + LOWER_BELOW_IRIS)
    reach = 0.12 * iris_radius
    return float(np.clip(iris_v, expected - reach, expected + reach))
