"""What a session needs of a restoration network; torch knows nothing of faces, and faces nothing of torch."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

FloatImage = NDArray[np.float32]


class FaceNetwork(Protocol):
    """A network with its weights loaded."""

    def restore(self, face: FloatImage, fidelity: float) -> FloatImage:
        """An aligned face (512, 512, 3), sRGB-encoded 0..1, restored; the same input gives the same output.

        Raises:
            StageError: OUT_OF_MEMORY.
        """

    def packages(self) -> Mapping[str, str]:
        """Package -> version, of what computed."""


class LoadNetwork(Protocol):
    """Loads a network's weights.

    Raises:
        StageError: WEIGHTS_MISSING, WEIGHTS_UNUSABLE, OUT_OF_MEMORY.
    """

    def __call__(self, path: Path) -> FaceNetwork: ...
