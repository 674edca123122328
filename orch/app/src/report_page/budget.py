"""How big the pictures of a page may be, so that it opens in a browser, also that of a phone.

Pictures have the size that is wanted as long as the page stays below `MOST_BYTES`; in bigger runs all
get smaller alike. What earlier photos cost is counted, so that the estimate need not be right.
"""

from __future__ import annotations

import math

MOST_BYTES = 48_000_000
"""Of all pictures together, as text in the page."""

TYPICAL_BYTES_PER_PIXEL = 0.16
"""Faces at quality 82, as text: measured 0.04 to 0.23 as WebP; JPEG takes twice as many."""

LEAST_SCALE = 0.2


class Budget:
    """Hands out scales, photo by photo, while the rest of the photos is not known yet.

    Args:
        photos: on the page; those that are still to come are taken for like those that came.
    """

    def __init__(self, photos: int, most_bytes: int = MOST_BYTES) -> None:
        self._waiting = photos
        self._came = 0
        self._wanted = 0
        self._left = float(most_bytes)
        self._pixels = 0.0
        self._bytes = 0.0

    def scale(self, wanted: int) -> float:
        """Factor for the sides of the next photo's pictures, `LEAST_SCALE`..1.

        Args:
            wanted: pixels that they have at full size.
        """
        self._came += 1
        self._wanted += wanted
        expected = max(1.0, self._wanted / self._came * max(1, self._waiting))
        self._waiting -= 1
        # An estimate until a megapixel is measured, then more and more the measurement.
        density = (TYPICAL_BYTES_PER_PIXEL * 1e6 + self._bytes) / (1e6 + self._pixels)
        fits = self._left / (expected * density)
        return min(1.0, max(LEAST_SCALE, math.sqrt(max(0.0, fits))))

    def spend(self, pixels: int, size: int) -> None:
        """Count a photo's pictures: pixels that were made, bytes of text."""
        self._left -= size
        self._pixels += pixels
        self._bytes += size
