"""From a crop of any size to the square that the model paints, and back. Needs NumPy and OpenCV."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from imaging.colour import Image

Plane = NDArray[np.float32]

FEATHER = 1 / 128
"""Standard deviation of the mask's soft edge, of the crop's side: 4 px at 512."""
_LEVELS = np.float32(65535)


@dataclass(frozen=True, eq=False)
class Frame:
    """A crop as the model sees it.

    Attributes:
        crop: (H, W, 3) float32, sRGB-encoded 0..1.
        alpha: (H, W), 0 keep .. 1 take, in 1/65535 as on disk.
        picture: (side, side, 3), the crop.
        mask: (side, side), 1 where something may be painted: all latent cells in which alpha is
            above 0.
    """

    crop: Image
    alpha: Plane
    picture: Image
    mask: Plane

    def taken_back(self, painted: Image) -> Image:
        """A painted square in the crop's size."""
        height, width = self.alpha.shape
        return resized(painted, (width, height))

    def composite(self, painted: Image) -> Image:
        """The crop, exactly, with what was painted where alpha is above 0; `painted` in the crop's size."""
        merged: Image = np.where(self.alpha[..., None] > 0, painted, self.crop)
        return merged


def make_frame(crop: Image, mask: Plane, side: int, cell: int) -> Frame:
    """Frame a crop.

    Args:
        mask: (H, W), above 0.5 where to paint.
        side: px of the model's square.
        cell: px of a latent's cell.
    """
    alpha = soft(mask)
    inside = resized(np.asarray(alpha > 0, np.float32), (side, side)) > 0
    cells = inside.reshape(side // cell, cell, side // cell, cell).any(axis=(1, 3))
    whole = np.kron(cells, np.ones((cell, cell), bool)).astype(np.float32)
    return Frame(crop, alpha, resized(crop, (side, side)), whole)


def soft(mask: Plane) -> Plane:
    """A mask with a feathered edge, half of it on either side; nothing below 1/65535 remains."""
    sigma = max(mask.shape) * FEATHER
    blurred = cv2.GaussianBlur(np.asarray(mask > 0.5, np.float32), (0, 0), sigma)
    rounded: Plane = np.round(np.clip(blurred, 0, 1) * _LEVELS) / _LEVELS
    return rounded


def resized(picture: NDArray[np.float32], size: tuple[int, int]) -> NDArray[np.float32]:
    """Resample to (width, height), 0..1: by areas where it shrinks, by Lanczos where it grows."""
    height, width = picture.shape[:2]
    if (width, height) == size:
        return picture
    method = cv2.INTER_AREA if size[0] < width else cv2.INTER_LANCZOS4
    return np.clip(cv2.resize(picture, size, interpolation=method), 0, 1).astype(np.float32)
