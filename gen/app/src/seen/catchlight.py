"""The catchlight of an open eye, measured, so that the other eye gets the same: both mirror one light."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from contracts.face import Side
from gen.app.src.eye_box import box_around, grown, polygon_mask
from gen.app.src.eyeball.catchlight import Catchlight
from imaging import eye_mesh
from imaging.colour import Image, luminance

FloatArray = NDArray[np.float64]

_SMALLEST_IRIS = 5.0
"""Radius in px from which a catchlight's place can be told."""
_WITHIN = 0.80
"""Iris radii; farther out the sclera shines in."""
_FROM_LIDS = 0.04
"""Eye widths from the lids, where tears shine."""
_STANDS_OUT = 4.0
"""Least ratio of its peak to the median of iris and pupil."""
_LARGEST_SHARE = 0.15
"""Of the iris; what is larger is a window's reflection on glasses, or a blown-out eye."""
_EDGE = 0.5
"""Share of the way from the median to the peak at which it ends."""
_HALF_SIZE_OF_SPREAD = 1.8
"""Half size of an evenly lit patch over the standard deviation of its pixels: between box and disc."""


def seen_catchlight(linear: Image, mesh: FloatArray, side: Side, drawn: Catchlight) -> Catchlight | None:
    """The brightest spot on an open eye's iris, None where there is none or too little is seen.

    Args:
        linear: crop in linear light. mesh: (478, 3) in its frame.
        drawn: gives the veil and the edge, which cannot be measured.
    """
    iris = mesh[list(eye_mesh.IRIS[side]), :2]
    radius = float(np.linalg.norm(iris[1:] - iris[0], axis=1).mean())
    if radius < _SMALLEST_IRIS:
        return None
    polygon = eye_mesh.eye_polygon(mesh, side)
    box = box_around(polygon, 1.0, linear.shape[:2])
    x, y = box.grid()
    x, y = (x - iris[0, 0]) / radius, (y - iris[0, 1]) / radius
    opening = grown(polygon_mask(polygon, box), -_FROM_LIDS * eye_mesh.eye_width(mesh, side)) > 0.9
    inside = opening & (np.hypot(x, y) < _WITHIN)
    if not inside.any():
        return None
    level = np.where(inside, luminance(linear[box.slices]), 0.0)
    usual, peak = float(np.median(level[inside])), float(level.max())
    if peak < _STANDS_OUT * usual:
        return None
    _, labels = cv2.connectedComponents((level > usual + _EDGE * (peak - usual)).astype(np.uint8))
    spot = labels == labels[np.unravel_index(int(level.argmax()), level.shape)]
    if spot.sum() > _LARGEST_SHARE * np.pi * radius**2:
        return None
    half_pixel = 0.29 / radius  # spread of a single pixel
    half_width, half_height = (
        _HALF_SIZE_OF_SPREAD * float(np.hypot(k[spot].std(), half_pixel)) for k in (x, y)
    )
    return replace(
        drawn,
        x=float(x[spot].mean()),
        y=float(y[spot].mean()),
        half_width=half_width,
        half_height=half_height,
        level=float(np.quantile(level[spot], 0.75)),
    )
