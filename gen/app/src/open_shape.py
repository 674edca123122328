"""Where the points of a closed eye would be if it were open.

An open eye, of the same person in another photo or the canonical one, is laid on the closed one by
a similarity in three dimensions through the points that blinking leaves in place. Head pose carries
over with it and no open target is needed.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gen.app.src.canonical_eye import OpenEye
from imaging import eye_mesh

FloatArray = NDArray[np.float64]

STABLE = np.r_[eye_mesh.OUTER_CORNER, eye_mesh.INNER_CORNER, 32:41, 48:71]
"""Points that a blink hardly moves: corners, lower half of the second ring, third ring and brow."""

SOURCE_SHARE = np.repeat([1.0, 0.6, 0.25, 0.0], [16, 16, 16, 23])
"""How far each point follows the open eye instead of staying: lids wholly, skin ever less."""

OPENNESS_RANGE = (0.5, 1.2)


def fit_similarity(source: FloatArray, target: FloatArray) -> tuple[FloatArray, float, FloatArray]:
    """Rotation R (3, 3), scale s and shift t with s * source @ R + t nearest to target, both (n, 3).

    Umeyama, "Least-squares estimation of transformation parameters between two point patterns", 1991.
    """
    source_mean, target_mean = source.mean(axis=0), target.mean(axis=0)
    a, b = source - source_mean, target - target_mean
    u, singular, vt = np.linalg.svd(a.T @ b)
    signs = np.array([1.0, 1.0, np.sign(np.linalg.det(u @ vt))])
    rotation = (u * signs) @ vt
    scale = float((singular * signs).sum() / (a**2).sum())
    return rotation, scale, target_mean - scale * source_mean @ rotation


def open_shape(
    source: OpenEye, target_region: FloatArray, openness: float = 1.0, *, stranger: bool = False
) -> OpenEye:
    """The opened eye in the target's frame.

    Args:
        source: an open eye of the same side (flip a mirrored one first), any scale and pose.
        target_region: (71, 3), the closed eye.
        openness: 1 opens as far as `source`; the lid opening scales with it about the corner line.
        stranger: `source` is another person's (the canonical) eye: the lower lid then stays near the
            target's own, and a raised cheek (smile, squint) narrows the opening.

    Returns:
        The 71 points opened, corners exactly the target's, and where the iris of a straight look lies.

    Raises:
        ValueError: openness out of `OPENNESS_RANGE`.
    """
    if not OPENNESS_RANGE[0] <= openness <= OPENNESS_RANGE[1]:
        raise ValueError(f"openness {openness} is outside of {OPENNESS_RANGE[0]}..{OPENNESS_RANGE[1]}")
    rotation, scale, shift = fit_similarity(source.region[STABLE], target_region[STABLE])

    def place(points: FloatArray) -> FloatArray:
        return np.asarray(scale * points @ rotation + shift, float)

    region = place(source.region)
    iris = place(source.iris)
    outer, inner = region[eye_mesh.OUTER_CORNER].copy(), region[eye_mesh.INNER_CORNER].copy()
    gap_outer = target_region[eye_mesh.OUTER_CORNER] - outer
    gap_inner = target_region[eye_mesh.INNER_CORNER] - inner

    def closed_up(points: FloatArray) -> FloatArray:
        """Spread what is missing at the corners linearly, so that they coincide."""
        axis = (inner - outer)[:2]
        along = np.clip((points[:, :2] - outer[:2]) @ axis / (axis @ axis), 0, 1)[:, None]
        return np.asarray(points + (1 - along) * gap_outer + along * gap_inner, float)

    region, iris = closed_up(region), closed_up(iris)
    factor = openness * (_cheek_narrowing(source.region, target_region) if stranger else 1.0)
    if stranger:
        region = _with_own_lower_lid(region, target_region)
    region[eye_mesh.CONTOUR] = _opened_by(region[eye_mesh.CONTOUR], factor)
    share = SOURCE_SHARE[:, None]
    region = share * region + (1 - share) * target_region
    region[[eye_mesh.OUTER_CORNER, eye_mesh.INNER_CORNER]] = target_region[
        [eye_mesh.OUTER_CORNER, eye_mesh.INNER_CORNER]
    ]
    return OpenEye(region, iris)


OWN_LOWER_LID = 0.5
"""How much of the target's own lower lid line stays when a stranger's eye shape is laid on it: closing
raises the lower lid a little, so neither the closed line nor the stranger's lid alone is right."""

NARROWING_RANGE = (0.65, 1.0)
"""A laughing eye keeps about two thirds of its opening; a relaxed one all of it."""


def _with_own_lower_lid(region: FloatArray, target_region: FloatArray) -> FloatArray:
    mixed = region.copy()
    lower = eye_mesh.LOWER_LID
    mixed[lower] = (1 - OWN_LOWER_LID) * region[lower] + OWN_LOWER_LID * target_region[lower]
    return mixed


def _cheek_height(region: FloatArray) -> float:
    """Distance from the corner line down to the third ring's lower arc, in eye widths."""
    outer, inner = region[eye_mesh.OUTER_CORNER], region[eye_mesh.INNER_CORNER]
    axis = (inner - outer) / np.linalg.norm(inner - outer)
    below = region[57:61] - outer
    away = below - (below @ axis)[:, None] * axis
    return float(np.linalg.norm(away, axis=1).mean() / np.linalg.norm(inner - outer))


def _cheek_narrowing(source_region: FloatArray, target_region: FloatArray) -> float:
    """How much less a face with raised cheeks opens its eyes, from the cheek's height under the eye."""
    ratio = _cheek_height(target_region) / _cheek_height(source_region)
    return float(np.clip(ratio, *NARROWING_RANGE))


def _opened_by(contour: FloatArray, factor: float) -> FloatArray:
    """Contour (16, 3) with its distance to the corner line scaled by `factor`."""
    outer, inner = contour[eye_mesh.OUTER_CORNER], contour[eye_mesh.INNER_CORNER]
    axis = inner - outer
    foot = outer + ((contour - outer) @ axis / (axis @ axis))[:, None] * axis
    return np.asarray(foot + factor * (contour - foot), float)
