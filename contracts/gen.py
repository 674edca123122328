"""What the gen stage is asked and answers: painted eyes in the crop frame.

Inputs of an item: `crop`, `crop_json`, `mask` (and `mask_left`, `mask_right`), optionally `donor_crop`
and `donor_json`, a crop of the donor's face made like the target's.
Outputs: `painted`, 16-bit RGB PNG in the crop frame, equal to the crop wherever nothing was painted;
`alpha`, 16-bit grey PNG, 0 keep .. 65535 take; on debug `prepared`, `base_output`, `refined`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from contracts.face import Side

IrisColour = Literal["brown", "dark", "hazel", "green", "blue", "grey", "amber"]

Scheduler = Literal["model", "euler", "euler_a", "dpmpp_2m", "unipc", "ddim", "lcm"]
"""Samplers of diffusion models; "model" is the one that comes with the weights."""
Neutralize = Literal["blur", "gray", "median", "cv_inpaint"]
"""What a diffusion model finds in the masked area; cv_inpaint draws the surroundings in."""
RefinerMode = Literal["masked", "ensemble"]
Precision = Literal["auto", "float32", "bfloat16", "float16"]
"""auto: bfloat16 or float16 on a GPU, float32 without."""


@dataclass(frozen=True)
class RefinerParams:
    """SDXL's refiner.

    Attributes:
        num_inference_steps: steps that really run, in mode "masked".
        strength: how much it changes, in mode "masked".
        mode: "masked" goes over the finished paint; "ensemble" takes over the last fifth of the base
            model's noise.
    """

    enabled: bool = True
    prompt: str = ""
    negative_prompt: str = ""
    guidance_scale: float = 20.0
    num_inference_steps: int = 3
    strength: float = 0.4
    mode: RefinerMode = "masked"


@dataclass(frozen=True)
class GenParams:
    """Request parameters; all are for backends with networks.

    Attributes:
        batch_size: items painted at once; None lets the backend choose.
        weights: name as in the stage's models.json -> reference of the file or folder.
        low_memory: slower, with as little memory as possible.
        compile: compile the network before use: minutes, which pay in runs over folders on a GPU.
        quantize: "int8" halves the network's weights.
    """

    batch_size: int | None = None
    weights: Mapping[str, str] = field(default_factory=dict)
    scheduler: Scheduler = "model"
    neutralize: Neutralize = "cv_inpaint"
    precision: Precision = "auto"
    low_memory: bool = False
    compile: bool = False
    quantize: Literal["none", "int8"] = "none"


@dataclass(frozen=True)
class GenItemParams:
    """Parameters of one face in one variation.

    Attributes:
        eye_colour: iris colour name or "#rrggbb" asked for by the person; None to find it.
        prompt_colour: iris colour that a changed prompt names; used after the person's own other eye
            or donor.
        default_colour: colour of the default prompt, the last resort before dark brown.
        openness: 1 opens as far as this face would with its expression; 0.5..1.2.
        donor_same_person: None not checked, else whether an identity backend confirmed the donor.
    """

    eye_colour: str | None = None
    prompt_colour: str | None = None
    default_colour: str | None = None
    openness: float = 1.0
    donor_same_person: bool | None = None
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
    """`data` of the item's result. base_steps, refiner_steps: denoising steps that really ran."""

    eyes: tuple[PaintedEye, ...] = ()
    base_steps: int = 0
    refiner_steps: int = 0
