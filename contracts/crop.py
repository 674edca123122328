"""What the crop stage answers: the CropDocument of one face.

Crop frame: an upright square around both eyes, x right, y down, pixel centres at integers. The crop
picture is a 16-bit RGB PNG, sRGB-encoded whatever the photo's profile was; masks are 8-bit PNGs.
"""

from __future__ import annotations

from dataclasses import dataclass

from contracts.face import EyeState, Point, Point3, Pose, Side

Affine = tuple[tuple[float, float, float], tuple[float, float, float]]
"""A 2x3 matrix: [x', y'] = M[:, :2] @ [x, y] + M[:, 2]."""


@dataclass(frozen=True)
class EyeCrop:
    """One eye in the crop frame.

    to_open: whether it is to be painted. center, width: of the corner line, crop px.
    mask_area: white pixels of its mask.
    """

    state: EyeState
    to_open: bool
    center: Point
    width: float
    aspect_ratio: float
    mask_area: int


@dataclass(frozen=True)
class CropDocument:
    """`crop_*.json` of one face.

    Attributes:
        transform: original (upright photo) -> crop, exact.
        crop_size: side of the square, px. scale: crop px per photo px.
        crop_rotation_angle: degrees by which the photo was turned, positive clockwise.
        crop_original_position: top left corner of the crop in the photo, before rotation about the eyes.
        padded: part of the square lies outside of the photo and repeats its border.
        greyscale: the photo has no colour (a grey, or nearly grey, picture).
        sepia: a single hue over the whole photo.
        mesh: 478 points in the crop frame, z scaled alike.
    """

    face_index: int
    photo_size: tuple[int, int]
    transform: Affine
    crop_size: int
    scale: float
    crop_rotation_angle: float
    crop_original_position: Point
    padded: bool
    greyscale: bool
    sepia: bool
    bit_depth: int
    left_eye: EyeCrop
    right_eye: EyeCrop
    left_eye_mask_area: int
    right_eye_mask_area: int
    mesh: tuple[Point3, ...]
    pose: Pose
    inter_ocular_distance: float
    eyeglasses: float | None = None

    def eye(self, side: Side) -> EyeCrop:
        return self.left_eye if side == "left" else self.right_eye


@dataclass(frozen=True)
class CropParams:
    """Request parameters.

    Attributes:
        crop_output_size: side of the crop in px; None takes the native size up to `max_crop_size`.
        max_crop_size: cap for native crops.
        crop_scale: side of the square in inter-ocular distances.
        mask_growth: how far masks grow beyond the eye contour, in eye widths.
        use_larger_eye: both masks take the size of the larger eye.
    """

    crop_output_size: int | None = None
    max_crop_size: int = 1024
    crop_scale: float = 2.4
    mask_growth: float = 0.25
    use_larger_eye: bool = False
    max_megapixels: float = 250.0
    max_file_mb: float = 2000.0


@dataclass(frozen=True)
class CropItemParams:
    """eyes_to_open: None takes the eyes that the face document calls closed."""

    eyes_to_open: tuple[Side, ...] | None = None
