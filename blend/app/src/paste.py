"""Pasting painted eyes: the difference between painting and crop goes back into the photo.

Needs NumPy and OpenCV. Only a box around each eye is touched; pixels whose difference is zero keep
their bits.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from blend.app.src.grain import Grain, grain_for, measure_grain
from blend.app.src.matching import Change, change_of, matched_light, matched_tone
from blend.app.src.regions import EyeWindow, crop_coordinates, eye_window, feather_mask, photo_box
from blend.app.src.seam import seam_ratio
from contracts.blend import BlendParams, EyePaste
from contracts.crop import CropDocument
from contracts.face import SIDES, Side
from imaging import affine
from imaging.crop_return import Box, warp_to_photo
from imaging.photo import Levels
from imaging.profiles import ColourSpace

FloatArray = NDArray[np.float64]
FloatImage = NDArray[np.float32]

REFERENCE_CROP = 512
"""Crop size that `feather_size` refers to."""


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


@dataclass(frozen=True, eq=False)
class _Eye:
    """One eye's edit in the crop frame: what is added, and how much of the old detail goes."""

    side: Side
    window: EyeWindow
    difference: FloatImage
    replaced: FloatImage
    crop: FloatImage


class Canvas:
    """The picture that is pasted into: a photo's own samples, read and written in sRGB.

    Attributes:
        levels: (height, width, 1 or 3) uint8 or uint16; changed in place.
    """

    def __init__(self, levels: Levels, icc: bytes | None) -> None:
        self.levels = levels
        self.maximum = np.float32(np.iinfo(levels.dtype).max)
        self.space = ColourSpace(icc, levels.shape[2])

    @property
    def size(self) -> tuple[int, int]:
        """Width, height."""
        return self.levels.shape[1], self.levels.shape[0]

    def read(self, box: Box) -> FloatImage | None:
        """sRGB-encoded (height, width, 3), 0..1; None where the box is not wholly inside."""
        x1, y1, x2, y2 = box
        if x1 < 0 or y1 < 0 or x2 > self.size[0] or y2 > self.size[1]:
            return None
        return self.space.to_srgb(self._native(box))

    def write(self, box: Box, before: FloatImage, after: FloatImage, where: NDArray[np.bool_]) -> int:
        """Replace pixels by their edited colour; returns how many changed.

        The edit is carried over as a difference, so that what the profile cannot express, and what
        rounding did, cancels out.

        Args:
            before, after: sRGB-encoded; `before` as `read` gave it.
            where: (height, width); other pixels keep their bits.
        """
        x1, y1, x2, y2 = box
        native = after
        if not (self.space.is_srgb and self.space.channels == 3):
            change = self.space.from_srgb(after) - self.space.from_srgb(before)
            native = self._native(box) + change
        levels = np.round(np.clip(native, 0.0, 1.0) * self.maximum).astype(self.levels.dtype)
        region = self.levels[y1:y2, x1:x2]
        changed = where & (levels != region).any(axis=2)
        region[changed] = levels[changed]
        return int(changed.sum())

    def _native(self, box: Box) -> FloatImage:
        x1, y1, x2, y2 = box
        return np.asarray(np.divide(self.levels[y1:y2, x1:x2], self.maximum, dtype=np.float32), np.float32)


def paste_face(canvas: Canvas, face: PaintedFace, params: BlendParams, seed: int) -> list[EyePaste]:
    """Paste the eyes of one face.

    Args:
        seed: of the grain; the same seed gives the same picture.
    """
    transform = np.asarray(face.document.transform, float)
    grain = None
    if params.match_grain:
        grain = measure_grain(canvas.read, face.document, transform)
    pastes = []
    for eye in _edits(face, params):
        generator = np.random.default_rng([seed, face.document.face_index, SIDES.index(eye.side)])
        pastes.append(_paste_eye(canvas, face.document, transform, eye, grain, generator))
    return pastes


def _edits(face: PaintedFace, params: BlendParams) -> list[_Eye]:
    """What to add for each eye, matched and feathered, in the crop frame."""
    document, crop = face.document, face.crop
    feather = params.feather_size * document.crop_size / REFERENCE_CROP
    opacity = np.asarray(feather_mask(face.alpha, feather), np.float32)
    y, x = (np.asarray(axis, np.float32) for axis in np.indices(opacity.shape))
    eyes = []
    for side in face.eyes:
        window = eye_window(document, side, face.eyes, feather)
        weight = opacity * window.weight(x, y)
        painted = np.where(weight[:, :, None] > 0, face.painted, crop)
        change = change_of(crop, painted, window.width)
        matched = _matched(crop, painted, weight, change, document, params, window.width)
        # The window is applied once more in the photo, where it ends exactly; here it only chose pixels.
        difference = opacity[:, :, None] * (matched - crop)
        eyes.append(_Eye(side, window, difference, opacity * change.replaced, crop))
    return eyes


def _matched(
    crop: FloatImage,
    painted: FloatImage,
    weight: FloatImage,
    change: Change,
    document: CropDocument,
    params: BlendParams,
    eye_width: float,
) -> FloatImage:
    if params.match_colour:
        painted = matched_light(crop, painted, weight, change, eye_width)
    if document.greyscale or document.sepia:
        painted = matched_tone(crop, painted, change)
    return painted


def _paste_eye(
    canvas: Canvas,
    document: CropDocument,
    transform: FloatArray,
    eye: _Eye,
    grain: Grain | None,
    generator: np.random.Generator,
) -> EyePaste:
    box = photo_box((eye.difference != 0).any(axis=2), transform, canvas.size)
    if box is None:
        x, y = np.round(affine.apply(affine.inverse(transform), document.eye(eye.side).center)).astype(int)
        return EyePaste(document.face_index, eye.side, (int(x), int(y), int(x), int(y)), 0, None)
    before = canvas.read(box)
    assert before is not None, "photo_box clips to the photo"
    window = eye.window.weight(*crop_coordinates(transform, box))
    difference = warp_to_photo(eye.difference, transform, box) * window[:, :, None]
    replaced = np.clip(warp_to_photo(eye.replaced, transform, box, linear=True), 0, 1) * window
    after = before + difference
    # Detail that the crop does not hold belongs to the old content; it goes as far as that was replaced.
    after -= replaced[:, :, None] * (before - warp_to_photo(eye.crop, transform, box))
    grain_added = 0.0
    if grain:
        added = grain_for(after, replaced, grain, generator, not (document.greyscale or document.sepia))
        after += added
        grain_added = _spread(added, replaced)
    after = np.clip(after, 0.0, 1.0)
    touched = (difference != 0).any(axis=2) | (replaced > 0)
    changed = canvas.write(box, before, after, touched)
    after = np.where(touched[:, :, None], after, before)
    return EyePaste(
        face_index=document.face_index,
        side=eye.side,
        region=box,
        changed_px=changed,
        seam=seam_ratio(before, after, eye.window.width / document.scale),
        grain_added=round(grain_added, 3),
    )


def _spread(added: FloatImage, replaced: FloatImage) -> float:
    """Standard deviation of the grain where content was replaced, 8-bit levels."""
    inside = replaced > 0.5
    return float(added[inside].mean(axis=1).std() * 255) if inside.any() else 0.0
