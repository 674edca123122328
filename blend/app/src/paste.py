"""Pasting painted eyes: the difference between painting and crop goes back into the photo.

Needs NumPy and OpenCV. Only a box around each eye is touched; pixels whose difference is zero keep
their bits.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from blend.app.src.edits import EyeEdit, PaintedFace, eye_edits
from blend.app.src.grain import LUMA, Grain, grain_for, measure_grain
from blend.app.src.regions import crop_coordinates, photo_box
from blend.app.src.seam import seam_ratio
from contracts.blend import BlendParams, EyePaste
from contracts.face import SIDES, Side
from imaging import affine
from imaging.canvas import Canvas
from imaging.colour import largest_channel
from imaging.crop_return import warp_to_photo

FloatImage = NDArray[np.float32]


def paste_face(canvas: Canvas, face: PaintedFace, params: BlendParams, seed: int) -> list[EyePaste]:
    """Paste the eyes of one face.

    Args:
        seed: of the grain; the same seed gives the same picture.

    Returns:
        One entry for each of the face's eyes that were asked for.
    """
    grain = measure_grain(canvas, face.document, face.coloured) if params.match_grain else None
    edits = {edit.side: edit for edit in eye_edits(face, params)}
    pastes = []
    for side in face.eyes:
        generator = np.random.default_rng([seed, face.document.face_index, SIDES.index(side)])
        paste = _paste_eye(canvas, face, edits[side], grain, generator) if side in edits else None
        pastes.append(paste or _unchanged(face, side))
    return pastes


def _paste_eye(
    canvas: Canvas, face: PaintedFace, edit: EyeEdit, grain: Grain | None, generator: np.random.Generator
) -> EyePaste | None:
    """None where the painting changes nothing."""
    box = photo_box(edit.support, edit.to_cutout, canvas.size)
    if box is None:
        return None
    before = canvas.read(box)
    window = edit.window.weight(*crop_coordinates(face.transform, box))
    difference = warp_to_photo(edit.difference, edit.to_cutout, box) * window[:, :, None]
    replaced = np.clip(warp_to_photo(edit.replaced, edit.to_cutout, box, linear=True), 0, 1) * window
    after = before + difference
    # Detail that the crop does not hold belongs to the old content; it goes as far as that was replaced.
    after -= replaced[:, :, None] * (before - warp_to_photo(edit.crop, edit.to_cutout, box))
    grain_added = 0.0
    if grain:
        added = grain_for(after, replaced, grain, generator)
        after += added
        grain_added = _spread(added, replaced)
    touched = largest_channel(difference != 0) | (replaced > 0)
    after = np.where(touched[:, :, None], np.clip(after, 0.0, 1.0), before)
    changed = canvas.write(box, before, after, touched)
    return EyePaste(
        face_index=face.document.face_index,
        side=edit.side,
        region=box,
        changed_px=changed,
        seam=seam_ratio(before, after, edit.window.width / face.document.scale),
        grain_added=round(grain_added, 3),
    )


def _unchanged(face: PaintedFace, side: Side) -> EyePaste:
    """An empty region at the eye."""
    center = affine.apply(affine.inverse(face.transform), face.document.eye(side).center)
    x, y = np.round(center).astype(int).tolist()
    return EyePaste(face.document.face_index, side, (x, y, x, y), 0, None)


def _spread(added: FloatImage, replaced: FloatImage) -> float:
    """Standard deviation of the grain where content was replaced, 8-bit levels."""
    inside = replaced > 0.5
    return float((added[inside] @ LUMA).std() * 255) if inside.any() else 0.0
