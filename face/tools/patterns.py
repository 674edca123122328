"""What a painter that failed leaves where an eye should be: noise, patterns, flat colour; none of it an eye.

All of it is made from numbers. Sizes are in eye widths, so that it scales with the face.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from contracts.face import Side
from face.app.src.picture_pyramid import FloatArray, Rgb8
from imaging.eye_mesh import corners

Texture = Callable[[tuple[int, int], float, np.random.Generator], FloatArray]
"""(height, width) in px, px of an eye width, randomness -> levels 0..1, shape (height, width, 3)."""

SHAPES = {"lids": (0.5, 0.2), "sockets": (0.62, 0.36), "whole": (0.95, 0.7)}
"""Semi-axes of what is painted over, eye widths."""
SOFT_EDGE = 0.03
"""Eye widths over which the paint fades into the skin."""


def smooth(cell: float, coloured: bool) -> Texture:
    """Random levels at points `cell` eye widths apart, smooth between; all of the range is used."""

    def made(shape: tuple[int, int], width: float, rng: np.random.Generator) -> FloatArray:
        points = [max(2, round(side / max(1.0, cell * width)) + 1) for side in shape]
        levels = rng.uniform(0, 1, (*points, 3 if coloured else 1))
        return _full_range(cv2.resize(levels, shape[::-1], interpolation=cv2.INTER_CUBIC))

    return made


def checked(cell: float, coloured: bool) -> Texture:
    def made(shape: tuple[int, int], width: float, rng: np.random.Generator) -> FloatArray:
        rows, columns = np.indices(shape) // max(1, round(cell * width))
        colours = rng.uniform(0, 1, (2, 3)) if coloured else np.array([[0.1] * 3, [0.9] * 3])
        return np.asarray(colours[(rows + columns) % 2], float)

    return made


def flat(*colour: float) -> Texture:
    """One colour; a random one where none is given."""

    def made(shape: tuple[int, int], _: float, rng: np.random.Generator) -> FloatArray:
        return np.broadcast_to(np.array(colour or rng.uniform(0, 1, 3)), (*shape, 3)).astype(float)

    return made


def striped(period: float, degrees: float) -> Texture:
    def made(shape: tuple[int, int], width: float, rng: np.random.Generator) -> FloatArray:
        rows, columns = np.indices(shape)
        across = columns * np.sin(np.radians(degrees)) + rows * np.cos(np.radians(degrees))
        wave = np.sin(2 * np.pi * (across / (period * width) + rng.uniform()))
        return np.repeat((0.5 + 0.4 * wave)[..., None], 3, axis=2) * rng.uniform(0.5, 1, 3)

    return made


def fractal(coloured: bool) -> Texture:
    """Marble: octaves of smooth noise, each of half the size and strength."""

    def made(shape: tuple[int, int], width: float, rng: np.random.Generator) -> FloatArray:
        octaves = [smooth(0.8 / 2**k, coloured)(shape, width, rng) / 2**k for k in range(5)]
        return _full_range(np.sum(octaves, axis=0))

    return made


TEXTURES: dict[str, Texture] = {
    "noise of pixels": smooth(0.0, True),
    "noise of 1/32": smooth(1 / 32, True),
    "noise of 1/16": smooth(1 / 16, True),
    "rainbow of 1/8": smooth(1 / 8, True),
    "rainbow of 1/4": smooth(1 / 4, True),
    "rainbow of 1/2": smooth(1 / 2, True),
    "rainbow of 1": smooth(1.0, True),
    "grey noise of 1/16": smooth(1 / 16, False),
    "grey noise of 1/8": smooth(1 / 8, False),
    "grey noise of 1/4": smooth(1 / 4, False),
    "grey noise of 1/2": smooth(1 / 2, False),
    "flat white": flat(0.95, 0.95, 0.95),
    "flat black": flat(0.02, 0.02, 0.02),
    "flat grey": flat(0.5, 0.5, 0.5),
    "flat colour": flat(),
    "checkerboard of 1/16": checked(1 / 16, False),
    "checkerboard of 1/8": checked(1 / 8, False),
    "checkerboard of 1/4": checked(1 / 4, False),
    "coloured checkerboard of 1/8": checked(1 / 8, True),
    "coloured checkerboard of 1/4": checked(1 / 4, True),
    "stripes of 1/8": striped(1 / 8, 60.0),
    "stripes of 1/4": striped(1 / 4, 90.0),
    "stripes of 1/2": striped(1 / 2, 90.0),
    "marble": fractal(False),
    "coloured marble": fractal(True),
}


def painted_over(
    picture: Rgb8,
    mesh: FloatArray,
    side: Side,
    texture: Texture,
    shape: tuple[float, float],
    rng: np.random.Generator,
) -> Rgb8:
    """The picture with one eye covered by an ellipse of the texture.

    Args:
        picture: RGB.
        mesh: of the face, in the picture's frame.
        shape: semi-axes along and across the corner line, eye widths.
    """
    outer, inner = corners(mesh, side)
    width = float(np.linalg.norm(inner - outer))
    along = (inner - outer) / width
    rows, columns = np.ogrid[: picture.shape[0], : picture.shape[1]]
    x, y = columns - (outer + inner)[0] / 2, rows - (outer + inner)[1] / 2
    forward, across = x * along[0] + y * along[1], y * along[0] - x * along[1]
    radius = np.hypot(forward / shape[0], across / shape[1]) / width
    cover = np.clip((1 - radius) * min(shape) / SOFT_EDGE + 0.5, 0, 1)
    hit = np.nonzero(cover.any(axis=1))[0], np.nonzero(cover.any(axis=0))[0]
    if not len(hit[0]):
        return np.array(picture)
    box = tuple(slice(int(places[0]), int(places[-1]) + 1) for places in hit)
    alpha, part = cover[box][..., None], picture[box] / 255
    levels = part * (1 - alpha) + alpha * texture(part.shape[:2], width, rng)
    changed: Rgb8 = picture.copy()
    changed[box] = np.round(np.clip(levels, 0, 1) * 255)
    return changed


def _full_range(levels: NDArray[Any]) -> FloatArray:
    """Stretched to 0..1 by channel; three equal channels where there is one."""
    levels = np.asarray(levels, float)
    levels = levels if levels.ndim == 3 else np.repeat(levels[..., None], 3, axis=2)
    low, high = levels.min(axis=(0, 1)), levels.max(axis=(0, 1))
    return np.asarray((levels - low) / np.maximum(high - low, 1e-6))
