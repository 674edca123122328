"""Closes an open eye by moving the person's own skin: the opposite of what the product does.

For samples and for tests that need the truth: close the eye of an open portrait, let the product open
it, compare with the original. Needs NumPy, SciPy and OpenCV.
"""

from __future__ import annotations

from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator, RBFInterpolator

from imaging.eye_mesh import (
    FIRST_RING_LOWER,
    FIRST_RING_UPPER,
    INNER_CORNER,
    LOWER_MARGIN,
    OUTER_CORNER,
    SECOND_RING,
    THIRD_RING,
    UPPER_MARGIN,
)

Picture = NDArray[np.float32]
Points = NDArray[np.float64]

LidSkin = Literal["above", "below"]

REACH = 1.25
"""Radius around the eye beyond which nothing moves, in eye widths."""
SUPERSAMPLING = 4
MAP_STEP = 8
"""The warp is smooth: it is solved on every eighth supersampled pixel and interpolated between."""
LINE_HEIGHT = 0.12
"""The lids meet near the lower lid: 0 on its open margin, 1 on the upper lid's."""
OUTER_SINK = 0.07
"""A closing lid draws the outer corner down by this much, in eye widths."""
FOLLOW = {"first": 0.75, "second": 0.45, "third": 0.12}
"""How far the rings above the upper lid go along with it, as a share of its way."""
FEATHER = 0.02
"""Half the width of the passage from upper to lower lid, in eye widths."""
CLEARANCE = 0.06
"""The lower lid is taken from this far below its margin, so that no wet line is left, in eye widths."""
TEAR_DUCT = (0.4, 0.75)
TEAR_DUCT_CLEARANCE = 0.1
"""From the first to the second place along the eye the upper lid is taken from up to this far above its
margin, in eye widths: the mesh cuts through the tear duct, which must not be left over."""
LASH_LINE = 0.022
"""Standard deviation of the lash line that is drawn where the lid's own did not come along, eye widths."""
LASH_OPACITY = 0.55
LASH_TINT = np.array([0.85, 1.0, 1.0])
"""Lashes are brown before they are grey."""

_OUTER_FIRST_RING = (FIRST_RING_LOWER.start,)


class EyeFrame:
    """Coordinates of one eye: `along` from the outer to the inner corner, `down` across, in eye widths."""

    def __init__(self, region: Points) -> None:
        self.origin, inner = region[OUTER_CORNER], region[INNER_CORNER]
        self.width = float(np.linalg.norm(inner - self.origin))
        self.along = (inner - self.origin) / self.width
        down = np.array([-self.along[1], self.along[0]])
        self.down = down if down[1] > 0 else -down
        self.center = (self.origin + inner) / 2

    def of(self, points: NDArray[np.floating]) -> NDArray[np.float64]:
        """Photo pixels (..., 2) to (along, down)."""
        offset = np.asarray(points, float) - self.origin
        return np.stack([offset @ self.along, offset @ self.down], -1) / self.width

    def pixels(self, along: NDArray[np.floating], down: NDArray[np.floating]) -> NDArray[np.float64]:
        """(along, down) to photo pixels (..., 2)."""
        offset = along[..., None] * self.along + down[..., None] * self.down
        return np.asarray(self.origin + self.width * offset, float)


