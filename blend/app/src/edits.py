"""What a painting changes at each eye, matched and feathered, still in the crop frame. Needs NumPy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from blend.app.src.matching import change_of, matched_light, matched_tone
from blend.app.src.regions import EyeWindow, eye_window, feather_mask
from contracts.blend import BlendParams
from contracts.crop import CropDocument
from contracts.face import SIDES, Side
from imaging import affine
from imaging.tone import tone_of

FloatArray = NDArray[np.float64]
FloatImage = NDArray[np.float32]
Mask = NDArray[np.bool_]

REFERENCE_CROP = 512
"""Crop size that `feather_size` refers to."""
SURROUNDINGS = 0.2
"""Eye widths around an edit that its matching looks at."""


@dataclass(frozen=True, eq=False)
class PaintedFace:
    """A painted crop and where it belongs.

    Attributes:
        crop, painted: (size, size, 3) sRGB-encoded 0..1, equal where nothing was painted.
        alpha: (size, size), 0 keep .. 1 take.
        eyes: to be pasted; the painting of the others is left out.
    """

    document: CropDocument
    crop: FloatImage
    painted: FloatImage
    alpha: FloatImage
    eyes: tuple[Side, ...] = SIDES

    @property
    def coloured(self) -> bool:
        return not (self.document.greyscale or self.document.sepia)

    @property
    def transform(self) -> FloatArray:
        """(2, 3) photo -> crop."""
        return affine.as_matrix(self.document.transform)


@dataclass(frozen=True, eq=False)
class EyeEdit:
    """One eye's edit in a cut-out of the crop.

    Attributes:
        window: where it may show, in coordinates of the whole crop.
        support: (height, width), where the edit may show at all.
        difference: (height, width, 3) encoded, to be added; the window is applied in the photo, where it
            ends exactly.
        replaced: (height, width) 0..1, how much of the old content goes.
        crop: (height, width, 3), the cut-out itself.
        to_cutout: (2, 3) photo -> cut-out.
    """

    side: Side
    window: EyeWindow
    support: Mask
    difference: FloatImage
    replaced: FloatImage
    crop: FloatImage
    to_cutout: FloatArray


def eye_edits(face: PaintedFace, params: BlendParams) -> list[EyeEdit]:
    """The edits of one face; an eye whose opacity is zero everywhere has none."""
    feather = params.feather_size * face.document.crop_size / REFERENCE_CROP
    opacity = feather_mask(face.alpha, feather)
    y, x = (np.arange(face.document.crop_size, dtype=np.float32).reshape(s) for s in ((-1, 1), (1, -1)))
    tone = None if face.coloured else tone_of(face.crop)
    edits = []
    for side in face.eyes:
        window = eye_window(face.document, side, face.eyes, feather)
        weight = opacity * window.weight(x, y)
        cut = _bounds(weight > 0, SURROUNDINGS * window.width)
        if cut is None:
            continue
        crop, within, shown = face.crop[cut], weight[cut], opacity[cut]
        painted: FloatImage = np.where(shown[:, :, None] > 0, face.painted[cut], crop)
        change = change_of(crop, painted, window.width)
        if params.match_colour:
            painted = matched_light(crop, painted, within, change, window.width)
        if tone:
            painted = matched_tone(crop, painted, change, tone)
        edits.append(
            EyeEdit(
                side=side,
                window=window,
                support=(within > 0) & (change.entry > 0),
                difference=shown[:, :, None] * (painted - crop),
                replaced=shown * change.replaced,
                crop=crop,
                to_cutout=affine.compose(affine.shift(-cut[1].start, -cut[0].start), face.transform),
            )
        )
    return edits


def _bounds(support: Mask, margin: float) -> tuple[slice, slice] | None:
    """Rows and columns around the set pixels, with a margin, inside of the picture."""
    around = int(np.ceil(margin))
    rows, columns = (np.flatnonzero(support.any(axis=axis)) for axis in (1, 0))
    if not len(rows):
        return None
    return (
        slice(max(int(rows[0]) - around, 0), int(rows[-1]) + 1 + around),
        slice(max(int(columns[0]) - around, 0), int(columns[-1]) + 1 + around),
    )
