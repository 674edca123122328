"""sRGB transfer functions, luminance and CIE Lab.

Source of the constants: IEC 61966-2-1 (sRGB), ITU-R BT.709 luminance weights and CIE 15 (Lab, D65).
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.float32]
"""RGB float32, shape (height, width, 3), 0..1."""

LUMINANCE = np.array([0.2126, 0.7152, 0.0722], np.float32)
"""Weights of linear-light R, G, B."""


def to_linear(encoded: Image) -> Image:
    """sRGB-encoded 0..1 to linear light 0..1; values outside 0..1 are clipped."""
    e = np.clip(encoded, 0.0, 1.0, dtype=np.float32)
    linear: Image = np.where(e <= 0.04045, e / 12.92, ((e + 0.055) / 1.055) ** 2.4).astype(np.float32)
    return linear


def to_encoded(linear: Image) -> Image:
    """Linear light 0..1 to sRGB-encoded 0..1; values outside 0..1 are clipped."""
    v = np.clip(linear, 0.0, 1.0, dtype=np.float32)
    encoded: Image = np.where(v <= 0.0031308, v * 12.92, 1.055 * v ** (1 / 2.4) - 0.055).astype(np.float32)
    return encoded


_XYZ = np.array(
    [[0.412453, 0.357580, 0.180423], [0.212671, 0.715160, 0.072169], [0.019334, 0.119193, 0.950227]]
)
"""Linear R, G, B -> X, Y, Z."""
_XYZ_OF_WHITE = _XYZ.sum(axis=1)


def to_lab(encoded: Image) -> Image:
    """sRGB-encoded 0..1 to CIE Lab (L 0..100), (..., 3); for small pictures.

    OpenCV converts a megapixel six times as fast, but spends a tenth of a second on tables first.
    """
    xyz = to_linear(encoded) @ (_XYZ / _XYZ_OF_WHITE[:, None]).T.astype(np.float32)
    f = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz * ((29 / 6) ** 2 / 3) + 4 / 29)
    x, y, z = f[..., 0], f[..., 1], f[..., 2]
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1).astype(np.float32)


def largest_channel(picture: NDArray[Any]) -> NDArray[Any]:
    """Per pixel, the largest channel of (height, width, n), or whether any is set; (height, width).

    Ten times as fast as reducing over the short last axis.
    """
    return functools.reduce(np.maximum, (picture[:, :, c] for c in range(picture.shape[2])))


def luminance(linear: Image) -> NDArray[np.float32]:
    """Relative luminance of linear-light RGB, shape (height, width)."""
    return (linear @ LUMINANCE).astype(np.float32)
