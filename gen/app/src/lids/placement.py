"""Where each eye will be open: margins, eyeball and gaze, so that both eyes belong to one look."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from contracts.face import Side
from gen.app.src.eyeball.anatomy import EyeAxes, Globe, eye_axes, globes, opened_axes
from gen.app.src.eyeball.aperture import (
    Aperture,
    iris_height,
    open_aperture,
    opening_height,
    squeezed_openness,
)
from gen.app.src.lids.closed_line import closed_line
from gen.app.src.lids.motion import lid_ceiling
from imaging import eye_mesh

FloatArray = NDArray[np.float64]

_INWARDS = 0.022
"""How far both irises are moved towards the nose, eye widths. Drawn ones, read again, lie 0.018 farther out
than those of open eyes do (50 faces against 39); of what they are moved, a third is read."""
_OPEN_SPACING = 0.97
"""Open eyes are less far apart than the mesh puts them closed; sizes are told by that distance."""
_SHARED_HEIGHT = 0.7
"""Share of the opening's height that both eyes have in common; the rest is each eye's own."""
_FOLLOW_HEIGHT = 0.65
"""Share that a winking eye takes over from the height of the eye that is open."""
_SIDEWAYS_LIMIT = 0.8
"""A gaze farther than this from the camera, in iris radii, is not followed: the mesh is then unsure."""


@dataclass(frozen=True)
class OpenEyePlan:
    """One eye as it will be: `line` is v of the closed line at `aperture.u`; `ceiling` see `lid_ceiling`."""

    side: Side
    axes: EyeAxes
    globe: Globe
    line: FloatArray
    aperture: Aperture
    ceiling: float

    @property
    def upper_margin(self) -> FloatArray:
        """Crop px, shape (n, 2)."""
        return self.axes.to_crop(np.stack([self.aperture.u, self.aperture.upper], axis=-1))

    @property
    def lower_margin(self) -> FloatArray:
        """Crop px, shape (n, 2)."""
        return self.axes.to_crop(np.stack([self.aperture.u, self.aperture.lower], axis=-1))

    @property
    def outline(self) -> FloatArray:
        """The opening, crop px, shape (n, 2)."""
        return np.concatenate([self.upper_margin, self.lower_margin[::-1]])


def plan_eyes(
    linear_luminance: NDArray[np.float32],
    mesh: FloatArray,
    sides: Sequence[Side],
    other: Side | None,
    openness: float,
    expression: float = 1.0,
) -> dict[Side, OpenEyePlan]:
    """Plans for the eyes to open.

    Args:
        linear_luminance: whole crop, (height, width).
        other: the eye that is open already, to be matched in gaze, size and height; None where none is.
        openness: 1 relaxed.
        expression: height that the face's expression gives its eyes, of an ordinary one's. An eye that
            is open already tells it better: then it is not asked.
    """
    placed = globes(mesh)
    axes = {side: opened_axes(mesh, side, winks=other is not None) for side in sides}
    for side in sides:  # the eyeball lies behind the middle of the corners
        moved = (
            axes[side].origin - eye_axes(mesh, side).origin + _INWARDS * axes[side].width * axes[side].along
        )
        placed[side] = replace(
            placed[side],
            center=placed[side].center + moved,
            radius=_OPEN_SPACING * placed[side].radius,
            iris_radius=_OPEN_SPACING * placed[side].iris_radius,
        )
    if other is not None:
        placed = _follow(placed, mesh, other)
    lines = {
        side: closed_line(linear_luminance, axes[side], eye_mesh.eye_region(mesh, side)) for side in sides
    }
    calm = {side: _own_height(lines[side], axes[side], placed[side]) for side in sides}
    narrowed = squeezed_openness(list(lines.values())) * (expression if other is None else 1.0)
    own = {side: narrowed * height for side, height in calm.items()}
    shared = float(np.mean(list(own.values())))
    heights = {side: _SHARED_HEIGHT * shared + (1 - _SHARED_HEIGHT) * own[side] for side in sides}
    if other is not None:
        seen = _open_height(mesh, other)
        heights = {side: _FOLLOW_HEIGHT * seen + (1 - _FOLLOW_HEIGHT) * own[side] for side in sides}
    return {
        side: _plan(
            side,
            mesh,
            axes[side],
            placed[side],
            lines[side],
            heights[side] * openness,
            narrowed=calm[side] - own[side],
        )
        for side in sides
    }


def _plan(
    side: Side,
    mesh: FloatArray,
    axes: EyeAxes,
    globe: Globe,
    line: FloatArray,
    height: float,
    narrowed: float,
) -> OpenEyePlan:
    u, v = axes.to_eye(globe.center)
    ceiling = lid_ceiling(axes, eye_mesh.eye_region(mesh, side))
    aperture = open_aperture(line, float(u), height / axes.width, ceiling, narrowed / axes.width)
    v = iris_height(aperture, float(u), float(v), globe.iris_radius / axes.width)
    globe = replace(globe, center=axes.to_crop(np.array([float(u), v])))
    return OpenEyePlan(side, axes, globe, line, aperture, ceiling)


def _own_height(line: FloatArray, axes: EyeAxes, globe: Globe) -> float:
    """Height of the opening in px that this eye's own closed line and eyeball ask for."""
    v = float(axes.to_eye(globe.center)[1])
    return opening_height(line, v, globe.iris_radius / axes.width) * axes.width


def _open_height(mesh: FloatArray, side: Side) -> float:
    """Height of an open eye in px: the greatest distance between facing points of its lids."""
    region = eye_mesh.eye_region(mesh, side)[:, :2]
    return float(np.linalg.norm(region[eye_mesh.UPPER_LID] - region[eye_mesh.LOWER_LID], axis=1).max())


def _follow(placed: Mapping[Side, Globe], mesh: FloatArray, other: Side) -> dict[Side, Globe]:
    """Eyeballs that look where the open eye looks, with its iris size."""
    iris = mesh[list(eye_mesh.IRIS[other]), :2]
    radius = float(np.linalg.norm(iris[1:] - iris[0], axis=1).mean())
    expected = placed[other].iris_radius
    radius = float(np.clip(radius, 0.85 * expected, 1.2 * expected))
    gaze = iris[0] - placed[other].center
    away = float(np.linalg.norm(gaze)) / radius
    if away > _SIDEWAYS_LIMIT:
        gaze = gaze * (_SIDEWAYS_LIMIT / away)
    return {
        side: replace(globe, center=globe.center + gaze, iris_radius=radius) for side, globe in placed.items()
    }
