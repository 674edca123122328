"""What independent judges see in pictures: asked in one process, in their own environment."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from contracts.face import Side
from environments.places import CHECKOUT
from environments.reexec import child_environment
from environments.store import environment_python
from imaging.eye_mesh import corners
from tests.photos import PHOTOS

FloatArray = NDArray[np.float64]

MODELS = PHOTOS.parent / "models" / "scorer"
MEDIAPIPE_MODEL = MODELS / "face_landmarker.task"

_EYE_OF_68: dict[Side, slice] = {"left": slice(36, 42), "right": slice(42, 48)}
_CORNERS_OF_68: dict[Side, tuple[int, int]] = {"left": (36, 39), "right": (45, 42)}
"""Outer, inner."""


@dataclass(frozen=True)
class Place:
    """A face in a picture: box (left, top, right, bottom) and eye centres, the viewer's left first."""

    bbox: tuple[float, float, float, float]
    eyes: tuple[tuple[float, float], tuple[float, float]]


Look = tuple[Path, Place]


@dataclass(frozen=True)
class EyeAxis:
    """Middle of the corners, unit vector from the outer to the inner one, and their distance in px."""

    middle: FloatArray
    along: FloatArray
    width: float


@dataclass(frozen=True)
class Reading:
    """One face.

    Attributes:
        landmarks: dlib's, shape (68, 2), px.
        identity: dlib's, shape (128,).
        mesh: MediaPipe's, shape (478, 2), px; None where it found nothing or is not there.
        blink: of each side, 0 open to 1 closed; None like mesh.
    """

    landmarks: FloatArray
    identity: FloatArray
    mesh: FloatArray | None
    blink: Mapping[Side, float] | None

    def axis(self, side: Side) -> EyeAxis:
        """By the mesh where there is one."""
        if self.mesh is not None:
            first, last = corners(self.mesh, side)
        else:
            first, last = self.landmarks[list(_CORNERS_OF_68[side])]
        width = max(float(np.linalg.norm(last - first)), 1.0)
        return EyeAxis((first + last) / 2, (last - first) / width, width)

    def aspect_ratio(self, side: Side) -> float:
        """Opening over width, by the 68 landmarks."""
        eye = self.landmarks[_EYE_OF_68[side]]
        opening = np.linalg.norm(eye[1] - eye[5]) + np.linalg.norm(eye[2] - eye[4])
        return float(opening / (2 * max(float(np.linalg.norm(eye[0] - eye[3])), 1e-6)))

    def distance(self, other: Reading) -> float:
        """Between persons: 0 the same picture, 0.6 and more somebody else."""
        return float(np.linalg.norm(self.identity - other.identity))


Readings = Mapping[Look, Reading]


def have_mediapipe() -> bool:
    return MEDIAPIPE_MODEL.is_file()


def read_faces(looks: set[Look], folder: Path) -> dict[Look, Reading]:
    """Ask every judge about every face; the last questions and answers stay in `folder`.

    Raises:
        subprocess.CalledProcessError: the judges gave up; their own words are on stderr.
    """
    asked = {str(number): look for number, look in enumerate(sorted(looks, key=str))}
    questions, answers = folder / "looks.json", folder / "readings.json"
    document = {
        "mediapipe": str(MEDIAPIPE_MODEL) if have_mediapipe() else None,
        "looks": {
            key: {"picture": str(path), "bbox": place.bbox, "eyes": place.eyes}
            for key, (path, place) in asked.items()
        },
    }
    questions.write_text(json.dumps(document), encoding="utf-8")
    python = environment_python(CHECKOUT / "tests", "quality")
    command = [str(python), "-m", "tests.quality.judges", str(questions), str(answers)]
    subprocess.run(command, env=child_environment(), check=True)
    found: dict[str, dict[str, Any]] = json.loads(answers.read_text(encoding="utf-8"))
    return {asked[key]: _reading(answer) for key, answer in found.items()}


def _reading(answer: Mapping[str, Any]) -> Reading:
    mesh = answer["mesh"]
    return Reading(
        np.array(answer["landmarks"]),
        np.array(answer["identity"]),
        None if mesh is None else np.array(mesh),
        answer["blink"],
    )
