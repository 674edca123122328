"""How big the pictures of a page may be, so that it opens in a browser, also that of a phone.

Pictures have the size that is wanted as long as the page stays below `MOST_BYTES`; in bigger runs all
get smaller alike. What earlier photos cost is counted, so that the estimate need not be right.
"""

from __future__ import annotations

import math

MOST_BYTES = 48_000_000
"""Of all pictures together, as text in the page."""

BASE64 = 4 / 3
TYPICAL_BYTES_PER_PIXEL = 0.12
"""WebP of faces at quality 82: measured 0.03 to 0.17."""

LEAST_SCALE = 0.2


class Budget:
    """Hands out scales, photo by photo.

    Args:
        wanted: pixels that all pictures of the page have at full size.
    """

    def __init__(self, wanted: int, most_bytes: int = MOST_BYTES) -> None:
        self._waiting = wanted
        self._left = float(most_bytes)
        self._pixels = 0.0
        self._bytes = 0.0

    def scale(self) -> float:
        """Factor for the sides of the next photo's pictures, `LEAST_SCALE`..1."""
        if self._waiting <= 0:
            return 1.0
        # An estimate until a megapixel is measured, then more and more the measurement.
        density = (TYPICAL_BYTES_PER_PIXEL * 1e6 + self._bytes) / (1e6 + self._pixels)
        fits = self._left / (self._waiting * density * BASE64)
        return min(1.0, max(LEAST_SCALE, math.sqrt(max(0.0, fits))))

    def spend(self, wanted: int, pixels: int, size: int) -> None:
        """Count a photo's pictures: pixels that were wanted and made, bytes of WebP."""
        self._waiting -= wanted
        self._left -= size * BASE64
        self._pixels += pixels
        self._bytes += size
