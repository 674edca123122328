"""A judge that looks at pixels instead of landmarks, which take every second smear of skin for an eye.

Gradient histograms of the eye, and a linear classifier that is trained anew in every run on the labelled
photos as they are. Who is judged was never trained on: eyes of one half of the persons are judged by what
was learned from the other half.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from contracts.face import EyeState
from tests.quality.cases import Half
from tests.quality.judging import EyeAxis

FloatArray = NDArray[np.float64]
Picture = NDArray[np.uint8]

PATCH = (48, 32)
"""Columns and rows; the eye is from corner to corner `EYE_SHARE` of the columns."""
EYE_SHARE = 0.6
CELL, BLOCK, DIRECTIONS = 8, 2, 9
PENALTY = 0.3
"""Of the weights' squares, as in ridge regression; a few hundred eyes do not tell 540 weights apart."""
LEAST_EXAMPLES = 20
OTHER: Mapping[Half, Half] = {"A": "B", "B": "A"}


@dataclass(frozen=True)
class Example:
    """An eye with a label, by `features`."""

    features: FloatArray
    state: EyeState
    half: Half


@dataclass(frozen=True)
class Appearance:
    """What was learned: for each half the weights to judge it by, and how often they were right on it."""

    weights: Mapping[Half, FloatArray]
    right: float

    def openness(self, features: FloatArray, half: Half) -> float:
        """0 closed to 1 open."""
        return _openness(self.weights[half], features)


def features(picture: Picture, axis: EyeAxis) -> FloatArray:
    """Gradient histograms of an eye, its outer corner to the left, shape (540,)."""
    from skimage.feature import hog

    scale = EYE_SHARE * PATCH[0] / axis.width
    down = np.array([-axis.along[1], axis.along[0]])
    down = down if down[1] > 0 else -down
    turn = scale * np.stack([axis.along, down])
    matrix = np.column_stack([turn, np.array(PATCH) / 2 - turn @ axis.middle])
    reach = int(2 * axis.width) + 2
    x, y = np.maximum(axis.middle.astype(int) - reach, 0)
    window = picture[y : y + 2 * reach, x : x + 2 * reach]
    matrix[:, 2] += matrix[:, :2] @ (x, y)
    if scale < 1:
        window = np.asarray(cv2.GaussianBlur(window, (0, 0), 0.4 / scale), np.uint8)
    patch = cv2.warpAffine(window, matrix, PATCH, borderMode=cv2.BORDER_REPLICATE)
    grey = cv2.cvtColor(patch, cv2.COLOR_RGB2GRAY)
    described = hog(
        grey, orientations=DIRECTIONS, pixels_per_cell=(CELL, CELL), cells_per_block=(BLOCK, BLOCK)
    )
    return np.asarray(described, float)


def learn(examples: Sequence[Example]) -> Appearance | None:
    """None where there are too few examples of a state in a half."""
    halves: dict[Half, list[Example]] = {"A": [], "B": []}
    for example in examples:
        halves[example.half].append(example)
    counts = [sum(e.state == state for e in half) for half in halves.values() for state in ("open", "closed")]
    if min(counts) < LEAST_EXAMPLES:
        return None
    weights = {half: _fit(halves[OTHER[half]]) for half in halves}
    right = [(_openness(weights[e.half], e.features) > 0.5) == (e.state == "open") for e in examples]
    return Appearance(weights, float(np.mean(right)))


def _openness(weights: FloatArray, found: FloatArray) -> float:
    return float(1 / (1 + np.exp(-(found @ weights[:-1] + weights[-1]))))


def _fit(examples: Sequence[Example]) -> FloatArray:
    """Logistic regression; both states weigh the same."""
    from scipy.optimize import minimize

    rows = np.array([[*example.features, 1.0] for example in examples])
    is_open = np.array([example.state == "open" for example in examples])
    sign = np.where(is_open, 1.0, -1.0)
    share = np.where(is_open, 0.5 / is_open.sum(), 0.5 / (~is_open).sum()) * len(examples)

    def loss(weights: FloatArray) -> tuple[float, FloatArray]:
        margin = sign * (rows @ weights)
        slope = -share * sign / (1 + np.exp(margin))
        free = np.append(weights[:-1], 0.0)
        value = (share * np.logaddexp(0, -margin)).sum() + PENALTY / 2 * (free @ free)
        return float(value), slope @ rows + PENALTY * free

    return np.asarray(minimize(loss, np.zeros(rows.shape[1]), jac=True, method="L-BFGS-B").x, float)
