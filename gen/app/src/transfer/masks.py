"""Which parts of a carried eye count for what: skin to compare, the eye, what is pasted and how far."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gen.app.src.eye_box import Box, Mask, blurred, convex_hull, grown, polygon_mask
from gen.app.src.open_shape import OpenEye
from imaging import eye_mesh

FloatArray = NDArray[np.float64]

# Lengths in eye widths.
_LID_GROWTH = 0.12
"""Lids, lashes and the shadow line beside them are no skin."""
_BEHIND_GLASSES = 0.06
"""What is taken around an eye behind glasses: its lash lines, no more, for rims come close."""
_BROW_GROWTH = 0.06
"""Hairs of a brow beyond the mesh's outline of it."""
_RING = (-0.10, 0.30)
"""Skin that both pictures show: from inside of the painted region to well outside of it."""
_MASK_GROWTH, _MASK_FEATHER = -0.03, 0.06
_CORE = -0.15
"""From here inwards only the source counts: no dark lash of the closed eye gets through the blend."""
_APERTURE_FEATHER = 0.02
_ALPHA_GROWTH, _ALPHA_FEATHER = 0.16, 0.06
"""Outside of the mask the blend still mixes the coarse levels; the paint reaches as far as they do."""


@dataclass(frozen=True)
class TransferMasks:
    """Masks of one box, each (height, width), 0..1.

    Attributes:
        skin: bare skin that both pictures show.
        aperture: between the open lids.
        core: where nothing of the closed eye is left under the paint.
        paste: what is blended in.
        alpha: how far the result is taken.
    """

    skin: Mask
    aperture: Mask
    core: Mask
    paste: Mask
    alpha: Mask


def transfer_masks(
    opened: OpenEye,
    closed: FloatArray,
    line: FloatArray,
    mesh: FloatArray,
    box: Box,
    source_face: Mask,
    glasses: bool = False,
) -> TransferMasks:
    """The masks of an eye that is carried over.

    Args:
        opened: the open eye in the target's crop.
        closed: (71, >= 2), the target's eye region; line: outline of its lid line, (n, 2).
        mesh: (478, 3) of the target.
        source_face: where the source shows its own face, in the box.
        glasses: rims stand around the eye: only the eye is taken, for the source's rims lie elsewhere.
    """
    width = opened.width
    aperture = polygon_mask(opened.region[list(eye_mesh.POLYGON)], box)
    eyes = np.maximum(aperture, polygon_mask(line, box))
    lids = grown(eyes, max(2.0, _LID_GROWTH * width))
    rings = [region[eye_mesh.SECOND_RING, :2] for region in (opened.region, closed)]
    hull = polygon_mask(convex_hull(np.vstack([*rings, line])), box)
    ring = grown(hull, _RING[1] * width) - grown(hull, _RING[0] * width)
    face = polygon_mask(convex_hull(mesh[: eye_mesh.IRIS["left"][0]]), box) * source_face
    brow = grown(polygon_mask(closed[list(eye_mesh.BROW)], box), _BROW_GROWTH * width)
    # The eye itself is always taken; beside it only skin, never the background of the source.
    eye = blurred(lids, _MASK_FEATHER * width)
    around = blurred(grown(hull, _MASK_GROWTH * width), _MASK_FEATHER * width)
    within = blurred(grown(hull, _CORE * width), _MASK_FEATHER * width)
    if glasses:
        eye = around = within = blurred(grown(eyes, _BEHIND_GLASSES * width), _BEHIND_GLASSES / 2 * width)
    there = np.maximum(source_face, eye)
    alpha = blurred(grown(hull, _ALPHA_GROWTH * width), _ALPHA_FEATHER * width)
    return TransferMasks(
        skin=np.clip(ring, 0, 1) * (1 - lids) * (1 - brow) * face,
        aperture=blurred(aperture, _APERTURE_FEATHER * width),
        core=np.maximum(within, eye) * there,
        paste=around * there,
        alpha=alpha * inside_box(box, _ALPHA_FEATHER * width),
    )


def inside_box(box: Box, feather: float) -> Mask:
    """1 in the middle of the box, 0 on its border."""
    height, width = box.shape
    x = np.minimum(np.arange(width), np.arange(width)[::-1])
    y = np.minimum(np.arange(height), np.arange(height)[::-1])
    return np.clip(np.minimum.outer(y, x) / max(2 * feather, 1.0), 0, 1).astype(np.float32)
