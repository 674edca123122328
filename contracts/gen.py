"""What the gen stage is asked and answers: painted eyes in the crop frame.

Inputs of an item: `crop`, `crop_json`, `mask` (and `mask_left`, `mask_right`), optionally `donor_crop`
and `donor_json`, a crop of the donor's face made like the target's.
Outputs: `painted`, 16-bit RGB PNG in the crop frame, equal to the crop wherever nothing was painted;
`alpha`, 16-bit grey PNG, 0 keep .. 65535 take; on debug `prepared`, `base_output`, `refined`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from contracts.face import Side

IrisColour = Literal["brown", "dark", "hazel", "green", "blue", "grey", "amber"]


@dataclass(frozen=True)
class RefinerParams:
    enabled: bool = True
    prompt: str = ""
    negative_prompt: str = ""
    guidance_scale: float = 20.0
    num_inference_steps: int = 3
    strength: float = 0.4


@dataclass(frozen=True)
class GenParams:
    """Request parameters. batch_size: items painted at once by backends that batch; None lets them choose."""

    batch_size: int | None = None


@dataclass(frozen=True)
class GenItemParams:
    """Parameters of one face in one variation.

    Attributes:
        eye_colour: iris colour name or "#rrggbb" asked for by the person; None to find it.
        prompt_colour: iris colour that a changed prompt names; used after the person's own other eye
            or donor.
        default_colour: colour of the default prompt, the last resort before dark brown.
        openness: 1 opens as far as a relaxed open eye of this face would; 0.5..1.2.
        donor_same_person: None not checked, else whether an identity backend confirmed the donor.
        known_iris: linear-light RGB 0..1 of the person's iris measured elsewhere, None where unknown.
    """

    eye_colour: str | None = None
    prompt_colour: str | None = None
    default_colour: str | None = None
    openness: float = 1.0
    donor_same_person: bool | None = None
    known_iris: tuple[float, float, float] | None = None
    prompt: str = ""
    negative_prompt: str = ""
    guidance_scale: float = 15.0
    num_inference_steps: int = 30
    strength: float = 0.9999
    refiner: RefinerParams = field(default_factory=RefinerParams)


@dataclass(frozen=True)
class PaintedEye:
    """What was done to one eye. iris_source: "donor", "other_eye", "eye_colour", "prompt", "default"."""

    side: Side
    openness: float
    iris_source: str = ""
    iris_rgb: tuple[int, int, int] | None = None


@dataclass(frozen=True)
class GenItemData:
    """`data` of the item's result."""

    eyes: tuple[PaintedEye, ...] = ()
