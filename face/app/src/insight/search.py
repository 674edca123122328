"""Finding faces of all sizes with a detector that sees them at one: the photo whole, and in tiles."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from face.app.src.insight.pack import DETECTION_SIZE, Detection, Pack
from face.app.src.picture_pyramid import PicturePyramid, Square
from face.app.src.suppression import strongest
from face.app.src.tiling import level_sides, tiles

SMALLEST_SEEN = 24.0
"""px of the detector's 640 that a face fills to be found surely."""


def find_faces(pyramid: PicturePyramid, pack: Pack, smallest_face: float) -> list[Detection]:
    """Faces of at least `smallest_face` px, strong first, each once.

    The whole photo first, with a margin too, since a face that fills a tight crop is not found without
    one; tiles only where faces may be too small for that.
    """
    look = DETECTION_SIZE[0]
    finest = max(smallest_face * look / SMALLEST_SEEN, 1.0)
    found: list[Detection] = []
    for side in level_sides(pyramid.width, pyramid.height, finest):
        for square in tiles(pyramid.width, pyramid.height, side):
            seen = pack.detect(pyramid.look(square, look))
            found += [_in_photo(face, square, look) for face in seen]
    return strongest(found, lambda face: face.box, lambda face: face.score)


def _in_photo(face: Detection, square: Square, look: int) -> Detection:
    corners = square.to_photo((np.array(face.box).reshape(2, 2) + 0.5) / look)
    (x1, y1), (x2, y2) = corners.tolist()
    return replace(face, box=(x1, y1, x2, y2), points=square.to_photo((face.points + 0.5) / look))
