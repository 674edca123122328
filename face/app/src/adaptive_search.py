"""Finding the faces of a photo: coarse looks that suspect, close looks that decide.

The detector still responds to a face that is 12 of its 192 px wide (measured on 104 labelled faces), but
surely only to one of 24 px. So the finest tiles, which are most of the work, are looked at only where the
level above, with tiles twice as large, responded at all; and where something is suspected it is looked at
again, turned upright and at the size that the detector knows best.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from face.app.src.face_detector import LOOK, Candidate, FaceDetector
from face.app.src.picture_pyramid import PicturePyramid, Square
from face.app.src.suppression import strongest
from face.app.src.tiling import level_sides, tiles

HINT = 0.04
"""Score in the last coarse level from which the finest tiles there are worth looking at."""
SMALL_HINT = 0.2
"""Of the look's side: what responds at a larger size is seen well enough already."""
FINEST_STEP = 2.0
"""Side of the tiles above the finest ones, in theirs."""
SUSPECTED = 0.2
"""Score in a look from which a close look is worth it."""
FOUND = 0.6
"""Score in a close look from which it is a face; labelled faces have 0.64 to 0.98."""
SMALLEST_SUSPECT = 24.0
"""px of the finest look that the smallest face fills."""
CLOSE_FACE = 45.0
"""px of a close look that the face fills: the middle of the range in which the detector is surest."""
UPRIGHT = math.radians(20)
"""Tilt left over at which a close look counts as upright."""
CLOSE_LOOKS = 3
"""The tilt read from a tilted face is too small; each look turns the face further upright."""
TURNS = tuple(math.radians(a) for a in (0, 60, -60, 120, -120, 180))
"""Tried on every suspect of a photo in which nothing else was found."""


def find_faces(pyramid: PicturePyramid, detector: FaceDetector, smallest_face: float) -> list[Candidate]:
    """Faces of at least `smallest_face` px, strong first, each once."""
    suspects = _suspects(pyramid, detector, smallest_face)
    faces = _confirmed(pyramid, detector, suspects, None)
    if not faces:
        turned = [face for turn in TURNS for face in _confirmed(pyramid, detector, suspects, turn)]
        faces = _merged(turned)
    return faces


def _suspects(pyramid: PicturePyramid, detector: FaceDetector, smallest_face: float) -> list[Candidate]:
    """Candidates of all levels, each once."""
    finest = smallest_face * LOOK / SMALLEST_SUSPECT
    suspects: list[Candidate] = []
    responses: list[Candidate] = []

    def look(squares: Iterable[Square]) -> None:
        for square in squares:
            seen = detector.candidates(pyramid, square, HINT)
            responses.extend(seen)
            suspects.extend(_merged([c for c in seen if c.score >= SUSPECTED]))

    for side in level_sides(pyramid.width, pyramid.height, FINEST_STEP * finest):
        responses.clear()
        look(tiles(pyramid.width, pyramid.height, side))
    hints = [c.center for c in responses if c.relative_size < SMALL_HINT]
    if finest < max(pyramid.width, pyramid.height):
        fine = tiles(pyramid.width, pyramid.height, finest)
        look(square for square in fine if any(_inside(hint, square) for hint in hints))
    return _merged(suspects)


def _inside(point: tuple[float, float], square: Square) -> bool:
    """Whether a point lies in an upright square."""
    return all(abs(p - c) <= square.side / 2 for p, c in zip(point, square.center))


def _merged(candidates: list[Candidate]) -> list[Candidate]:
    return strongest(candidates, lambda c: c.box, lambda c: c.score)


def _confirmed(
    pyramid: PicturePyramid, detector: FaceDetector, suspects: list[Candidate], turn: float | None
) -> list[Candidate]:
    looks = (_close_look(pyramid, detector, suspect, turn) for suspect in suspects)
    return _merged([face for face in looks if face is not None and face.score >= FOUND])


def _close_look(
    pyramid: PicturePyramid, detector: FaceDetector, suspect: Candidate, turn: float | None
) -> Candidate | None:
    """The best close look at a suspect; starts at its own tilt, or at `turn`."""
    best: Candidate | None = None
    angle, current = (suspect.roll if turn is None else turn), suspect
    for _ in range(CLOSE_LOOKS):
        square = Square(current.center, current.side * LOOK / CLOSE_FACE, angle)
        seen = [c for c in detector.candidates(pyramid, square, SUSPECTED) if _holds(c, suspect.center)]
        if not seen:
            break
        current = max(seen, key=lambda c: c.score)
        if best is None or current.score > best.score:
            best = current
        if abs(_wrapped(current.roll - angle)) < UPRIGHT:
            break
        angle = current.roll
    return best


def _holds(candidate: Candidate, point: tuple[float, float]) -> bool:
    x1, y1, x2, y2 = candidate.box
    return x1 <= point[0] <= x2 and y1 <= point[1] <= y2


def _wrapped(angle: float) -> float:
    """An angle in radians, in -pi..pi."""
    return math.remainder(angle, 2 * math.pi)