def close_eye(picture: Picture, region: Points, skin: LidSkin = "above") -> Picture:
    """A copy of `picture` with one eye closed.

    Args:
        picture: RGB float32 0..1, shape (height, width, 3).
        region: the 71 mesh points of the eye (imaging.eye_mesh), shape (71, 2), px.
        skin: where the skin of the closed lid comes from: "above" pulls the upper lid down, "below" mirrors
            the lower lid, for eyes whose upper lid is hidden under a brow or behind a frame.

    Raises:
        ValueError: the eye is less than `REACH` eye widths from the picture's border.
    """
    frame = EyeFrame(region)
    upper, lower = region[list(UPPER_MARGIN)], region[list(LOWER_MARGIN)]
    line = closed_line(frame, upper, lower)
    half = int(np.ceil(REACH * frame.width)) + 1
    left, top = (np.floor(frame.center) - half).astype(int)
    if min(left, top) < 0 or left + 2 * half > picture.shape[1] or top + 2 * half > picture.shape[0]:
        raise ValueError("the eye is too near to the border of the picture")
    grid = _supersampled_grid(left, top, 2 * half)
    below_line = _below(grid, frame, line)
    if skin == "above":
        closed = _pulled_down(picture, grid, frame, region, line)
    else:
        closed = _mirrored(picture, grid, frame, below_line, upper)
    closed = _mix(closed, _lower_lid(picture, grid, frame, region, line), _step(below_line / FEATHER))
    if skin == "below":
        closed = _draw_lash_line(closed, frame.of(grid)[..., 0], below_line)
    change = (closed - _sample(picture, grid)).astype(np.float32)  # only the change: the rest stays exact
    result = picture.copy()
    result[top : top + 2 * half, left : left + 2 * half] += cv2.resize(
        change, (2 * half, 2 * half), interpolation=cv2.INTER_AREA
    )
    return np.asarray(np.clip(result, 0.0, 1.0), np.float32)


def closed_line(frame: EyeFrame, upper: Points, lower: Points) -> Points:
    """Where the lids meet, nine points from the outer to the inner corner: a flat arc, its outer end sunk."""
    along = frame.of(lower + LINE_HEIGHT * (upper - lower))[:, 0]
    sag = (1 - LINE_HEIGHT) * frame.of(lower)[:, 1].max()
    start, end = along[0], along[-1]
    t = (along - start) / (end - start)
    return frame.pixels(along, OUTER_SINK * (1 - t) + (sag - OUTER_SINK / 2) * 4 * t * (1 - t))


def _supersampled_grid(left: int, top: int, size: int) -> NDArray[np.float64]:
    """Photo coordinates of every supersampled pixel of a square, shape (n, n, 2)."""
    steps = (np.arange(size * SUPERSAMPLING) + 0.5) / SUPERSAMPLING - 0.5
    x, y = np.meshgrid(left + steps, top + steps)
    return np.stack([x, y], -1)


def _below(grid: NDArray[np.float64], frame: EyeFrame, line: Points) -> NDArray[np.float64]:
    """How far each pixel lies below the closed line, in eye widths; the line goes on straight outside."""
    along, down = frame.of(line).T
    order = np.argsort(along)
    curve = PchipInterpolator(along[order], down[order])
    position = frame.of(grid)
    inside = np.clip(position[..., 0], along.min(), along.max())
    return np.asarray(position[..., 1] - curve(inside), float)


def _pulled_down(
    picture: Picture, grid: NDArray[np.float64], frame: EyeFrame, region: Points, line: Points
) -> Picture:
    """The upper lid, lash line and all, on the closed line; the skin above follows in part."""
    upper = region[list(UPPER_MARGIN)]
    way, along_margin = line - upper, frame.of(upper)[:, 0]
    order = np.argsort(along_margin)

    def moved(points: Points, share: float) -> Points:
        along = frame.of(points)[:, 0]
        shift = [np.interp(along, along_margin[order], way[order, axis]) for axis in (0, 1)]
        return points + share * np.stack(shift, -1)

    rings = {
        "first": region[[*_OUTER_FIRST_RING, *range(FIRST_RING_UPPER.start, FIRST_RING_UPPER.stop)]],
        "second": _above(region[SECOND_RING], frame),
        "third": _above(region[THIRD_RING], frame),
    }
    towards_nose = np.clip((along_margin - TEAR_DUCT[0]) / (TEAR_DUCT[1] - TEAR_DUCT[0]), 0.0, 1.0)
    above_tear_duct = upper - TEAR_DUCT_CLEARANCE * frame.width * towards_nose[:, None] * frame.down
    sources = np.concatenate([above_tear_duct, *rings.values()])
    targets = np.concatenate([line, *(moved(points, FOLLOW[name]) for name, points in rings.items())])
    return _warp(picture, grid, frame, sources, targets)


