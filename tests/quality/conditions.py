"""Lights and media that people's photos come in, done to a picture. Pure functions, the same every time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]

SMALL, LARGE = 0.4, 4.0
TILT = 35.0
"""Degrees."""


@dataclass(frozen=True)
class Condition:
    """One light or medium.

    Attributes:
        change: of the pixels.
        scale, turn: what it does to the picture's frame; turn in degrees, counterclockwise.
    """

    change: Callable[[Picture], Picture]
    scale: float = 1.0
    turn: float = 0.0

    def move(self, points: NDArray[np.float64], shape: tuple[int, ...]) -> NDArray[np.float64]:
        """Where points (n, 2) of a picture of this shape lie afterwards."""
        if self.turn:
            matrix = _turning(shape, self.turn)
            return np.asarray(points @ matrix[:, :2].T + matrix[:, 2], float)
        return np.asarray((points + 0.5) * self.scale - 0.5, float)


def _levels(unit: NDArray[np.floating]) -> Picture:
    return np.asarray(np.round(np.clip(unit, 0, 1) * 255), np.uint8)


def _in_linear_light(picture: Picture, factor: NDArray[np.floating] | float) -> Picture:
    return _levels(((picture / 255) ** 2.2 * factor) ** (1 / 2.2))


def _plain(picture: Picture) -> Picture:
    return picture


def _grey(picture: Picture) -> Picture:
    return np.repeat(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)[..., None], 3, axis=2)


def _sepia(picture: Picture) -> Picture:
    return _levels(_grey(picture) / 255 * np.array([1.0, 0.87, 0.68]))


def _small(picture: Picture) -> Picture:
    """An eye of 13 px: somebody in the back row."""
    return np.asarray(cv2.resize(picture, None, fx=SMALL, fy=SMALL, interpolation=cv2.INTER_AREA), np.uint8)


def _large(picture: Picture) -> Picture:
    return np.asarray(cv2.resize(picture, None, fx=LARGE, fy=LARGE, interpolation=cv2.INTER_CUBIC), np.uint8)


def _grainy(picture: Picture) -> Picture:
    """Fast film, enlarged: grain of two pixels."""
    noise = np.random.default_rng(3).normal(0, 1, picture.shape[:2])
    grain = np.asarray(cv2.GaussianBlur(noise, (0, 0), 0.8))
    return _levels(picture / 255 + (0.06 / grain.std()) * grain[..., None])


def _dark(picture: Picture) -> Picture:
    """Two stops under, in warm light."""
    return _in_linear_light(picture, 0.25 * np.array([1.15, 1.0, 0.7]))


def _side_light(picture: Picture) -> Picture:
    """Eight times as much light on the left border as on the right."""
    falloff = np.geomspace(1.4, 1.4 / 8, picture.shape[1])
    return _in_linear_light(picture, falloff[None, :, None])


def _soft(picture: Picture) -> Picture:
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), 1.6), np.uint8)


def _blocky(picture: Picture) -> Picture:
    _, encoded = cv2.imencode(".jpg", picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 25])
    decoded = cv2.imdecode(encoded, cv2.IMREAD_COLOR)
    assert decoded is not None
    return np.ascontiguousarray(decoded[..., ::-1]).astype(np.uint8)


def _tilted(picture: Picture) -> Picture:
    height, width = picture.shape[:2]
    matrix = _turning(picture.shape, TILT)
    turned = cv2.warpAffine(picture, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(turned, np.uint8)


def _turning(shape: tuple[int, ...], degrees: float) -> NDArray[np.float64]:
    """About a point where portraits have the face, shape (2, 3)."""
    return np.asarray(cv2.getRotationMatrix2D((shape[1] / 2, shape[0] / 3), degrees, 1.0))


CONDITIONS = {
    "plain": Condition(_plain),
    "grey": Condition(_grey),
    "sepia": Condition(_sepia),
    "small": Condition(_small, scale=SMALL),
    "large": Condition(_large, scale=LARGE),
    "grainy": Condition(_grainy),
    "dark": Condition(_dark),
    "side_light": Condition(_side_light),
    "soft": Condition(_soft),
    "blocky": Condition(_blocky),
    "tilted": Condition(_tilted, turn=TILT),
}
