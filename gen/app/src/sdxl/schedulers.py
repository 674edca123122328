"""Samplers by the names that people know. Needs diffusers.

All take one step per noise level and draw noise, where they draw any, from each item's own generator.
"""

from __future__ import annotations

from collections.abc import Mapping

from diffusers import (
    DDIMScheduler,
    DPMSolverMultistepScheduler,
    EulerAncestralDiscreteScheduler,
    EulerDiscreteScheduler,
    LCMScheduler,
    SchedulerMixin,
    UniPCMultistepScheduler,
)

MODELS_OWN = "model"
LCM_FINEST = 50
"""Noise levels that LCM-LoRA was distilled on."""

SCHEDULERS: dict[str, tuple[type[SchedulerMixin], Mapping[str, object]]] = {
    "euler": (EulerDiscreteScheduler, {}),
    "euler_a": (EulerAncestralDiscreteScheduler, {}),
    "dpmpp_2m": (DPMSolverMultistepScheduler, {"algorithm_type": "dpmsolver++", "use_karras_sigmas": True}),
    "unipc": (UniPCMultistepScheduler, {}),
    "ddim": (DDIMScheduler, {"clip_sample": False, "set_alpha_to_one": False}),
    "lcm": (LCMScheduler, {"original_inference_steps": LCM_FINEST}),
}
"""Name -> class and what differs from the model's own configuration."""


def scheduler_named(name: str, own: SchedulerMixin) -> SchedulerMixin:
    """A fresh scheduler. own: the one that came with the weights; the noise that it was trained on counts for
    all. Steps are spaced from the strongest noise down: SDXL's own spacing begins a few steps far below the
    strength and spends the last one on noise that is hardly there."""
    kind, options = (type(own), {}) if name == MODELS_OWN else SCHEDULERS[name]
    return kind.from_config(own.config, timestep_spacing="trailing", **options)
