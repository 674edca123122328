"""A face made of numbers, networks made of functions, and a request to restore the one with the other."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from contracts.codec import from_dict, to_dict
from contracts.envelope import Item, ItemResult, Request
from contracts.face import Face
from contracts.files import write_json
from contracts.res import RestoreItemData, RestoreItemParams, RestoreParams
from contracts.stage import Job
from imaging import affine
from imaging.eye_mesh import IRIS
from imaging.png_writer import write_png
from res.app.src.alignment import MOUTH_CORNERS, NOSE_TIP, TEMPLATE
from res.app.src.face_outline import FACE_OVAL
from res.app.src.held_network import HeldNetwork
from res.app.src.session import RestorationSession
from tests.synthetic_faces import face_document, face_of, synthetic_mesh

FloatArray = NDArray[np.float64]
FloatImage = NDArray[np.float32]

TEMPLATE_EYES = float(np.linalg.norm(TEMPLATE[1] - TEMPLATE[0]))


def open_face(middle: tuple[float, float], inter_ocular: float, index: int = 0, tilt: float = 0.0) -> Face:
    """A face whose five points lie as in the template, with open eyes and round irises.

    Args:
        middle: between the eyes.
    """
    mesh = synthetic_mesh((0.0, 0.0), inter_ocular, openness=0.4)
    factor = inter_ocular / TEMPLATE_EYES
    points = (TEMPLATE - TEMPLATE[:2].mean(axis=0)) * factor
    mesh[[NOSE_TIP, *MOUTH_CORNERS], :2] = points[2:]
    angle = np.linspace(-np.pi / 2, 1.5 * np.pi, len(FACE_OVAL), endpoint=False)
    oval = np.column_stack([np.cos(angle) * 1.05, np.sin(angle) * 1.4 + 0.45]) * inter_ocular
    mesh[list(FACE_OVAL), :2] = oval
    for side, x in (("left", points[0, 0]), ("right", points[1, 0])):
        spokes = np.array([[0, 0], [1, 0], [0, -1], [-1, 0], [0, 1]]) * 0.09 * inter_ocular
        mesh[list(IRIS[side]), :2] = spokes + np.array([x, points[0, 1]])
    turn = np.array([[np.cos(tilt), -np.sin(tilt), 0.0], [np.sin(tilt), np.cos(tilt), 0.0]])
    mesh[:, :2] = affine.apply(turn, mesh[:, :2]) + middle
    return face_of(mesh, index, closed=())


@dataclass
class FakeNetwork:
    """change: an aligned face -> what the network makes of it. asked: how often it was."""

    change: Callable[[FloatImage], FloatImage]
    asked: int = 0
    fidelities: list[float] = field(default_factory=list)

    def restore(self, face: FloatImage, fidelity: float) -> FloatImage:
        self.asked += 1
        self.fidelities.append(fidelity)
        return self.change(face)

    def packages(self) -> Mapping[str, str]:
        return {"fake": "1"}


@dataclass
class Stage:
    """A session with a fake network, and a folder for its pictures."""

    folder: Path
    network: FakeNetwork

    def __post_init__(self) -> None:
        self.session = RestorationSession(HeldNetwork("codeformer", lambda path: self.network))
        (self.folder / "weights.pth").write_bytes(b"weights")

    def photo(
        self, levels: NDArray[Any], faces: tuple[Face, ...], alpha: NDArray[Any] | None = None, icc: Any = ()
    ) -> None:
        """The picture to be restored and the faces that a look at it has found."""
        write_png(self.folder / "in.png", levels, alpha, icc)
        document = face_document((levels.shape[1], levels.shape[0]), *faces)
        write_json(self.folder / "faces.json", to_dict(document))

    def ask(self, faces: tuple[int, ...] | None = None, **params: Any) -> ItemResult:
        weights = params.pop("weights", {"codeformer": "all:weights.pth"})
        item = Item(
            "original",
            photo="all:in.png",
            inputs={"face_json": "all:faces.json"},
            outputs={"image": "all:out.png", "debug": "all:debug.png"},
            params=to_dict(RestoreItemParams(faces)),
        )
        roots = {"all": str(self.folder)}
        asked = to_dict(RestoreParams(weights=weights, **params))
        request = Request("r", "run", "res", "codeformer", (item,), roots, params=asked)
        (result,) = self.session.run(Job(request))
        return result


def data_of(result: ItemResult) -> RestoreItemData:
    assert result.error is None, result.error
    return from_dict(RestoreItemData, result.data)
