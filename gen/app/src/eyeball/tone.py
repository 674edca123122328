"""Colour of grey and single-hue photos: paint takes the photo's own colour at each lightness."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from imaging.colour import LUMINANCE, Image, luminance

_KNOTS = 9


class PhotoTone:
    """Maps luminance to the linear RGB that this photo shows at it; exactly neutral in a neutral photo."""

    def __init__(self, linear: Image) -> None:
        """Args: linear: the crop of a grey, toned or sepia photo in linear light."""
        pixels = linear.reshape(-1, 3)
        level = luminance(linear).ravel()
        edges = np.quantile(level, np.linspace(0.0, 1.0, _KNOTS + 1))
        levels, colours = [], []
        for low, high in pairwise(edges):
            chosen = (level >= low) & (level <= high)
            if high > 1e-4 and chosen.any():
                mean = pixels[chosen].mean(axis=0)
                levels.append(max(float(mean @ LUMINANCE), 1e-4))
                colours.append(mean / levels[-1])
        self._levels = np.array(levels or [1.0])
        self._colours = np.array(colours or [[1.0, 1.0, 1.0]])

    def __call__(self, colour: NDArray[np.float32]) -> NDArray[np.float32]:
        """The photo's colour of the same luminance; shape (..., 3), linear light."""
        level = (colour @ LUMINANCE).astype(np.float32)
        toned = [np.interp(level, self._levels, self._colours[:, k]) * level for k in range(3)]
        return np.stack(toned, axis=-1).astype(np.float32)
