"""A closed eye as it is found: its part of the crop, its lashes, what is in front of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gen.app.src.eye_box import Mask, box_around
from gen.app.src.eyeball.grid import EyeGrid, eye_grid, soft_step
from gen.app.src.in_front.eyeglasses import Rims
from gen.app.src.in_front.foreground import behind, thin_foreground
from gen.app.src.lids.lash_removal import LashField, erase_lashes
from gen.app.src.lids.placement import OpenEyePlan
from gen.app.src.lids.socket_shade import closed_corner_darkness
from imaging.colour import Image

_OUTER_REACH, _INNER_REACH, _LOWER_REACH = 1.0, 0.80, 0.55
"""How far the paint reaches beside and below the eye's middle, eye widths; lashes stand out at the side."""


@dataclass(frozen=True, eq=False)
class ClosedEye:
    """A closed eye in its box of the crop.

    Attributes:
        plan: how it will be open.
        grid: of the box, one sample per pixel.
        photo: the box, linear RGB.
        in_front: how far something thin, such as a frame, is in front of it, 0..1.
        lashes: what hangs from it, and the skin without that.
        corner_darkness: see `socket_shade.closed_corner_darkness`.
    """

    plan: OpenEyePlan
    grid: EyeGrid
    photo: Image
    in_front: Mask
    lashes: LashField
    corner_darkness: float

    @classmethod
    def of(cls, linear: Image, rims: Rims, plan: OpenEyePlan) -> ClosedEye:
        """What `plan` finds in a crop, linear RGB; rims: of the face's eyeglasses."""
        axes, line_u = plan.axes, plan.aperture.u
        sides = (-_OUTER_REACH, _INNER_REACH)
        reach = np.array([[u, v] for u in sides for v in (plan.ceiling, _LOWER_REACH)])
        box = box_around(axes.to_crop(reach), 0.06 * axes.width + 2, linear.shape[:2])
        grid = eye_grid(axes, box)
        photo = linear[box.slices]
        in_front = np.maximum(thin_foreground(photo, grid, plan.line, line_u), rims.in_box(plan.side, box))
        face = behind(photo, in_front, axes.width)
        lashes = erase_lashes(face, grid, plan.line, line_u)
        corner = closed_corner_darkness(face, grid, plan.line, line_u)
        return cls(plan, grid, photo, in_front, lashes, corner)

    def paint_share(self) -> Mask:
        """How far paint is taken, 0..1: it fades out before the box ends and under the brow."""
        u, v = self.grid.u, self.grid.v
        beside = soft_step(np.minimum(u + _OUTER_REACH, _INNER_REACH - u) - 0.05, 0.05)
        below = soft_step(_LOWER_REACH - 0.04 - v, 0.04)
        under_brow = soft_step(v - self.plan.ceiling + 0.02, 0.02)
        return np.asarray(beside * below * under_brow, np.float32)
