"""The picture that is pasted into: a photo's own samples, read and written in sRGB. Needs NumPy."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from imaging.colour import largest_channel
from imaging.crop_return import Box
from imaging.photo import Levels
from imaging.profiles import ColourSpace

FloatImage = NDArray[np.float32]
Mask = NDArray[np.bool_]


class Canvas:
    """Samples of a photo in its own depth, channels and profile.

    Attributes:
        levels: (height, width, 1 or 3) uint8 or uint16; changed in place.
    """

    def __init__(self, levels: Levels, icc: bytes | None) -> None:
        self.levels = levels
        self.maximum = np.float32(np.iinfo(levels.dtype).max)
        self.space = ColourSpace(icc, levels.shape[2])

    @property
    def size(self) -> tuple[int, int]:
        """Width, height."""
        return self.levels.shape[1], self.levels.shape[0]

    def read(self, box: Box) -> FloatImage:
        """sRGB-encoded (height, width, 3), 0..1, of a box inside of the picture."""
        return self.space.to_srgb(self._native(box))

    def contains(self, box: Box) -> bool:
        x1, y1, x2, y2 = box
        return x1 >= 0 and y1 >= 0 and x2 <= self.size[0] and y2 <= self.size[1]

    def write(self, box: Box, before: FloatImage, after: FloatImage, where: Mask) -> int:
        """Replace pixels by their edited colour; returns how many changed.

        The edit is carried over as a difference, so that what the profile cannot express, and what
        rounding did, cancels out.

        Args:
            before, after: sRGB-encoded; `before` as `read` gave it.
            where: (height, width); other pixels keep their bits.
        """
        x1, y1, x2, y2 = box
        native = after
        if not (self.space.is_srgb and self.space.channels == 3):
            native = self._native(box) + (self.space.from_srgb(after) - self.space.from_srgb(before))
        levels = np.round(np.clip(native, 0.0, 1.0) * self.maximum).astype(self.levels.dtype)
        region = self.levels[y1:y2, x1:x2]
        changed = where & largest_channel(levels != region)
        region[changed] = levels[changed]
        return int(np.count_nonzero(changed))

    def _native(self, box: Box) -> FloatImage:
        x1, y1, x2, y2 = box
        native: FloatImage = np.divide(self.levels[y1:y2, x1:x2], self.maximum, dtype=np.float32)
        return native
