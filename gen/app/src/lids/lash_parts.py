"""Which of the dark things around a closed line belong to it: what hangs together with it, and how far.

Masks of a box of the crop; `u` and `below` (v below the closed line) in eye widths, frame as in
`lash_removal`.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from gen.app.src.eyeball.grid import Plane, soft_step

BESIDE, HAIR_FROM = -0.56, -0.92
"""u from which on lashes stand out beside the eye, and beyond which something dark is hair or make-up."""
_ROOT = 0.06
"""What belongs to the line comes this near to it, eye widths."""
_JOIN, _LINER_JOIN = 0.012, 0.010
"""Gaps in a lash and in liner, by gloss or by compression, eye widths."""
_AMONG = 0.6
"""Down to this share of the lashes' reach everything dark is among them and counts as lash."""

_LINER_FROM, _LINER_ENDS = 0.40, (-0.86, 0.64)
"""|u| from which on liner is told from the lid's own line, and u between which it ends."""
_LINER_TOP, _LINER_BOTTOM = -0.26, 0.10
"""How far above and below the height of the closed line liner runs, eye widths."""
_LINER_MARGIN = 0.02
"""What comes so near to the ends of that area goes on beyond it, eye widths."""
_LID_LINER = -0.11
"""Above this, near the middle, begins what lies on the lid: shadow, crease."""

Dark = NDArray[np.bool_]


def hanging(dark: Dark, below: Plane, u: Plane, reach: Plane, width: float) -> tuple[Plane, bool]:
    """1 where what is dark may be lash, and whether it goes on beside the eye.

    Lashes hang from the line: freckles, wrinkles and frames below and beside it do not. What goes on
    beyond `HAIR_FROM` is hair or shadow, and then nothing beside the eye is taken.

    Args:
        dark: lashes, and what looks like them.
        reach: how far lashes hang down, eye widths.
    """
    joined, labels = _parts(dark, _JOIN * width)
    root = joined & (np.abs(below) < _ROOT) & (np.abs(u) < -BESIDE)
    at_line = _touched(labels, root)[labels]
    _, beside = _parts(dark & (u < BESIDE), 0.0)
    goes_on = bool(((u < HAIR_FROM) & (beside > 0) & at_line).any())
    among = soft_step(_AMONG * reach - below, 0.02) * soft_step(u - BESIDE, 0.02) * (below > -_ROOT)
    taken = np.maximum(at_line, among)
    if goes_on:
        taken = taken * (1.0 - soft_step(BESIDE + 0.04 - u, 0.10))
    return np.asarray(taken, np.float32), goes_on


@dataclass(frozen=True)
class Liner:
    """What the closed line goes on as beyond its corners: liner, smudge, the crease of the corner.

    Attributes:
        ends: where it ends near the corner.
        wing: it is drawn out far beside the outer corner.
    """

    ends: Dark
    wing: bool

    @classmethod
    def of(cls, dark: Dark, below: Plane, u: Plane, width: float) -> Liner:
        """Args: dark: what is as dark as liner."""
        outer, inner = _LINER_ENDS
        area = (np.abs(u) > _LINER_FROM) & (u > outer) & (u < inner)
        area &= (below > _LINER_TOP) & (below < _LINER_BOTTOM)
        joined, labels = _parts(dark & area, _LINER_JOIN * width)
        root = joined & (np.abs(below) < _ROOT) & (np.abs(u) < 0.48)
        far_out = u < outer + _LINER_MARGIN
        leaves = far_out | (u > inner - _LINER_MARGIN) | (below < _LINER_TOP + _LINER_MARGIN)
        leaves |= (np.abs(u) < _LINER_FROM + _LINER_MARGIN) & (below < _LID_LINER)
        rooted, leaving = _touched(labels, root), _touched(labels, joined & leaves)
        wing = bool((rooted & _touched(labels, joined & far_out)).any())
        return cls((rooted & ~leaving)[labels], wing)


def _parts(dark: Dark, join: float) -> tuple[Dark, NDArray[np.int32]]:
    """`dark` with gaps up to `join` px bridged, and the number of the part that each pixel belongs to."""
    size = 2 * round(join) + 1
    element = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
    joined = cv2.dilate(dark.astype(np.uint8), element)
    _, labels = cv2.connectedComponents(joined)
    return joined > 0, np.asarray(labels, np.int32)


def _touched(labels: NDArray[np.int32], where: Dark) -> Dark:
    """For each part's number, whether it has pixels there."""
    touched = np.zeros(int(labels.max()) + 1, bool)
    touched[labels[where]] = True
    return touched
