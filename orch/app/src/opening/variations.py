"""The original and its variations: seeds, openness and prompts of each.

The original is the configuration as it is. Variations must be visibly different without any
diffusion model, so they also differ in how far the eyes open; never in iris colour.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from contracts.gen import GenItemParams, RefinerParams
from contracts.iris_words import iris_colour_named
from orch.app.src.run_ids import variation_id
from orch.app.src.settings import DEFAULT_PROMPT, GenerationSection, Settings, settings_of
from orch.app.src.settings_sources import merge

VARIED_OPENNESS = (0.84, 1.14, 0.92, 1.07, 0.76, 1.2)
"""Of variations 1, 2, ..., relative to the original's; starts again at the end. Neighbours differ by at
least 0.08, which is 2 px of lid height on an eye of 100 px; below 0.75 looks sleepy."""
OPENNESS_LIMITS = (0.5, 1.2)
"""What strategies take."""


@dataclass(frozen=True)
class Variation:
    """generation: the run's section with this variation's prompts."""

    number: int
    seed: int
    openness: float
    generation: GenerationSection

    @property
    def variation_id(self) -> str:
        return variation_id(self.number)


def variations(settings: Settings, prompts: Mapping[int, dict[str, Any]], count: int) -> list[Variation]:
    """The original and `count` variations.

    Args:
        prompts: variation number -> configuration that merges over the settings; a missing one keeps
            the settings' prompts.
    """
    made = []
    least, most = OPENNESS_LIMITS
    for number in range(count + 1):
        share = VARIED_OPENNESS[(number - 1) % len(VARIED_OPENNESS)] if number else 1.0
        openness = round(min(most, max(least, share * settings.generation.openness)), 4)
        section = _with_prompts(settings, prompts.get(number, {}))
        made.append(Variation(number, settings.generation.seed + number, openness, section))
    return made


def gen_item_params(settings: Settings, variation: Variation) -> GenItemParams:
    """What the gen stage is told about one face in a variation.

    Colours come from the run's own prompt, not the variation's: the same for all variations.
    """
    own_prompt, section = settings.generation.prompt, variation.generation
    refiner = section.refiner
    return GenItemParams(
        eye_colour=settings.generation.eye_color,
        prompt_colour=iris_colour_named(own_prompt) if own_prompt != DEFAULT_PROMPT else None,
        default_colour=iris_colour_named(DEFAULT_PROMPT),
        openness=variation.openness,
        prompt=section.prompt,
        negative_prompt=section.negative_prompt,
        guidance_scale=section.guidance_scale,
        num_inference_steps=section.num_inference_steps,
        strength=section.strength,
        refiner=RefinerParams(
            enabled=refiner.enabled,
            prompt=refiner.prompt,
            negative_prompt=refiner.negative_prompt,
            guidance_scale=refiner.guidance_scale,
            num_inference_steps=refiner.num_inference_steps,
            strength=refiner.strength,
            mode=refiner.mode,
        ),
    )


def _with_prompts(settings: Settings, prompts: dict[str, Any]) -> GenerationSection:
    if not prompts:
        return settings.generation
    return settings_of(merge(settings.as_json(), prompts)).generation
