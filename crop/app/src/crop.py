"""One face: geometry, pixels, masks and the document that goes with them. Needs NumPy and OpenCV."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from contracts.crop import CropDocument, CropParams, EyeCrop
from contracts.error_codes import ErrorCode, StageError
from contracts.exit_codes import ExitCode
from contracts.face import SIDES, Face, FaceDocument, Side
from crop.app.src.geometry import CropGeometry, crop_geometry
from crop.app.src.masks import Mask, eye_mask
from imaging import affine, eye_mesh
from imaging.crop_sampling import sample_crop
from imaging.photo import Photo
from imaging.profiles import ColourSpace
from imaging.tone import is_greyscale, is_toned, may_be_toned, tone_of

FloatArray = NDArray[np.float64]
FloatImage = NDArray[np.float32]

THUMBNAIL = 256
"""Side, px, of the small copy on which the photo's colours are looked at."""


@dataclass(frozen=True, eq=False)
class FaceCrop:
    """picture: (size, size, 3) float32 sRGB-encoded 0..1. masks: 0 or 255, empty for eyes that stay."""

    document: CropDocument
    picture: FloatImage
    masks: dict[Side, Mask]

    @property
    def mask(self) -> Mask:
        """Both eyes."""
        return np.maximum(self.masks["left"], self.masks["right"])


def find_face(faces: FaceDocument, face_index: int, photo: Photo) -> Face:
    """The face of that number.

    Raises:
        StageError: CROP_GENERATION_FAILED where it is not there; BAD_REQUEST where the document is of
            another picture.
    """
    if tuple(faces.image_size) != photo.size:
        raise StageError(
            ErrorCode.BAD_REQUEST,
            f"the face document is of a {faces.image_size[0]} x {faces.image_size[1]} picture, "
            f"the photo has {photo.size[0]} x {photo.size[1]}",
            "detect the faces of this photo",
            ExitCode.USAGE,
        )
    for face in faces.faces:
        if face.face_index == face_index:
            return face
    known = ", ".join(str(face.face_index) for face in faces.faces) or "none"
    raise StageError(
        ErrorCode.CROP_GENERATION_FAILED,
        f"there is no face {face_index}; faces: {known}",
        "see the face document",
    )


def closed_sides(face: Face) -> tuple[Side, ...]:
    return tuple(side for side in SIDES if face.eye(side).closed)


def crop_face(photo: Photo, face: Face, eyes_to_open: Sequence[Side], params: CropParams) -> FaceCrop:
    """Crop one face.

    Args:
        eyes_to_open: sides that get a mask; may be empty (a donor's crop).
    """
    mesh = np.asarray(face.mesh, float)
    geometry = crop_geometry(mesh, photo.size, params)
    picture = sample_crop(photo, geometry.transform, geometry.size)
    moved = np.column_stack([affine.apply(geometry.transform, mesh[:, :2]), mesh[:, 2] * geometry.scale])
    masks = _masks(moved, geometry.size, eyes_to_open, params)
    greyscale, toned = _colours(photo, picture)
    eyes = {side: _eye(face, moved, side, side in eyes_to_open, masks[side]) for side in SIDES}
    document = CropDocument(
        face_index=face.face_index,
        photo_size=photo.size,
        transform=_rows(geometry),
        crop_size=geometry.size,
        scale=geometry.scale,
        crop_rotation_angle=geometry.rotation,
        crop_original_position=geometry.position,
        padded=geometry.padded,
        greyscale=greyscale,
        sepia=toned,
        bit_depth=photo.bit_depth,
        left_eye=eyes["left"],
        right_eye=eyes["right"],
        left_eye_mask_area=eyes["left"].mask_area,
        right_eye_mask_area=eyes["right"].mask_area,
        mesh=tuple((x, y, z) for x, y, z in moved.tolist()),
        pose=face.pose,
        inter_ocular_distance=eye_mesh.inter_ocular_distance(moved),
        eyeglasses=face.eyeglasses,
    )
    return FaceCrop(document, picture, masks)


def _masks(mesh: FloatArray, size: int, sides: Sequence[Side], params: CropParams) -> dict[Side, Mask]:
    widths = {side: eye_mesh.eye_width(mesh, side) for side in SIDES}
    larger = max(widths.values()) if params.use_larger_eye else None
    empty = np.zeros((size, size), np.uint8)
    return {
        side: eye_mask(mesh, side, size, params.mask_growth, larger) if side in sides else empty
        for side in SIDES
    }


def _colours(photo: Photo, picture: FloatImage) -> tuple[bool, bool]:
    """Whether the face is without colour, and whether the photo has a single hue."""
    if photo.is_grey and ColourSpace(photo.icc, 1).is_srgb:
        return True, False
    face = tone_of(picture)
    if is_greyscale(face) or not may_be_toned(face):
        return is_greyscale(face), False
    small = cv2.resize(photo.pixels, (THUMBNAIL, THUMBNAIL), interpolation=cv2.INTER_AREA)
    maximum = np.float32(2**photo.bit_depth - 1)
    unit = np.divide(small.reshape(THUMBNAIL, THUMBNAIL, -1), maximum, dtype=np.float32)
    return False, is_toned(face, tone_of(ColourSpace(photo.icc, unit.shape[2]).to_srgb(unit)))


def _eye(face: Face, mesh: FloatArray, side: Side, to_open: bool, mask: Mask) -> EyeCrop:
    x, y = eye_mesh.eye_center(mesh, side).tolist()
    return EyeCrop(
        state=face.eye(side).state,
        to_open=to_open,
        center=(x, y),
        width=eye_mesh.eye_width(mesh, side),
        aspect_ratio=eye_mesh.aspect_ratio(eye_mesh.eye_region(mesh, side)),
        mask_area=int(np.count_nonzero(mask)),
    )


def _rows(geometry: CropGeometry) -> tuple[tuple[float, float, float], tuple[float, float, float]]:
    (a, b, c), (d, e, f) = geometry.transform.tolist()
    return (a, b, c), (d, e, f)