def _lower_lid(
    picture: Picture, grid: NDArray[np.float64], frame: EyeFrame, region: Points, line: Points
) -> Picture:
    """The lower lid, raised to the closed line."""
    lower, ring = region[list(LOWER_MARGIN)], region[FIRST_RING_LOWER]
    clear = lower + CLEARANCE * frame.width * frame.down
    return _warp(
        picture, grid, frame, np.concatenate([clear, ring[1:-1]]), np.concatenate([line, ring[1:-1]])
    )


def _mirrored(
    picture: Picture,
    grid: NDArray[np.float64],
    frame: EyeFrame,
    below_line: NDArray[np.float64],
    upper: Points,
) -> Picture:
    """The aperture filled with the lower lid's skin, mirrored at the closed line; skin above stays."""
    position = frame.of(grid)
    source = frame.pixels(position[..., 0], position[..., 1] - 2 * below_line + CLEARANCE)
    filled = _sample(picture, source)
    own = _sample(picture, grid)
    below_margin = _below(grid, frame, upper)
    between_corners = _step((0.5 - np.abs(position[..., 0] - 0.5)) / FEATHER)
    weight = _step((below_margin + 2 * FEATHER) / (3 * FEATHER)) * (below_line < FEATHER) * between_corners
    return _mix(own, filled, weight)


def _draw_lash_line(picture: Picture, along: NDArray[np.float64], below_line: NDArray[np.float64]) -> Picture:
    """A soft dark line between the corners, thinning out towards them."""
    taper = np.clip(4 * along * (1 - along), 0.0, 1.0) ** 0.5
    shade = LASH_OPACITY * taper * np.exp(-0.5 * (below_line / LASH_LINE) ** 2)
    return np.asarray(picture * (1 - shade[..., None] * LASH_TINT), np.float32)


def _above(points: Points, frame: EyeFrame) -> Points:
    return points[frame.of(points)[:, 1] < -0.05]


def _warp(
    picture: Picture, grid: NDArray[np.float64], frame: EyeFrame, sources: Points, targets: Points
) -> Picture:
    """Thin-plate warp that brings `sources` to `targets` and leaves the edge of reach where it is."""
    angles = np.linspace(0.0, 2 * np.pi, 24, endpoint=False)
    pins = frame.center + REACH * frame.width * np.stack([np.cos(angles), np.sin(angles)], -1)
    at = np.concatenate([targets, pins])
    backward = RBFInterpolator(at, np.concatenate([sources, pins]) - at, kernel="thin_plate_spline")
    coarse = grid[::MAP_STEP, ::MAP_STEP]
    coarse_shift = backward(coarse.reshape(-1, 2)).reshape(coarse.shape).astype(np.float32)
    rows, columns = np.mgrid[: grid.shape[0], : grid.shape[1]].astype(np.float32) / MAP_STEP
    shift = cv2.remap(coarse_shift, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    inside = np.linalg.norm(grid - frame.center, axis=-1) < REACH * frame.width
    return _sample(picture, grid + shift * inside[..., None])


def _sample(picture: Picture, at: NDArray[np.float64]) -> Picture:
    x, y = np.moveaxis(at.astype(np.float32), -1, 0)
    sampled = cv2.remap(picture, x, y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)
    return sampled.astype(np.float32, copy=False)


def _step(value: NDArray[np.float64]) -> NDArray[np.float64]:
    """Smooth step from 0 at -1 to 1 at +1."""
    t = np.clip((value + 1) / 2, 0.0, 1.0)
    return np.asarray(t * t * (3 - 2 * t), float)


def _mix(a: Picture, b: Picture, weight: NDArray[np.float64]) -> Picture:
    return np.asarray(a + (b - a) * weight[..., None], np.float32)
