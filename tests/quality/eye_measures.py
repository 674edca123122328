"""What is measured on one eye of a result, by the judges' landmarks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from contracts.face import EyeState, Side
from tests.iris_colour import colour_difference, iris_colour
from tests.quality.judging import EyeAxis, FloatArray, Reading
from tests.quality.similarity import Similarity

Picture = NDArray[np.uint8]
Mask = NDArray[np.bool_]

ALLOWED = (1.3, 1.2)
"""Semi-axes of the ellipse that may change, along and across the corner line, eye widths."""
CORE = (0.75, 0.5)
TOUCHED = 1.0
"""Mean change of the eye beyond which somebody painted there, 8-bit levels."""

GREY_SPREAD = 24
"""Between the channels, 99th percentile of a photo's pixels, 8-bit levels; below it is grey or nearly."""
TINT = 10
"""Beyond the spread that the photo had, this is colour."""
LEAST_TINT = 14


@dataclass(frozen=True)
class EyeSeen:
    """One labelled eye.

    Attributes:
        state: as the product saw it in the photo; None where it found no such face, or is not the product.
        strategy, reason: of the product; "" where it gives none.
        touched, opened: by the judges.
        before, after: likeness to the truth.
        iris_difference: to the person's own other eye, CIEDE2000.
        frame_shift: of the frame of glasses, px.
    """

    face_index: int
    side: Side
    label: EyeState
    state: EyeState | None = None
    strategy: str = ""
    reason: str = ""
    touched: bool = False
    opened: bool = False
    seam: float | None = None
    before: Similarity | None = None
    after: Similarity | None = None
    iris_difference: float | None = None
    frame_shift: float | None = None


def ellipse(shape: tuple[int, ...], axis: EyeAxis, semi_axes: tuple[float, float] = ALLOWED) -> Mask:
    """Pixels around an eye, shape (height, width)."""
    rows, columns = np.ogrid[: shape[0], : shape[1]]
    x, y = columns - axis.middle[0], rows - axis.middle[1]
    along = (x * axis.along[0] + y * axis.along[1]) / (semi_axes[0] * axis.width)
    across = (y * axis.along[0] - x * axis.along[1]) / (semi_axes[1] * axis.width)
    return np.asarray(along**2 + across**2 <= 1)


def touched(before: Picture, after: Picture, axis: EyeAxis) -> bool:
    """Whether the eye itself was painted on."""
    half = int(np.ceil(max(CORE) * axis.width)) + 1
    x, y = np.maximum(axis.middle.astype(int) - half, 0)
    window = np.s_[y : y + 2 * half, x : x + 2 * half]
    moved = EyeAxis(axis.middle - (x, y), axis.along, axis.width)
    core = ellipse(before[window].shape, moved, CORE)
    change = np.abs(before[window].astype(np.int16) - after[window]).max(axis=2)[core]
    return bool(change.size and change.mean() > TOUCHED)


def iris_difference(before: Picture, after: Picture, own: Reading, new: Reading, side: Side) -> float | None:
    """Of an opened eye to the person's own open one; None in a grey photo, or where an iris is hidden."""
    other: Side = "right" if side == "left" else "left"
    if own.mesh is None or new.mesh is None or is_grey(before):
        return None
    try:
        return colour_difference(iris_colour(before, own.mesh, other), iris_colour(after, new.mesh, side))
    except ValueError:
        return None


def iris_position(mesh: FloatArray, axis: EyeAxis, side: Side) -> float:
    """Of the iris along the corner line, in the picture's direction: 0.5 in the middle."""
    center = mesh[468 if side == "left" else 473]
    along = float((center - axis.middle) @ axis.along) / axis.width
    return 0.5 + (along if side == "left" else -along)


def gaze_mismatch(reading: Reading) -> float | None:
    """How differently the irises of a face sit between their corners: 0 is a parallel look."""
    if reading.mesh is None:
        return None
    left, right = (iris_position(reading.mesh, reading.axis(side), side) for side in ("left", "right"))
    return abs(left - right)


def is_grey(picture: Picture) -> bool:
    return bool(np.percentile(_spread(picture), 99) < GREY_SPREAD)


def tinted(before: Picture, after: Picture) -> float | None:
    """Share of the edited pixels that got colour in a grey photo; None in a photo of colours."""
    edited = (before != after).any(axis=2)
    if not edited.any() or not is_grey(before):
        return None
    colour = max(LEAST_TINT, float(np.percentile(_spread(before), 99)) + TINT)
    return float((_spread(after)[edited] > colour).mean())


def _spread(picture: Picture) -> NDArray[np.int16]:
    return np.asarray(np.ptp(picture.astype(np.int16), axis=2), np.int16)
