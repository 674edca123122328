"""What the blend stage is asked and answers: all faces of one variation pasted into the photo.

Inputs of an item: the photo, and for every face `i` in `params.faces`: `crop_json_{i}`, `crop_{i}`,
`painted_{i}`, `alpha_{i}`. Output `image`: the whole upright photo as a lossless PNG in the photo's
own bit depth, channels and profile; every pixel outside of the edited regions equals the photo's.
"""

from __future__ import annotations

from dataclasses import dataclass

from contracts.face import SIDES, Side

EDIT_SEMI_AXES = (1.3, 1.2)
"""Edits stay inside an ellipse of these semi-axes, in eye widths, along and across the corner line."""


@dataclass(frozen=True)
class BlendFace:
    """eyes: the eyes to paste; the painting of the others is left out."""

    face_index: int
    eyes: tuple[Side, ...] = SIDES


@dataclass(frozen=True)
class BlendParams:
    """feather_size: px of feather at a crop of 512 px; scaled with the crop."""

    feather_size: float = 25.0
    match_colour: bool = True
    match_grain: bool = True
    max_megapixels: float = 250.0
    max_file_mb: float = 2000.0


@dataclass(frozen=True)
class BlendItemParams:
    faces: tuple[BlendFace, ...] = ()


@dataclass(frozen=True)
class EyePaste:
    """One pasted eye.

    Attributes:
        region: x1, y1, x2, y2 in the photo, exclusive end; nothing outside of it changed for this eye.
        changed_px: pixels that differ from the photo.
        seam: mean gradient along the border of the edit after over before; 1 is unnoticeable.
        grain_added: standard deviation of the grain added, 8-bit levels.
    """

    face_index: int
    side: Side
    region: tuple[int, int, int, int]
    changed_px: int
    seam: float | None
    grain_added: float = 0.0


@dataclass(frozen=True)
class BlendItemData:
    """`data` of the item's result."""

    pastes: tuple[EyePaste, ...] = ()
