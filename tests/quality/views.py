"""Pictures for a person who looks at results: faces at fit, eyes at 100 %, before, after and as they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from contracts.face import Side
from tests.quality.cases import LabelledFace
from tests.quality.eye_measures import Picture
from tests.quality.judging import Reading, Readings
from tests.quality.observing import Observation, rgb, truth_in_frame

FACE = (240, 290)
"""Columns and rows of one face at fit."""
EYE = (370, 240)
"""Columns and rows around one eye at 100 %, or around both where the face is small."""
AROUND = (2.4, 1.5)
"""What is shown at most, distances between the eyes."""
GROWN = 0.12
"""What a face is shown with around its box, in sides of the box."""
RESULTS, ON_A_SHEET = 60, 12
SHEET_WIDTH = 1520
GAP = 6


@dataclass(frozen=True)
class View:
    """One face of a result. fit: before, after and the truth. detail: its eyes at 100 %, before and after."""

    title: str
    fit: Path
    detail: Path


def write_views(observation: Observation, readings: Readings, folder: Path) -> list[View]:
    """Of every face with a closed eye."""
    folder.mkdir(parents=True, exist_ok=True)
    case = observation.case
    views = []
    for index, face in enumerate(case.faces or ()):
        if face.is_open:
            continue
        before, after = rgb(case.photo), rgb(observation.result.shown)
        truth = truth_in_frame(case, index, readings)
        shown = [before, after, *([] if truth is None else [truth])]
        name = f"{case.name}_{observation.result.backend}_{index}"
        title = f"{case.name} {observation.result.backend}"
        fit = _labelled(_row([_face(picture, face) for picture in shown]), title)
        detail = _labelled(_details(readings[case.photo, face.place], face, before, after), title)
        views.append(
            View(name, _write(folder / f"{name}_fit.jpg", fit), _write(folder / f"{name}_100.jpg", detail))
        )
    return views


def write_sheets(views: Sequence[View], folder: Path) -> list[Path]:
    """The first 60 views, in their order, at fit and at 100 %."""
    chosen = views[:RESULTS]
    sheets = []
    for kind, name in (("fit", "fit"), ("detail", "100")):
        for first in range(0, len(chosen), ON_A_SHEET):
            cells = [rgb(getattr(view, kind)) for view in chosen[first : first + ON_A_SHEET]]
            path = folder / f"sheet_{name}_{first // ON_A_SHEET + 1}.jpg"
            sheets.append(_write(path, _column([_row(cells) for cells in filled(cells)])))
    return sheets


def filled(cells: Sequence[Picture]) -> list[list[Picture]]:
    """Cells in rows that are no wider than a sheet."""
    rows: list[list[Picture]] = []
    left = 0
    for cell in cells:
        if cell.shape[1] > left:
            rows.append([])
            left = SHEET_WIDTH
        rows[-1].append(cell)
        left -= cell.shape[1] + GAP
    return rows


def _face(picture: Picture, face: LabelledFace) -> Picture:
    left, top, right, bottom = face.place.bbox
    grown = GROWN * max(right - left, bottom - top)
    x1, y1 = max(int(left - grown), 0), max(int(top - grown), 0)
    cut = picture[y1 : int(bottom + grown), x1 : int(right + grown)]
    scale = min(FACE[0] / cut.shape[1], FACE[1] / cut.shape[0])
    method = cv2.INTER_CUBIC if scale > 1 else cv2.INTER_AREA
    fitted = cv2.resize(cut, None, fx=scale, fy=scale, interpolation=method)
    return _on(np.asarray(fitted, np.uint8), FACE)


def _details(reading: Reading, face: LabelledFace, before: Picture, after: Picture) -> Picture:
    """Of each closed eye: before and after; of both eyes at once where they fit."""
    sides: list[Side] = [side for side, state in face.states if state == "closed"]
    centers = [reading.axis(side).middle for side in sides]
    distance = float(np.linalg.norm(np.subtract(*face.place.eyes)))
    if 2 * distance < EYE[0]:
        centers = [np.mean(face.place.eyes, axis=0)]
    size = (min(EYE[0], int(AROUND[0] * distance)), min(EYE[1], int(AROUND[1] * distance)))
    return _row([_cut(picture, center, size) for center in centers for picture in (before, after)])


def _cut(picture: Picture, center: np.ndarray, size: tuple[int, int]) -> Picture:
    x, y = np.maximum(center - np.array(size) / 2, 0).astype(int)
    return _on(picture[y : y + size[1], x : x + size[0]], size)


def _on(picture: Picture, size: tuple[int, int]) -> Picture:
    cell = np.zeros((size[1], size[0], 3), np.uint8)
    cell[: picture.shape[0], : picture.shape[1]] = picture[: size[1], : size[0]]
    return cell


def _row(pictures: Sequence[Picture]) -> Picture:
    height = max(picture.shape[0] for picture in pictures)
    gap = np.zeros((height, GAP, 3), np.uint8)
    parts = [part for picture in pictures for part in (_on(picture, (picture.shape[1], height)), gap)]
    return np.concatenate(parts[:-1], axis=1)


def _column(pictures: Sequence[Picture]) -> Picture:
    width = max(picture.shape[1] for picture in pictures)
    return np.concatenate([_on(picture, (width, picture.shape[0])) for picture in pictures])


def _labelled(picture: Picture, title: str) -> Picture:
    line = np.zeros((18, picture.shape[1], 3), np.uint8)
    cv2.putText(line, title, (3, 13), cv2.FONT_HERSHEY_PLAIN, 0.9, (120, 255, 120))
    return np.concatenate([picture, line])


def _write(path: Path, picture: Picture) -> Path:
    if not cv2.imwrite(str(path), picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 93]):
        raise OSError(f"{path} cannot be written")
    return path
