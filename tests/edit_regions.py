"""Where a finished picture may differ from its photo, measured apart from the stage that pastes."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from contracts.face import Face, Side
from face.app.src.face_analysis import FaceAnalyser
from face.app.src.picture_pyramid import PicturePyramid
from imaging.eye_mesh import corners, eye_polygon

THRESHOLD, SMALLEST_FACE = 260.0, 60
"""The defaults of a run."""

SEMI_AXES = (1.3, 1.2)
"""Along and across the corner line, eye widths: what the product promises."""

Mask = NDArray[np.bool_]
Eye = tuple[int, Side]
"""Face index and side."""


@cache
def analyser() -> FaceAnalyser:
    return FaceAnalyser()


def faces_in(rgb8: NDArray[np.uint8]) -> list[Face]:
    """The faces of a picture, numbered as in a run."""
    return analyser().find(PicturePyramid(rgb8), THRESHOLD, SMALLEST_FACE)


def read_again(rgb8: NDArray[np.uint8], face: Face) -> Face:
    """A known face on another picture of the same frame."""
    (seen,) = analyser().look_again(PicturePyramid(rgb8), [face], THRESHOLD)
    return seen


def ellipse(shape: tuple[int, ...], face: Face, side: Side) -> Mask:
    """Pixels inside the ellipse of `SEMI_AXES` around one eye, shape (height, width)."""
    outer, inner = corners(np.asarray(face.mesh), side)
    width = float(np.linalg.norm(inner - outer))
    along = (inner - outer) / width
    rows, columns = np.ogrid[: shape[0], : shape[1]]
    x, y = columns - (outer + inner)[0] / 2, rows - (outer + inner)[1] / 2
    forward, across = x * along[0] + y * along[1], y * along[0] - x * along[1]
    return np.asarray((forward / (SEMI_AXES[0] * width)) ** 2 + (across / (SEMI_AXES[1] * width)) ** 2 <= 1)


def allowed(shape: tuple[int, ...], faces: list[Face], eyes: Iterable[Eye]) -> Mask:
    """Pixels that may differ when these eyes were opened."""
    mask = np.zeros(shape[:2], bool)
    for index, side in eyes:
        mask |= ellipse(shape, faces[index], side)
    return mask


def aperture(shape: tuple[int, ...], face: Face, side: Side) -> Mask:
    """Pixels between the lids of one eye."""
    import cv2

    mask = np.zeros(shape[:2], np.uint8)
    polygon = np.round(eye_polygon(np.asarray(face.mesh), side)).astype(np.int32)
    cv2.fillPoly(mask, [polygon], (1,))
    return mask.astype(bool)


def changed(before: NDArray[Any], after: NDArray[Any]) -> Mask:
    """Pixels that differ in any channel."""
    assert before.shape == after.shape
    assert before.dtype == after.dtype
    return np.asarray((before != after).any(axis=2))
