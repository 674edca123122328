"""Raising a brow that a wink draws down: an eye that opens lets go of it."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from contracts.face import Side
from gen.app.src.eye_box import Mask
from gen.app.src.eyeball.anatomy import eye_axes
from gen.app.src.strategy import FaceView, Painting
from imaging import eye_mesh

FloatArray = NDArray[np.float64]

MOST = 0.18
"""Eye widths that a brow is raised at most; more would show skin that the photo does not have."""
_FOREHEAD = 0.42
"""Height of the forehead that is pushed together above the brow, eye widths."""
_BESIDE = 0.35
"""Width of the fade beyond the ends of the brow, eye widths."""
_REACH = (1.1, 0.98)
"""Semi-axes of the ellipse around the eye inside of which the picture may move, eye widths."""
_STILL = 0.7
"""Share of these semi-axes from which it moves less."""
_SEEN = 0.02
"""px; what moves by less has not moved."""


def with_raised_brow(face: FaceView, side: Side, rise: float) -> FaceView:
    """The face with one brow, picture and mesh, `rise` eye widths higher; the lid's skin is stretched.

    Args:
        face: with its brow's points where the brow is seen; see `seen.brows`.
        rise: 0..MOST.
    """
    moved = _displacement(face, side, rise)
    axes = eye_axes(face.mesh, side)
    height, width = face.crop.shape[:2]
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    down = (moved * axes.down[:, None, None]).astype(np.float32)
    raised = cv2.remap(face.crop, x + down[0], y + down[1], cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    crop = np.where((moved > _SEEN)[..., None], np.clip(raised, 0, 1), face.crop).astype(np.float32)
    mesh = face.mesh.copy()
    brow = [eye_mesh.EYE_REGION[side][k] for k in eye_mesh.BROW]
    mesh[brow, :2] -= rise * axes.width * axes.down
    return replace(face, crop=crop, mesh=mesh)


def over_raised(painting: Painting, crop: NDArray[np.float32], raised: NDArray[np.float32]) -> Painting:
    """A painting made on `raised`, as one to be laid on `crop`."""
    moved: Mask = (raised != crop).any(axis=2).astype(np.float32)
    if not moved.any():
        return painting
    alpha = np.maximum(painting.alpha, moved)
    change = raised + (painting.painted - raised) * painting.alpha[..., None] - crop
    painted = crop + change / np.maximum(alpha, 1e-3)[..., None]
    return replace(painting, painted=np.clip(painted, 0, 1).astype(np.float32), alpha=alpha)


def _displacement(face: FaceView, side: Side, rise: float) -> NDArray[np.float32]:
    """How far below each pixel its new content lies, px, (height, width)."""
    axes = eye_axes(face.mesh, side)
    height, width = face.crop.shape[:2]
    y, x = np.mgrid[0:height, 0:width]
    u, v = np.moveaxis(axes.to_eye(np.stack([x, y], axis=-1)), -1, 0)
    brow = axes.to_eye(eye_mesh.eye_region(face.mesh, side)[list(eye_mesh.BROW), :2])
    edge = len(eye_mesh.BROW_EDGE)
    lower, upper = (part[np.argsort(part[:, 0])] for part in (brow[:edge], brow[edge:]))
    # The content at v comes from below: the brow's new place is `rise` above its old one.
    bottom = np.interp(u, lower[:, 0], lower[:, 1]) - rise
    top = np.interp(u, upper[:, 0], upper[:, 1]) - rise
    lid = np.maximum(-bottom, 2 * rise)  # from the brow down to the corner line, long enough not to fold
    below = _fade((v - bottom) / lid)
    above = _fade((top - v) / _FOREHEAD)
    beside = np.maximum(brow[:, 0].min() - u, u - brow[:, 0].max())
    inside = _fade((np.hypot(u / _REACH[0], v / _REACH[1]) - _STILL) / (1 - _STILL))
    return np.asarray(rise * axes.width * below * above * _fade(beside / _BESIDE) * inside, np.float32)


def _fade(t: FloatArray) -> FloatArray:
    """1 up to t = 0, 0 from t = 1, smooth."""
    t = np.clip(t, 0.0, 1.0)
    return 1 - t * t * (3 - 2 * t)
