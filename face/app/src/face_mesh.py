"""The 478-point mesh of a face, read from a few upright looks.

MediaPipe's face landmark network with attention (Apache-2.0): 192 x 192 RGB in 0..1; answers 468 points
(x, y, z in look pixels, edge to edge), finer points for each eye region, five for each iris, and a logit
that says whether this is a face.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from contracts.face import SIDES
from face.app.src.onnx_models import MESH, Network, open_network
from face.app.src.picture_pyramid import FloatArray, PicturePyramid, Square
from imaging.eye_mesh import EYE_REGION, IRIS, MESH_POINTS, POLYGON, inter_ocular_distance

LOOK = 192
SURFACE_POINTS = 468
MARGIN = 1.5
"""Side of the look over the side of the face; the network was trained with this margin."""
VIEWS = (0.94, 1.0, 1.06)
"""Sides of the looks whose meshes are averaged. The mesh of a single look depends on how the pixels fall:
lid distances jump by up to 5 % of the eye width between two looks, their mean over three by 2 %."""
OUTER_CORNERS = (33, 263)


@dataclass(frozen=True)
class MeshReading:
    """One face's mesh.

    Attributes:
        mesh: (478, 3), photo px; z negative towards the viewer.
        presence: the network's word that this is a face, 0..1.
        spread: root mean square distance of the looks' points from their mean, over the inter-ocular
            distance; small where the network sees the same face each time.
    """

    mesh: FloatArray
    presence: float
    spread: float


class FaceMesher:
    """The network; loaded when first used, or by `load`."""

    def __init__(self) -> None:
        self._network: Network | None = None

    def load(self) -> Network:
        self._network = self._network or open_network(MESH)
        return self._network

    def read(self, pyramid: PicturePyramid, face: Square) -> MeshReading:
        """Read the mesh of the face in `face` (its own square, without margin).

        The detector's box and tilt are rough: a first look only places the ones that count.
        """
        first, _ = self._look(pyramid, face)
        placed = face_square(first)
        looks = [
            self._look(pyramid, Square(placed.center, placed.side * size, placed.angle)) for size in VIEWS
        ]
        meshes = np.array([mesh for mesh, _ in looks])
        mesh = meshes.mean(0)
        distance = max(inter_ocular_distance(mesh), 1e-6)
        spread = float(np.sqrt(((meshes - mesh)[..., :2] ** 2).sum(-1).mean())) / distance
        return MeshReading(mesh, min(presence for _, presence in looks), spread)

    def _look(self, pyramid: PicturePyramid, face: Square) -> tuple[FloatArray, float]:
        network = self.load()
        square = Square(face.center, face.side * MARGIN, face.angle)
        look = pyramid.look(square, LOOK, cv2.BORDER_REPLICATE).astype(np.float32) / 255.0
        answer = network.run(look)
        flag = float(answer["conv_faceflag"].ravel()[0])
        return _assemble(answer, square), float(1 / (1 + np.exp(-flag)))


def _assemble(answer: dict[str, FloatArray], square: Square) -> FloatArray:
    """The network's outputs as one mesh in the photo's frame."""
    surface = answer["output_mesh_identity"].reshape(SURFACE_POINTS, 3).astype(float)
    mesh = np.zeros((MESH_POINTS, 3))
    mesh[:SURFACE_POINTS] = surface
    for side in SIDES:  # the network's left is the viewer's
        region = list(EYE_REGION[side])
        mesh[region, :2] = answer[f"output_{side}_eye"].reshape(-1, 2)
        iris = list(IRIS[side])
        mesh[iris, :2] = answer[f"output_{side}_iris"].reshape(-1, 2)
        mesh[iris, 2] = mesh[[region[k] for k in POLYGON], 2].mean()
    mesh[:, :2] = square.to_photo(mesh[:, :2] / LOOK)
    mesh[:, 2] *= square.side / LOOK
    return mesh


def face_square(mesh: FloatArray) -> Square:
    """The upright square around a mesh, turned along the line through the outer eye corners."""
    left, right = mesh[OUTER_CORNERS[0], :2], mesh[OUTER_CORNERS[1], :2]
    across = right - left
    angle = float(np.arctan2(across[1], across[0]))
    axes = Square((0.0, 0.0), 1.0, angle).axes()
    upright = mesh[:SURFACE_POINTS, :2] @ axes.T
    low, high = upright.min(0), upright.max(0)
    center = (low + high) / 2 @ axes
    return Square((float(center[0]), float(center[1])), float((high - low).max()), angle)
