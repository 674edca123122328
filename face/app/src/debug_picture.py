"""The photo with what was read drawn in: numbers, boxes, eye polygons, states and areas."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

import cv2
import numpy as np

from contracts.face import SIDES, EyeReading, EyeState, Face
from face.app.src.picture_pyramid import Rgb8

COLOURS: dict[EyeState, tuple[int, int, int]] = {
    "open": (60, 220, 90),
    "closed": (255, 70, 70),
    "undetermined": (255, 200, 40),
}
BOX = (90, 170, 255)
FONT = cv2.FONT_HERSHEY_SIMPLEX
SUBPIXEL_BITS = 4
"""cv2 draws at sixteenths of a pixel."""


def debug_picture(photo: Rgb8, faces: Iterable[Face]) -> Rgb8:
    """A copy of the photo, (height, width, 3) uint8, drawn on."""
    picture: Rgb8 = photo.copy()
    for face in faces:
        pen = max(1, round(face.inter_ocular_distance / 100))
        scale = float(np.clip(face.inter_ocular_distance / 160, 0.35, 3.0))
        x1, y1, x2, y2 = (round(v) for v in face.bbox)
        cv2.rectangle(picture, (x1, y1), (x2, y2), BOX, pen)
        _write(picture, f"{face.face_index}", (x1, y1 - 4), 1.5 * scale, BOX)
        for line, side in enumerate(SIDES):
            eye = face.eye(side)
            points = np.round(np.asarray(eye.points) * 2**SUBPIXEL_BITS).astype(np.int32)
            cv2.polylines(picture, [points], True, COLOURS[eye.state], pen, cv2.LINE_AA, SUBPIXEL_BITS)
            below = y2 + round((line + 1) * 30 * scale)
            _write(picture, f"{side[0].upper()} {_caption(eye)}", (x1, below), scale, COLOURS[eye.state])
    return picture


def _caption(eye: EyeReading) -> str:
    return f"{eye.state} {eye.normalised_area:.0f}px2 r{eye.aspect_ratio:.2f}"


def _write(
    picture: Rgb8, text: str, place: tuple[int, int], scale: float, colour: tuple[int, int, int]
) -> None:
    """Text with a dark outline, kept inside of the picture."""
    height, width = picture.shape[:2]
    (text_width, text_height), _ = cv2.getTextSize(text, FONT, scale, 1)
    x = int(np.clip(place[0], 0, max(0, width - text_width)))
    y = int(np.clip(place[1], text_height, height - 2))
    pen = max(1, round(1.5 * scale))
    # a thicker pen would spread the letters, too
    for dx, dy in itertools.product((-pen, 0, pen), repeat=2):
        cv2.putText(picture, text, (x + dx, y + dy), FONT, scale, (0, 0, 0), pen, cv2.LINE_AA)
    cv2.putText(picture, text, (x, y), FONT, scale, colour, pen, cv2.LINE_AA)
