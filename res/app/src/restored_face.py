"""One face: aligned, restored, judged. Needs NumPy and OpenCV."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from contracts.face import SIDES, Face, Side
from contracts.res import IrisChange
from imaging import affine
from imaging.crop_sampling import sample_crop
from imaging.photo import Photo
from imaging.tone import LOOK_SIZE, Tone, is_greyscale, is_toned, may_be_toned, tone_of
from res.app.src.alignment import FACE_SIZE, alignment
from res.app.src.iris_guard import iris_change

FloatArray = NDArray[np.float64]
FloatImage = NDArray[np.float32]

MOST_IRIS_CHANGE = 12.0
"""Over 37 open eyes: denoising, softening or moderate sharpening changes at most 10, strong sharpening 10
at the 90th percentile; an iris half turned green or blue differs by 20 to 24 in the median."""


@dataclass(frozen=True, eq=False)
class AlignedFace:
    """A face in the networks' frame.

    Attributes:
        picture: (512, 512, 3), sRGB-encoded 0..1.
        transform: (2, 3) photo -> aligned frame.
        mesh: (478, 2) in the aligned frame.
    """

    picture: FloatImage
    transform: FloatArray
    mesh: FloatArray


def align(photo: Photo, face: Face) -> AlignedFace:
    """Read a face out of the photo."""
    mesh = np.asarray(face.mesh)
    transform = alignment(mesh)
    picture = sample_crop(photo, transform, FACE_SIZE)
    return AlignedFace(picture, transform, affine.apply(transform, mesh[:, :2]))


def in_its_tone(before: FloatImage, after: FloatImage, photo: Photo) -> FloatImage:
    """A face of a black and white or toned picture stays one: networks learned from colour photos.

    Args:
        before, after: the aligned face.
    """
    tone = tone_of(before)
    if not is_greyscale(tone) and not (may_be_toned(tone) and is_toned(tone, _tone_of(photo))):
        return after
    lab = cv2.cvtColor(after, cv2.COLOR_RGB2Lab)
    lab[:, :, 1:] = cv2.cvtColor(before, cv2.COLOR_RGB2Lab)[:, :, 1:]
    toned: FloatImage = np.clip(cv2.cvtColor(lab, cv2.COLOR_Lab2RGB), 0.0, 1.0)
    return toned


def _tone_of(photo: Photo) -> Tone:
    width, height = photo.size
    factor = min(1.0, LOOK_SIZE * 4 / max(photo.size))  # as floats a whole photo would be large
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    return tone_of(np.float32(cv2.resize(photo.as_rgb8(), size, interpolation=cv2.INTER_AREA)) / 255)


def iris_changes(face: Face, aligned: AlignedFace, after: FloatImage) -> IrisChange:
    """Both eyes; None for one that is not open in the picture, which shows no iris."""

    def change(side: Side) -> float | None:
        if face.eye(side).state == "closed":
            return None
        measured = iris_change(aligned.picture, after, aligned.mesh, side)
        return None if measured is None else round(measured, 2)

    return IrisChange(*(change(side) for side in SIDES))


def iris_problem(changes: IrisChange) -> str:
    """Why the face must stay as it was; "" where nothing speaks against restoring it."""
    for side, change in zip(SIDES, (changes.left, changes.right)):
        if change is not None and change > MOST_IRIS_CHANGE:
            return (
                f"restoring changes the colour of the {side} iris "
                f"(by {change:.1f} in CIE Lab, at most {MOST_IRIS_CHANGE:g})"
            )
    return ""
