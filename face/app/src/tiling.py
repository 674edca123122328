"""Which squares to look at so that no face of a wanted size is missed."""

from __future__ import annotations

import math
from collections.abc import Iterator

from face.app.src.picture_pyramid import Square

OVERLAP = 0.34
"""Of a tile's side: a face up to a third of the tile lies whole in one of them."""
LARGEST_STEP = 2.5
"""Between the sides of two levels. The detector sees faces of 1/16 to 2/3 of its look, so each face is seen
on two levels or more, which steadies the search."""
MARGIN_LEVEL = 2.0
"""The first look, in longer sides of the photo: a face that fills a tight crop has room around it there."""


def level_sides(width: int, height: int, finest_side: float) -> list[float]:
    """Sides of the tiles of each level, coarse to fine, px.

    Always the whole photo with a margin and the whole photo; then even steps down to `finest_side`.
    """
    longest = float(max(width, height))
    sides = [MARGIN_LEVEL * longest, longest]
    if finest_side < longest:
        steps = math.ceil(math.log(longest / finest_side) / math.log(LARGEST_STEP))
        ratio = (longest / finest_side) ** (1 / steps)
        sides += [longest / ratio**k for k in range(1, steps + 1)]
    return sides


def tiles(width: int, height: int, side: float) -> Iterator[Square]:
    """Squares of one level that cover the photo, row by row; a photo shorter than `side` is centred."""
    for y in _centers(height, side):
        for x in _centers(width, side):
            yield Square((x, y), side)


def _centers(length: int, side: float) -> list[float]:
    """Evenly spread centres of tiles over one direction, from edge to edge (edges at -0.5, length - 0.5)."""
    if length <= side:
        return [(length - 1) / 2]
    count = 1 + math.ceil((length - side) / (side * (1 - OVERLAP)))
    first, last = side / 2 - 0.5, length - side / 2 - 0.5
    return [first + (last - first) * k / (count - 1) for k in range(count)]
