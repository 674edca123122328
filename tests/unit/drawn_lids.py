"""A closed eye on its own: frame, line, opening and skin, without a face around it."""

from __future__ import annotations

import cv2
import numpy as np

from gen.app.src.eye_box import box_around
from gen.app.src.eyeball.anatomy import EyeAxes
from gen.app.src.eyeball.aperture import SAMPLES, Aperture, open_aperture
from gen.app.src.eyeball.grid import EyeGrid, eye_grid
from tests.unit.synthetic_face import LINE_DEPTH, SKIN

U = np.linspace(-0.5, 0.5, SAMPLES)
LINE = LINE_DEPTH * (1 - (2 * U) ** 2)
CEILING = -0.55
WIDTH = 120.0


def axes_at(x: float = 150.0, y: float = 120.0, width: float = WIDTH, tilt: float = 0.0) -> EyeAxes:
    along = np.array([np.cos(tilt), np.sin(tilt)])
    return EyeAxes(np.array([x, y]), along, np.array([-along[1], along[0]]), width)


def grid_over(axes: EyeAxes, shape: tuple[int, int] = (240, 300)) -> EyeGrid:
    corners = np.array([[u, v] for u in (-0.8, 0.8) for v in (-0.6, 0.6)])
    return eye_grid(axes, box_around(axes.to_crop(corners), 2.0, shape))


def aperture() -> Aperture:
    return open_aperture(LINE, -0.03, 0.30, CEILING)


def plain_skin(grid: EyeGrid) -> np.ndarray:
    """Skin with fine texture and a gentle gradient."""
    rng = np.random.default_rng(1)
    texture = cv2.GaussianBlur(rng.standard_normal(grid.u.shape).astype(np.float32), (0, 0), 0.8)
    level = 1.0 + 0.02 * texture / texture.std() + 0.1 * grid.v
    return np.asarray(level[..., None] * SKIN, np.float32)
