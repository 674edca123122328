"""The supersampled pixels on which an eyeball is drawn, and the way back to crop pixels."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from gen.app.src.eye_box import Box
from gen.app.src.eyeball.anatomy import EyeAxes

FloatArray = NDArray[np.float64]
Plane = NDArray[np.floating]
"""Shape (height, width), or (height, width, 3) where said."""

DRAWN_WIDTH = 180
"""An eye is drawn at least this wide, px, then averaged down: edges and fibres stay smooth."""


@dataclass(frozen=True)
class EyeGrid:
    """Supersampled pixel centres of a box in the eye's frame.

    Attributes:
        axes: the eye's frame.
        u, v: eye coordinates, shape (height * factor, width * factor).
        factor: samples per crop pixel along each axis.
        pixel: size of one sample in eye widths.
    """

    axes: EyeAxes
    box: Box
    u: Plane
    v: Plane
    factor: int
    pixel: float

    def down(self, plane: Plane) -> Plane:
        """Average a drawn plane over crop pixels."""
        height, width = self.box.shape
        return np.asarray(cv2.resize(plane, (width, height), interpolation=cv2.INTER_AREA))

    def sample(
        self, plane: Plane, u: FloatArray, v: FloatArray, interpolation: int = cv2.INTER_LINEAR
    ) -> Plane:
        """A plane of the box, at crop pixels, read at eye coordinates; beyond the box its border repeats."""
        at = (self.axes.to_crop(np.stack([u, v], axis=-1)) - self.box.origin).astype(np.float32)
        return np.asarray(
            cv2.remap(plane, at[..., 0], at[..., 1], interpolation, borderMode=cv2.BORDER_REPLICATE)
        )


def drawing_grid(axes: EyeAxes, box: Box) -> EyeGrid:
    """The supersampled grid for drawing in a box."""
    return eye_grid(axes, box, int(np.clip(np.ceil(DRAWN_WIDTH / axes.width), 1, 12)))


def eye_grid(axes: EyeAxes, box: Box, factor: int = 1) -> EyeGrid:
    """The grid of a box with `factor` samples per crop pixel along each axis."""
    height, width = box.shape
    x = box.x1 + (np.arange(width * factor) + 0.5) / factor - 0.5
    y = box.y1 + (np.arange(height * factor) + 0.5) / factor - 0.5
    dx, dy = (x - axes.origin[0]) / axes.width, (y - axes.origin[1]) / axes.width
    u = dx[None, :] * axes.along[0] + dy[:, None] * axes.along[1]
    v = dx[None, :] * axes.down[0] + dy[:, None] * axes.down[1]
    return EyeGrid(axes, box, u.astype(np.float32), v.astype(np.float32), factor, 1.0 / (factor * axes.width))


def soft_step(distance: Plane, width: float | Plane) -> Plane:
    """0 below -width, 1 above +width, smooth between."""
    t = np.clip(distance / (2.0 * width) + 0.5, 0.0, 1.0)
    return np.asarray(t * t * (3.0 - 2.0 * t), np.float32)


def smooth_noise(
    shape: tuple[int, int], cells: tuple[int, int], octaves: int, rng: np.random.Generator
) -> Plane:
    """Fractal noise of mean about 0 and standard deviation about 1; `cells` of the coarsest octave."""
    total = np.zeros(shape, np.float32)
    power = 0.0
    for octave in range(octaves):
        rows, columns = cells[0] * 2**octave + 1, cells[1] * 2**octave + 1
        table = rng.standard_normal((rows, columns)).astype(np.float32)
        total += 0.6**octave * cv2.resize(table, shape[::-1], interpolation=cv2.INTER_CUBIC)
        power += 0.36**octave
    return np.asarray(total / np.sqrt(power), np.float32)
