"""Which parts of a photo a page shows, and how big. Boxes are x1, y1, x2, y2 in the upright photo."""

from __future__ import annotations

import math

from imaging.preview import Box, box_within, fitted
from orch.app.src.report import FaceEdit, FaceReport, PhotoReport

MOST_THUMBNAIL = (320, 320)
MOST_FACE = (160, 160)
MOST_EYES = (1200, 900)
"""Bigger faces are scaled down, and the page says to what percentage."""

FACE_MARGIN = 0.15
"""Around a detected face, in its sides."""
EYES_MARGIN = 0.45
"""Around the edits, in inter-ocular distances: brows and the bridge of the nose are seen."""

Size = tuple[int, int]


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
