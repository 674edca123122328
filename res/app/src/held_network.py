"""The network that a session holds, and what it has restored lately. Needs NumPy."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from contracts.error_codes import ErrorCode, StageError
from contracts.exit_codes import ExitCode
from contracts.files import sha256_file
from contracts.res import RestoreParams
from contracts.stage import Job
from res.app.src.face_network import FaceNetwork, LoadNetwork

FloatImage = NDArray[np.float32]

REMEMBERED_FACES = 64
"""Restored faces are kept (3 MB each): who asks again without a face that turned out badly, or enlarged,
waits for no network."""


class HeldNetwork:
    """Loaded when a request first names its weights, and again when they change.

    Args:
        name: of the weights in models.json.
        load: loads them.
    """

    def __init__(self, name: str, load: LoadNetwork) -> None:
        self.name = name
        self._load = load
        self._network: FaceNetwork | None = None
        self._file: tuple[Path, int, int] | None = None
        self._sha256 = ""
        self._remembered: OrderedDict[tuple[bytes, float], FloatImage] = OrderedDict()

    def take(self, job: Job, params: RestoreParams) -> None:
        """Load the weights that a request names, where they are not loaded.

        Raises:
            StageError: WEIGHTS_MISSING, or what the loading says.
        """
        if self.name not in params.weights:
            raise _missing(self.name, "the request names none")
        path = job.path(params.weights[self.name])
        if not path.is_file():
            raise _missing(self.name, f"there is no file {path}")
        status = path.stat()
        file = (path, status.st_mtime_ns, status.st_size)
        if self._network is None or file != self._file:
            self._network = None  # before the next one is loaded, so that two never share the memory
            self._remembered.clear()
            self._network = self._load(path)
            self._sha256 = sha256_file(path)
            self._file = file

    def restore(self, face: FloatImage, fidelity: float) -> FloatImage:
        """As `FaceNetwork.restore`, of the network that was taken."""
        assert self._network is not None, "take comes first"
        key = (hashlib.sha256(face.tobytes()).digest(), fidelity)
        if key not in self._remembered:
            self._remembered[key] = self._network.restore(face, fidelity)
            if len(self._remembered) > REMEMBERED_FACES:
                self._remembered.popitem(last=False)
        return self._remembered[key]

    def packages(self) -> dict[str, str]:
        return dict(self._network.packages()) if self._network else {}

    def models(self) -> dict[str, str]:
        """Name -> sha256 of what is loaded."""
        return {self.name: self._sha256} if self._network else {}


def _missing(weights: str, what: str) -> StageError:
    return StageError(
        ErrorCode.WEIGHTS_MISSING,
        f"restoring needs the weights {weights}: {what}",
        f"fetch them: python3 run_pipeline.py models pull {weights}; or name a file that you have",
        ExitCode.ENVIRONMENT,
    )
