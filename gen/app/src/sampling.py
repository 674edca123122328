"""Reading pictures between their pixels. Needs NumPy and OpenCV."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray


def sampled(picture: NDArray[np.float32], points: NDArray[Any]) -> NDArray[np.float32]:
    """Bilinear samples; beyond the border its colours go on.

    Args:
        picture: (height, width) or (height, width, channels).
        points: (n, 2) or (rows, columns, 2), x and y in px.

    Returns:
        (n, 1) or (rows, columns), with the channels as last axis where there are any.
    """
    x, y = np.moveaxis(points.astype(np.float32), -1, 0)
    return np.asarray(cv2.remap(picture, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.float32)
