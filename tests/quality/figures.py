"""From observations to figures, and which of them may not fall."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from operator import attrgetter

import numpy as np

from tests.quality import counting
from tests.quality.cases import Half
from tests.quality.counting import Measure, likeness, of_closed_eyes, of_faces
from tests.quality.made_cases import MADE, REOPENED
from tests.quality.observing import Observation
from tests.quality.sunglasses_cases import SUNGLASSES


@dataclass(frozen=True)
class Figure:
    """One figure of a table.

    Attributes:
        values: what it is the mean, or the sum, of; None counts for nothing.
        floor: how far it may move at least: what is too small to matter; None where a figure depends on the
            machine or on the truth alone and holds nobody.
    """

    name: str
    title: str
    digits: int
    higher_is_better: bool
    floor: float | None
    values: Measure
    is_sum: bool = False

    def of(self, observations: Sequence[Observation]) -> tuple[float, int] | None:
        """Value and number of values; None where there is nothing to measure."""
        found = [float(value) for value in self.values(observations) if value is not None]
        if not found:
            return None
        return float(np.sum(found) if self.is_sum else np.mean(found)), len(found)


_UP, _DOWN = True, False
_before, _after = attrgetter("before"), attrgetter("after")
_psnr, _ssim, _texture = attrgetter("psnr"), attrgetter("ssim"), attrgetter("texture")
_seam, _iris = attrgetter("seam"), attrgetter("iris_difference")
_frame = attrgetter("frame_shift")
_gaze, _gaze_true = attrgetter("gaze_mismatch"), attrgetter("gaze_mismatch_true")
_id_change = attrgetter("identity_before_after")
_id_before, _id_after = attrgetter("identity_before_true"), attrgetter("identity_after_true")
FIGURES = (
    Figure("state_right", "eye states right, of those decided", 3, _UP, 0.005, counting.state_right),
    Figure("undetermined", "eyes undetermined", 3, _DOWN, 0.01, counting.undetermined),
    Figure("winks_right", "winks with both eyes right", 3, _UP, 0.01, counting.winks_right),
    Figure("faces_found", "labelled faces found", 3, _UP, 0.005, counting.faces_found),
    Figure("false_faces", "faces beyond the labelled ones", 0, _DOWN, 0.0, counting.false_faces, is_sum=True),
    Figure("no_person_edited", "edits of no person", 0, _DOWN, 0.0, counting.edits_of_no_person, is_sum=True),
    Figure("opened", "labelled closed eyes opened", 3, _UP, 0.01, counting.opened),
    Figure("opened_of_painted", "of those painted, opened", 3, _UP, 0.01, counting.opened_of_painted),
    Figure("open_touched", "labelled open eyes repainted", 0, _DOWN, 0.0, counting.open_touched, is_sum=True),
    Figure(
        "hidden_touched",
        "eyes behind sunglasses painted on",
        0,
        _DOWN,
        0.0,
        counting.hidden_touched,
        is_sum=True,
    ),
    Figure("pixels_outside", "pixels changed outside", 0, _DOWN, 0.0, counting.pixels_outside, is_sum=True),
    Figure("identity", "identity, photo to result", 3, _DOWN, 0.01, of_faces(_id_change)),
    Figure("id_closed", "identity to the truth, closed", 3, _DOWN, None, of_faces(_id_before)),
    Figure("id_true", "identity to the truth, result", 3, _DOWN, 0.01, of_faces(_id_after)),
    Figure("psnr_closed", "PSNR to the truth, closed", 2, _UP, None, likeness(_before, _psnr)),
    Figure("psnr", "PSNR to the truth, result", 2, _UP, 0.1, likeness(_after, _psnr)),
    Figure("ssim_closed", "SSIM to the truth, closed", 3, _UP, None, likeness(_before, _ssim)),
    Figure("ssim", "SSIM to the truth, result", 3, _UP, 0.005, likeness(_after, _ssim)),
    Figure("texture_closed", "texture distance, closed", 3, _DOWN, None, likeness(_before, _texture)),
    Figure("texture", "texture distance, result", 3, _DOWN, 0.01, likeness(_after, _texture)),
    Figure("iris_difference", "iris to the other eye's, CIEDE2000", 2, _DOWN, 0.3, of_closed_eyes(_iris)),
    Figure("tinted", "edited pixels tinted in grey photos", 3, _DOWN, 0.005, counting.tinted),
    Figure("gaze_mismatch", "gaze mismatch", 3, _DOWN, 0.005, of_faces(_gaze)),
    Figure("gaze_mismatch_true", "gaze mismatch of the truth", 3, _DOWN, None, of_faces(_gaze_true)),
    Figure("seam", "seam", 3, _DOWN, 0.02, of_closed_eyes(_seam)),
    Figure("frame_shift", "shift of glasses' frames, px", 2, _DOWN, 0.1, of_closed_eyes(_frame)),
    Figure("seconds", "seconds a photo", 2, _DOWN, None, counting.seconds),
    Figure("peak_mb", "memory of the largest process, MB", 0, _DOWN, None, counting.peak_mb),
)

ALL = "all labelled"


@dataclass(frozen=True, order=True)
class Row:
    """What a figure is over. half: "" for all persons."""

    backend: str
    category: str
    half: Half | str = ""

    def __str__(self) -> str:
        return " ".join(filter(None, (self.backend, self.category, self.half)))


Measured = dict[str, tuple[float, int]]
"""Name of a figure -> value, number of values."""
Table = dict[Row, Measured]


def tabulate(observations: Sequence[Observation]) -> Table:
    """Every figure of every category by every backend, and of both halves of the labelled persons."""
    rows: dict[Row, list[Observation]] = {}
    for observation in observations:
        for row in _rows(observation):
            rows.setdefault(row, []).append(observation)
    return {row: measure(rows[row]) for row in sorted(rows)}


def measure(observations: Sequence[Observation]) -> Measured:
    values = {figure.name: figure.of(observations) for figure in FIGURES}
    return {name: value for name, value in values.items() if value is not None}


def _rows(observation: Observation) -> list[Row]:
    backend, case = observation.result.backend, observation.case
    rows = [Row(backend, case.category)]
    if case.category == REOPENED:
        rows.append(Row(backend, REOPENED, case.half))
    elif case.category not in (MADE, SUNGLASSES):
        rows += [Row(backend, ALL), Row(backend, ALL, case.half)]
    return rows


def confusion(observations: Sequence[Observation]) -> dict[tuple[str, str], int]:
    """(label, state seen) -> eyes; the state is "not found" where the face was not."""
    counts: dict[tuple[str, str], int] = {}
    for eye in counting.eyes(observations):
        key = (str(eye.label), eye.state or "not found")
        counts[key] = counts.get(key, 0) + 1
    return counts
