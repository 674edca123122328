"""How far the frames of glasses moved: strong edges around an eye, away from its lids, followed by flow."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from tests.quality.eye_measures import Mask, Picture, ellipse
from tests.quality.judging import EyeAxis

LIDS = (0.68, 0.42)
"""Semi-axes of the ellipse that holds lids and lashes, eye widths: what moves there may move."""
WIDEST = 120.0
"""Eye width at which the shift is looked for, px; larger pictures are reduced, and the shift scaled back."""
POINTS, LEAST_QUALITY = 150, 0.05
WINDOW = 0.12
"""Of the flow, eye widths."""
RETURN, LIKE = 0.5, 8.0
"""A point was followed when it is followed back to within so many px, and when what is around it differs by
so few 8-bit levels. The others lie on skin that was painted anew, where nothing moved but much changed."""
SHARE = 90
"""The percentile of all points that counts."""
LEAST_POINTS = 8


def frame_shift(before: Picture, after: Picture, axis: EyeAxis) -> float | None:
    """In px of the picture; None where there are too few edges to follow."""
    reach = int(1.4 * axis.width) + 2
    x, y = np.maximum(axis.middle.astype(int) - reach, 0)
    window = np.s_[y : y + 2 * reach, x : x + 2 * reach]
    scale = min(1.0, WIDEST / axis.width)
    first, second = (_grey(picture[window], scale) for picture in (before, after))
    local = EyeAxis((axis.middle - (x, y)) * scale, axis.along, axis.width * scale)
    around = ellipse(first.shape, local) & ~ellipse(first.shape, local, LIDS)
    points = _edges(first, around, local.width)
    if points is None or len(points) < LEAST_POINTS:
        return None
    size = max(7, 2 * round(WINDOW * local.width / 2) + 1)
    moved, unlike = _followed(first, second, points, size)
    back, _ = _followed(second, first, moved, size)
    same = (np.linalg.norm(back - points, axis=1) < RETURN) & (unlike < LIKE)
    shift = np.linalg.norm(moved - points, axis=1)[same]
    return float(np.percentile(shift, SHARE)) / scale if shift.size >= LEAST_POINTS else None


def _followed(
    one: NDArray[np.uint8], other: NDArray[np.uint8], points: NDArray[np.float32], size: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Where points (n, 2) went, and how unlike their surroundings are there, 8-bit levels."""
    moved, found, unlike = cv2.calcOpticalFlowPyrLK(
        one, other, points, np.zeros_like(points), winSize=(size, size), maxLevel=1
    )
    return np.asarray(moved, np.float32), np.where(found[:, 0] > 0, unlike[:, 0], np.inf).astype(np.float32)


def _edges(grey: NDArray[np.uint8], around: Mask, eye_width: float) -> NDArray[np.float32] | None:
    distance = max(2.0, 0.04 * eye_width)
    found = cv2.goodFeaturesToTrack(grey, POINTS, LEAST_QUALITY, distance, mask=around.astype(np.uint8))
    return None if found is None else np.asarray(found, np.float32).reshape(-1, 2)


def _grey(picture: Picture, scale: float) -> NDArray[np.uint8]:
    grey = cv2.cvtColor(np.ascontiguousarray(picture), cv2.COLOR_RGB2GRAY)
    return np.asarray(cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)
