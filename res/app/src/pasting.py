"""Bringing a restored face back into the picture, and nothing else. Needs NumPy and OpenCV.

What is pasted is the difference between the face after and before: detail of a big face, finer than the
aligned frame holds, stays, and no change stays no change.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from imaging import affine
from imaging.canvas import Canvas
from imaging.crop_return import Box, warp_to_photo
from res.app.src.alignment import FACE_SIZE

FloatArray = NDArray[np.float64]
FloatImage = NDArray[np.float32]


class FacePaster:
    """Pastes the faces of one picture, one after the other.

    Where two faces overlap, cheek to cheek, the later one takes the share that the earlier ones left:
    their changes are mixed there and do not add up.
    """

    def __init__(self, canvas: Canvas) -> None:
        self._canvas = canvas
        self._pasted: list[tuple[Box, FloatImage]] = []

    def paste(self, difference: FloatImage, mask: FloatImage, transform: FloatArray) -> Box | None:
        """Add a difference under a mask.

        Args:
            difference: (FACE_SIZE, FACE_SIZE, 3), sRGB-encoded.
            mask: (FACE_SIZE, FACE_SIZE), 0 keep .. 1 take.
            transform: (2, 3) canvas -> aligned frame.

        Returns:
            The box that was touched; None where nothing of the face lies in the picture.
        """
        box = _box_of(mask, transform, self._canvas.size)
        if box is None:
            return None
        weight = np.clip(warp_to_photo(mask, transform, box, linear=True), 0.0, 1.0)
        share = weight * self._left(box)
        before = self._canvas.read(box)
        changed = before + share[:, :, None] * warp_to_photo(difference, transform, box)
        self._canvas.write(box, before, np.clip(changed, 0.0, 1.0), share > 0)
        self._pasted.append((box, share))
        return box

    def _left(self, box: Box) -> FloatImage:
        """Share of each pixel of a box that no face has taken yet, 0..1."""
        x1, y1, x2, y2 = box
        left = np.ones((y2 - y1, x2 - x1), np.float32)
        for other, share in self._pasted:
            a1, b1, a2, b2 = max(x1, other[0]), max(y1, other[1]), min(x2, other[2]), min(y2, other[3])
            if a1 < a2 and b1 < b2:
                taken = share[b1 - other[1] : b2 - other[1], a1 - other[0] : a2 - other[0]]
                left[b1 - y1 : b2 - y1, a1 - x1 : a2 - x1] -= taken
        return left


def _box_of(mask: FloatImage, transform: FloatArray, size: tuple[int, int]) -> Box | None:
    """The canvas's box around all that the mask touches, inside of the picture."""
    rows, columns = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
    if not len(rows):
        return None
    x1, x2 = max(columns[0] - 1, 0), min(columns[-1] + 1, FACE_SIZE)
    y1, y2 = max(rows[0] - 1, 0), min(rows[-1] + 1, FACE_SIZE)
    corners = affine.apply(affine.inverse(transform), [(x1, y1), (x2, y1), (x1, y2), (x2, y2)])
    low = np.maximum(np.floor(corners.min(axis=0)).astype(int), 0)
    high = np.minimum(np.ceil(corners.max(axis=0)).astype(int) + 1, size)
    if (low >= high).any():
        return None
    return int(low[0]), int(low[1]), int(high[0]), int(high[1])
