"""Photos of our own making, of which the truth is known: open eyes closed with their own lids.

`made`: the public-domain portraits of the samples in many lights and media; they need no photos from
elsewhere. `reopened`: labelled portraits with open eyes, where they are at hand, as far as the judges take
the eyes for closed then. What closes eyes (tools/eye_closing.py) shares nothing with what opens them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import get_args

import cv2
import numpy as np
from numpy.typing import NDArray

from contracts.face import SIDES, EyeState, Side
from imaging.eye_mesh import INNER_CORNER, OUTER_CORNER, eye_region
from imaging.photo import read_photo
from tests.edit_regions import faces_in
from tests.quality.cases import Case, LabelledFace, Truth
from tests.quality.conditions import CONDITIONS
from tests.quality.judging import Place
from tools.eye_closing import LidSkin, close_eye
from tools.make_samples import LANDMARKS, SAMPLES, make_sample

MADE, REOPENED = "made", "reopened"
_OPEN_OF = {"portrait": "portrait_open.jpg", "glasses": "glasses_open.jpg"}

Picture = NDArray[np.uint8]
FloatArray = NDArray[np.float64]

BOX = (1.1, 1.1, 1.1, 1.7)
"""Left, top, right and bottom of a face from the middle between its eyes, inter-ocular distances: as
detectors draw it."""


def place_of(eyes: FloatArray) -> Place:
    """The place of an upright face by its eye centres, the viewer's left first, shape (2, 2)."""
    (x, y), distance = eyes.mean(axis=0), float(np.linalg.norm(eyes[1] - eyes[0]))
    left, top, right, bottom = (share * distance for share in BOX)
    (x1, y1), (x2, y2) = eyes.tolist()
    return Place((x - left, y - top, x + right, y + bottom), ((x1, y1), (x2, y2)))


def made_cases(folder: Path) -> Iterator[Case]:
    """Every closed sample in every condition; the same condition on the open one is the truth."""
    for sample, (portrait, closed) in SAMPLES.items():
        if not closed:
            continue
        truth, picture = make_sample(_OPEN_OF[sample.split("_")[0]]), make_sample(sample)
        eyes = eyes_of_sample(sample)
        for name, condition in CONDITIONS.items():
            name = f"{Path(sample).stem}_{name}"
            place = place_of(condition.move(eyes, picture.shape))
            yield Case(
                name=name,
                category=MADE,
                person=portrait.name,
                photo=written(folder / f"{name}.png", condition.change(picture)),
                faces=(LabelledFace(place, _states(closed)),),
                truth=Truth(
                    written(folder / f"{name}_truth.png", condition.change(truth)), (place,), same_frame=True
                ),
                glasses="glasses" in sample,
            )


def eyes_of_sample(sample: str) -> FloatArray:
    portrait, _ = SAMPLES[sample]
    regions = json.loads(LANDMARKS.read_text(encoding="utf-8"))[portrait.name]
    centers = np.array(
        [np.mean(np.array(regions[side])[[OUTER_CORNER, INNER_CORNER], :2], axis=0) for side in SIDES]
    )
    return np.asarray((centers - portrait.crop[:2] + 0.5) * portrait.scale - 0.5, float)


def _states(closed: Iterable[Side]) -> tuple[tuple[Side, EyeState], ...]:
    shut = set(closed)
    return tuple((side, "closed" if side in shut else "open") for side in SIDES)


def closings(labelled: Iterable[Case], folder: Path) -> Iterator[Case]:
    """Single portraits with both eyes open, closed in every way that lids can be warped.

    Not every way suits every face, so the judges choose. Left out are portraits of which no face is found,
    or whose eyes are at the border, and glasses: their frames would be warped along.
    """
    for case in labelled:
        if case.glasses or case.faces is None or len(case.faces) != 1 or not case.faces[0].is_open:
            continue
        picture, place = read_photo(case.photo).as_rgb8(), case.faces[0].place
        truth = Truth(written(folder / f"{case.name}_truth.png", picture), (place,), same_frame=True)
        for skin in get_args(LidSkin):
            closed = _closed(picture, skin)
            if closed is None:
                continue
            name = f"{case.name}_closed_from_{skin}"
            yield Case(
                name=name,
                category=REOPENED,
                person=case.person,
                photo=written(folder / f"{name}.png", closed),
                faces=(LabelledFace(place, _states(SIDES)),),
                truth=truth,
            )


def _closed(picture: Picture, skin: LidSkin) -> Picture | None:
    faces = faces_in(picture)
    if len(faces) != 1:
        return None
    mesh = np.asarray(faces[0].mesh)
    levels = (picture / 255).astype(np.float32)
    try:
        for side in SIDES:
            levels = close_eye(levels, eye_region(mesh, side)[:, :2], skin)
    except ValueError:  # too near to the border
        return None
    return np.round(levels * 255).astype(np.uint8)


def written(path: Path, picture: Picture) -> Path:
    if not cv2.imwrite(str(path), picture[..., ::-1]):
        raise OSError(f"{path} cannot be written")
    return path
