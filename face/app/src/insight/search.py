"""Finding faces of all sizes with a detector that sees them at one: the photo whole, and in tiles."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from face.app.src.insight.pack import DETECTION_SIZE, Detection, Pack
from face.app.src.picture_pyramid import PicturePyramid, Square
from face.app.src.suppression import strongest
from face.app.src.tiling import level_sides, tiles

LOOK = DETECTION_SIZE[0]
SMALLEST_SEEN = 24.0
"""px of the detector's 640 that a face fills to be found surely."""
WIDE_MARGIN = 3.0
"""Side of the looks that are tried last, in longer sides of the photo: the tightest crops need it."""
TURNS = tuple(math.radians(angle) for angle in (0, 60, -60, 120, -120, 180))
"""Of those looks: the detector does not see heads that lie on their side."""


def find_faces(pyramid: PicturePyramid, pack: Pack, smallest_face: float) -> list[Detection]:
    """Faces of at least `smallest_face` px, strong first, each once.

    The whole photo first, with a margin too, since a face that fills a tight crop is not found without
    one; tiles only where faces may be too small for that. Where no face is seen at all, the photo is
    turned, with a wide margin.
    """
    finest = max(smallest_face * LOOK / SMALLEST_SEEN, 1.0)
    width, height = pyramid.width, pyramid.height
    levels = level_sides(width, height, finest)
    found = _seen(pyramid, pack, (square for side in levels for square in tiles(width, height, side)))
    if not found:
        middle, side = ((width - 1) / 2, (height - 1) / 2), WIDE_MARGIN * max(width, height)
        found = _seen(pyramid, pack, (Square(middle, side, turn) for turn in TURNS))
    return found


def _seen(pyramid: PicturePyramid, pack: Pack, squares: Iterable[Square]) -> list[Detection]:
    """Faces in any of the squares, strong first, each once."""
    found = [
        _in_photo(face, square) for square in squares for face in pack.detect(pyramid.look(square, LOOK))
    ]
    return strongest(found, lambda face: face.box, lambda face: face.score)


def _in_photo(face: Detection, square: Square) -> Detection:
    """The face in the photo's pixels; around a box of a turned look stands an upright one."""
    x1, y1, x2, y2 = face.box
    corners = square.to_photo((np.array([[x1, y1], [x2, y1], [x2, y2], [x1, y2]]) + 0.5) / LOOK)
    (left, top), (right, bottom) = corners.min(axis=0).tolist(), corners.max(axis=0).tolist()
    points = square.to_photo((face.points + 0.5) / LOOK)
    return replace(face, box=(left, top, right, bottom), points=points)
