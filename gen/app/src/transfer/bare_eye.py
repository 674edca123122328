"""A closed eye without its lashes: what an eye that is carried over it is laid upon."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from contracts.face import Side
from gen.app.src.eye_box import Box, Mask, blurred, grown
from gen.app.src.eyeball.anatomy import eye_axes
from gen.app.src.eyeball.grid import eye_grid
from gen.app.src.lids.closed_line import closed_line
from gen.app.src.lids.lash_removal import erase_lashes
from gen.app.src.seen.lid_lines import settled
from gen.app.src.transfer.masks import inside_box
from imaging import eye_mesh
from imaging.colour import Image, luminance, to_encoded, to_linear

FloatArray = NDArray[np.float64]

_LINE, _CHANGED = 0.02, 0.02
"""Half the thickness of a lid line, eye widths; encoded level from which a lash was taken off."""
_FEATHER = 0.06
"""Eye widths around such places in which the paint fades out."""


@dataclass(frozen=True)
class BareEye:
    """The closed eye without its lashes.

    Attributes:
        skin: the box, sRGB-encoded.
        line: outline of the lid line, (n, 2), crop px.
        changed: where lashes were taken off, 0..1.
    """

    skin: Image
    line: FloatArray
    changed: Mask

    @classmethod
    def of(cls, mesh: FloatArray, side: Side, picture: Image, box: Box) -> BareEye:
        """Args: mesh: (478, 3), crop px. picture: `box` of the crop, sRGB-encoded."""
        axes = eye_axes(mesh, side)
        linear = to_linear(picture)
        level, in_box = luminance(linear), replace(axes, origin=axes.origin - box.origin)
        region = settled(level, in_box, eye_mesh.eye_region(mesh, side)[:, :2] - box.origin)
        v = closed_line(level, in_box, region)
        u = np.linspace(-0.5, 0.5, len(v))
        skin = to_encoded(erase_lashes(linear, eye_grid(axes, box), v, u).skin)
        points = [np.stack([u, v + half], axis=-1) for half in (-_LINE, _LINE)]
        line = axes.to_crop(np.concatenate([points[0], points[1][::-1]]))
        changed = (np.abs(skin - picture).max(axis=2) > _CHANGED).astype(np.float32)
        feather = _FEATHER * axes.width
        return cls(skin, line, blurred(grown(changed, feather), feather / 2) * inside_box(box, feather))
