"""dlib's face recognition network: 128 numbers that are near each other for faces of one person.

The network and its weights are Davis King's (dlib_face_recognition_resnet_model_v1, public domain); they
come in the package face-recognition-models. Its landmark predictors are not used: five points of the
mesh take their place.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from contracts.envelope import Notice
from contracts.error_codes import ErrorCode, StageError
from contracts.exit_codes import ExitCode

if TYPE_CHECKING:
    import dlib

SPACE = "dlib_resnet_v1"
CUT = 0.42
"""Measured on 97 labelled faces: of 16 people with closed and with open eyes 13 are below it (0.23-0.37),
and no two strangers, of which the nearest are 0.441 apart, men and babies among them whom the network
tells less well apart. dlib's own cut, 0.6, takes 8 % of the strangers for one person."""
BURST_CUT = 0.6
"""Closed eyes, a turned head and a grimace move one person's vectors up to 0.575 apart."""
SMALLEST = 16.0
"""px between the eyes; the chip has 150 px a side, and of smaller faces it shows only blur."""
PACKAGE = "face_recognition_models"
WEIGHTS = "dlib_face_recognition_resnet_model_v1.dat"

_FIVE_POINTS = (263, 362, 33, 133, 2)
"""Mesh indices of dlib's five points: corners of the subject's left eye (outer, inner), of the right eye,
and the base of the nose."""
_MARGIN = 0.8
"""Of the five points' extent, around them, that the network's chip reaches into."""


def weights_path() -> Path:
    """The network's file inside the installed package, which is not imported: it needs more to be.

    Raises:
        StageError: WEIGHTS_MISSING.
    """
    spec = importlib.util.find_spec(PACKAGE)
    for folder in (spec.submodule_search_locations or []) if spec else []:
        path = Path(folder) / "models" / WEIGHTS
        if path.is_file():
            return path
    raise StageError(
        ErrorCode.WEIGHTS_MISSING,
        f"{WEIGHTS} is not installed",
        "remove the environment of face/identity, so that it is made again",
        ExitCode.ENVIRONMENT,
    )


class DlibNetwork:
    """The network, loaded."""

    space, cut, burst_cut, smallest = SPACE, CUT, BURST_CUT, SMALLEST
    notices: tuple[Notice, ...] = ()

    def __init__(self) -> None:
        import dlib

        self._dlib = dlib
        self._network = dlib.face_recognition_model_v1(str(weights_path()))

    def vector(self, photo: NDArray[np.uint8], mesh: NDArray[np.float64]) -> tuple[float, ...]:
        """The identity vector of one face: 128 numbers of length about 1.4.

        Args:
            photo: (height, width, 3) RGB.
            mesh: (478, 3), photo px.
        """
        points = mesh[list(_FIVE_POINTS), :2]
        reach = _MARGIN * float(np.ptp(points, axis=0).max()) * 2
        low = np.maximum(np.floor(points.min(axis=0) - reach), 0).astype(int)
        high = np.ceil(points.max(axis=0) + reach).astype(int) + 1
        region = np.ascontiguousarray(photo[low[1] : high[1], low[0] : high[0]])
        descriptor = self._network.compute_face_descriptor(region, self._shape(points - low))
        return tuple(round(float(value), 6) for value in descriptor)

    def _shape(self, points: NDArray[np.float64]) -> dlib.full_object_detection:
        x1, y1 = np.floor(points.min(axis=0)).astype(int)
        x2, y2 = np.ceil(points.max(axis=0)).astype(int)
        box = self._dlib.rectangle(int(x1), int(y1), int(x2), int(y2))
        return self._dlib.full_object_detection(
            box, [self._dlib.point(round(float(x)), round(float(y))) for x, y in points]
        )
