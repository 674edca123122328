"""Fitting an open eye under the brow that is there: the skin between, and how far the eye can open."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gen.app.src.open_shape import OPENNESS_RANGE, OpenEye, lid_above
from imaging import eye_mesh

FloatArray = NDArray[np.float64]

_LEAST_SKIN = 0.15
"""Between brow and upper lid, eye widths; 95 % of the labelled open eyes have 0.2 and more."""
_FLATTEST = 0.02
"""Eye widths of lid above the corner line from which an opening can be told."""


def missing_skin(eye: OpenEye) -> float:
    """Eye widths by which the brow would have to be higher for the eye to open wholly.

    Args:
        eye: placed in the target, with the target's brow; see `open_shapes`.
    """
    brow = _lower_edge(eye)
    gap = (lid_above(eye.region, brow[:, 0]) - brow[:, 1]) / eye.width
    return float(max(_LEAST_SKIN - gap.min(), 0.0))


def opening_below_brow(eye: OpenEye) -> float:
    """The greatest openness, of `OPENNESS_RANGE`, at which the upper lid keeps clear of the brow.

    Args:
        eye: as for `missing_skin`.
    """
    brow = _lower_edge(eye)
    ends = eye.region[[eye_mesh.OUTER_CORNER, eye_mesh.INNER_CORNER], :2]
    ends = ends[np.argsort(ends[:, 0])]
    corner_line = np.interp(brow[:, 0], ends[:, 0], ends[:, 1])
    rise = np.maximum(corner_line - lid_above(eye.region, brow[:, 0]), _FLATTEST * eye.width)
    room = corner_line - brow[:, 1] - _LEAST_SKIN * eye.width
    return float(np.clip((room / rise).min(), *OPENNESS_RANGE))


def _lower_edge(eye: OpenEye) -> FloatArray:
    """The brow's lower edge above the middle of the eye."""
    return eye.region[list(eye_mesh.BROW_EDGE)[1:-1], :2]
