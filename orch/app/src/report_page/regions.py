"""Which parts of a photo a page shows, and how big. Boxes are x1, y1, x2, y2 in the upright photo."""

from __future__ import annotations

import math

from contracts.finish import Box, Size
from orch.app.src.report import FaceEdit, FaceReport, PhotoReport

MOST_THUMBNAIL = (320, 320)
MOST_FACE = (160, 160)
MOST_EYES = (1200, 900)
"""Bigger faces are scaled down, and the page says to what percentage."""

FACE_MARGIN = 0.15
"""Around a detected face, in its sides."""
EYES_MARGIN = 0.45
"""Around the edits, in inter-ocular distances: brows and the bridge of the nose are seen."""


def eye_region(face: FaceReport, edit: FaceEdit, size: Size) -> Box | None:
    """Both eyes of an edited face, also where one alone was edited; None where none was."""
    boxes = [eye.region for eye in edit.eyes if eye.outcome == "opened" and eye.region]
    if not boxes:
        return None
    if len(boxes) == 1:
        boxes.append(_other_eye(face, edit.opened()[0] == "left", boxes[0]))
    margin = EYES_MARGIN * face.inter_ocular_distance
    return box_within(
        (
            min(box[0] for box in boxes) - margin,
            min(box[1] for box in boxes) - margin,
            max(box[2] for box in boxes) + margin,
            max(box[3] for box in boxes) + margin,
        ),
        size,
    )


def _other_eye(face: FaceReport, is_left: bool, box: Box) -> Box:
    """Where the eye lies that was not edited, by the roll of the face."""
    roll = math.radians(face.pose.roll)
    distance = face.inter_ocular_distance if is_left else -face.inter_ocular_distance
    right, down = round(distance * math.cos(roll)), round(distance * math.sin(roll))
    return box[0] + right, box[1] + down, box[2] + right, box[3] + down


def face_region(face: FaceReport, size: Size) -> Box | None:
    """A face with a little around it."""
    x1, y1, x2, y2 = face.bbox
    right, down = FACE_MARGIN * (x2 - x1), FACE_MARGIN * (y2 - y1)
    return box_within((x1 - right, y1 - down, x2 + right, y2 + down), size)


def box_within(box: tuple[float, float, float, float], size: Size) -> Box | None:
    """A box in whole pixels, cut at the borders of a picture of `size`; None where nothing is left."""
    width, height = size
    x1, y1 = max(0, math.floor(box[0])), max(0, math.floor(box[1]))
    x2, y2 = min(width, math.ceil(box[2])), min(height, math.ceil(box[3]))
    return (x1, y1, x2, y2) if x1 < x2 and y1 < y2 else None


def fitted(size: tuple[float, float], most: tuple[float, float]) -> Size:
    """Width and height scaled down, never up, to lie within `most`; at least 1 px each."""
    scale = min(1.0, most[0] / size[0], most[1] / size[1])
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def size_of(box: Box) -> Size:
    return box[2] - box[0], box[3] - box[1]


def wanted_pixels(photo: PhotoReport) -> int:
    """Pixels of all pictures that a page shows of a photo, at full size."""
    if photo.size is None:
        return 0
    faces = {face.face_index: face for face in photo.faces}
    sizes = [fitted(photo.size, MOST_THUMBNAIL)]
    shown: set[int] = set()
    for variation in photo.variations:
        for edit in variation.faces if variation.output else ():
            region = eye_region(faces[edit.face_index], edit, photo.size)
            if region:
                sizes += [fitted(size_of(region), MOST_EYES)] * 2
                shown.add(edit.face_index)
    for index, face in faces.items():
        region = face_region(face, photo.size)
        if region and index not in shown:
            sizes.append(fitted(size_of(region), MOST_FACE))
    return sum(width * height for width, height in sizes)
