"""Portraits behind sunglasses that were drawn on them: whatever the eyes do, nothing may be painted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from contracts.face import SIDES, EyeState, Side
from tests.edit_regions import faces_in
from tests.quality.cases import Case, LabelledFace
from tests.quality.made_cases import eyes_of_sample, place_of, written
from tests.quality.sunglasses import PAIRS, wear
from tools.make_samples import SAMPLES, make_sample

SUNGLASSES = "sunglasses"
OPACITIES = (0.9, 0.97)
"""Of sunglasses for strong light: categories 3 and 4 of ISO 12312-1 keep back 82 to 92 % and more."""
_HIDDEN: tuple[tuple[Side, EyeState], ...] = tuple((side, "undetermined") for side in SIDES)


def sunglasses_cases(folder: Path) -> Iterator[Case]:
    """Every sample that shows bare eyes, with every pair of sunglasses, in every opacity."""
    for sample, (portrait, _) in SAMPLES.items():
        if "glasses" in sample:
            continue
        picture, place = make_sample(sample), place_of(eyes_of_sample(sample))
        mesh = np.asarray(faces_in(picture)[0].mesh)
        for pair in PAIRS:
            for opacity in OPACITIES:
                name = f"{Path(sample).stem}_{pair.name}_{100 * opacity:.0f}"
                yield Case(
                    name=name,
                    category=SUNGLASSES,
                    person=portrait.name,
                    photo=written(folder / f"{name}.png", wear(picture, mesh, pair, opacity)),
                    faces=(LabelledFace(place, _HIDDEN),),
                )
