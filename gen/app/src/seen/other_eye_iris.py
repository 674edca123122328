"""Giving a drawn iris the very colour that the person's other iris shows, in the light of its own side."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from contracts.face import Side
from gen.app.src.eye_box import Box, blurred, box_around
from gen.app.src.lids.placement import OpenEyePlan
from gen.app.src.seen.iris_colour import seen_iris
from gen.app.src.seen.other_eye_tone import LIGHT_SHARE, skin_level
from imaging import eye_mesh
from imaging.colour import LUMINANCE, Image, luminance

FloatArray = NDArray[np.float64]

_LIMITS = (0.4, 2.5)
"""Of the change of a channel; more than that is a highlight or a lid's shadow that was measured."""
_ALIKE = 1.2
"""Natural logarithm of luminance, off the iris' middle tone, at which half the change is made: pupil, limbus
and catchlight have tones of their own."""
_EDGE = 0.08
"""Blur of the disc's edge, iris radii."""


def with_iris_of(
    painted: Image, linear: Image, mesh: FloatArray, plan: OpenEyePlan, other: Side
) -> tuple[Box, Image]:
    """The drawn iris with the colour of the open eye's, in a box of the crop.

    Args:
        painted: the crop with the drawn eye, linear RGB.
        linear: the crop as it was.
        mesh: (478, 3) in its frame.
        plan: of the drawn eye.
        other: the open eye.
    """
    centre, radius = plan.globe.center, plan.globe.iris_radius
    box = box_around(centre[None], radius + 3, painted.shape[:2])
    view = painted[box.slices]
    wanted = _shown_by(linear, mesh, other)
    present = seen_iris(painted, centre, radius, plan.upper_margin, plan.lower_margin)
    if wanted is None or present is None:
        return box, view
    light = skin_level(linear, mesh, plan.side) / skin_level(linear, mesh, other)
    change = np.clip(wanted * light**LIGHT_SHARE / np.maximum(present, 1e-4), *_LIMITS)
    x, y = box.grid()
    disc = (np.hypot(x - centre[0], y - centre[1]) < radius).astype(np.float32)
    off = np.log(np.maximum(luminance(view), 1e-4) / max(float(present @ LUMINANCE), 1e-4))
    share = blurred(disc, _EDGE * radius) / (1 + (off / _ALIKE) ** 4)
    return box, np.asarray(view * (1 + (change - 1) * share[..., None]), np.float32)


def _shown_by(linear: Image, mesh: FloatArray, side: Side) -> FloatArray | None:
    iris = mesh[list(eye_mesh.IRIS[side]), :2]
    radius = float(np.linalg.norm(iris[1:] - iris[0], axis=1).mean())
    lids = eye_mesh.eye_region(mesh, side)[:, :2]
    margins = (lids[list(margin)] for margin in (eye_mesh.UPPER_MARGIN, eye_mesh.LOWER_MARGIN))
    return seen_iris(linear, iris[0], radius, *margins)
