"""The face detector network on one look, and its candidates in the photo's frame.

MediaPipe's dense full-range detector (Apache-2.0): 192 x 192 RGB in -1..1; one anchor in each cell of
a 48 x 48 grid answers box centre, box size and six key points as offsets in look pixels, and a logit.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from face.app.src.onnx_models import DETECTOR, Network, open_network
from face.app.src.picture_pyramid import FloatArray, PicturePyramid, Square

LOOK = 192
GRID = 48
BOXES, LOGITS = "reshaped_regressor_face_4", "reshaped_classifier_face_4"
"""Names of the outputs."""
LOGIT_LIMIT = 60.0
"""Beyond, the logistic function is 0 or 1 in double precision; avoids overflow warnings."""


@dataclass(frozen=True)
class Candidate:
    """A face that the detector suspects.

    Attributes:
        box: x1, y1, x2, y2 in the photo, axis-aligned around the (perhaps turned) square of the face.
        score: 0..1.
        roll: radians, direction from the viewer's left eye to the right one, positive clockwise.
        relative_size: side of the face over the side of the look that found it.
    """

    box: tuple[float, float, float, float]
    score: float
    roll: float
    relative_size: float

    @property
    def center(self) -> tuple[float, float]:
        return (self.box[0] + self.box[2]) / 2, (self.box[1] + self.box[3]) / 2

    @property
    def side(self) -> float:
        return max(self.box[2] - self.box[0], self.box[3] - self.box[1])


class FaceDetector:
    """The network with its anchors; loaded when first used, or by `load`."""

    def __init__(self) -> None:
        cell = (np.arange(GRID) + 0.5) * (LOOK / GRID)
        self._anchors = np.stack(np.meshgrid(cell, cell), -1).reshape(-1, 2)
        self._network: Network | None = None

    def load(self) -> Network:
        self._network = self._network or open_network(DETECTOR)
        return self._network

    def candidates(self, pyramid: PicturePyramid, square: Square, least_score: float) -> list[Candidate]:
        """Candidates of at least `least_score` in one look; neighbouring anchors are not yet merged."""
        network = self.load()
        look = pyramid.look(square, LOOK).astype(np.float32) / 127.5 - 1.0
        answer = network.run(look)
        boxes, logits = answer[BOXES][0].astype(float), answer[LOGITS][0, :, 0]
        scores = 1 / (1 + np.exp(-np.clip(logits, -LOGIT_LIMIT, LOGIT_LIMIT)))
        chosen = np.flatnonzero(scores >= least_score)
        return self._decoded(boxes[chosen], self._anchors[chosen], scores[chosen], square)

    @staticmethod
    def _decoded(
        values: FloatArray, anchors: FloatArray, scores: FloatArray, square: Square
    ) -> list[Candidate]:
        """Candidates of the network's rows (n, 16) at their anchors (n, 2)."""
        x, y = square.to_photo((values[:, :2] + anchors) / LOOK).T
        # key points 0 and 1 are the eyes, the viewer's left one first
        eyes = values[:, 4:8].reshape(-1, 2) + np.repeat(anchors, 2, axis=0)
        left, right = np.moveaxis(square.to_photo(eyes / LOOK).reshape(-1, 2, 2), 1, 0)
        roll = np.arctan2(*(right - left).T[::-1])
        size = np.abs(values[:, 2:4]).max(axis=1) / LOOK
        half = size * square.side / 2
        boxes = np.stack([x - half, y - half, x + half, y + half], axis=1)
        columns = (boxes.tolist(), scores.tolist(), roll.tolist(), size.tolist())
        return [Candidate((a, b, c, d), *rest) for (a, b, c, d), *rest in zip(*columns)]
