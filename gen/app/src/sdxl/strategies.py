"""The ways to paint with SDXL: which steps, guidance, scheduler and adapters. Standard library only.

To add one: a class with `name` and `recipe(params, request)`, and a line in `STRATEGIES`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from contracts.envelope import Notice
from contracts.gen import GenItemParams, GenParams, RefinerParams

LORA, LCM_LORA = "sdxl_lora", "sdxl_lcm_lora"
"""Weights: a style of the person's own; and the adapter that makes a few steps enough."""

FEW_STEPS = 8
"""LCM-LoRA gains nothing from more (S. Luo et al., "LCM-LoRA", 2023)."""
FEW_STEPS_GUIDANCE = 2.0
"""More than that burns the colours of a consistency model."""
STEPS_CHANGED = "STEPS_CHANGED"


@dataclass(frozen=True)
class Recipe:
    """How a batch is painted; items of equal recipes share one.

    Attributes:
        steps: denoising steps that really run.
        adapters: names of weights.
        refiner: None for none; prompts in it do not count.
    """

    strategy: str
    steps: int
    strength: float
    guidance_scale: float
    scheduler: str
    adapters: tuple[str, ...]
    refiner: RefinerParams | None


class GenerationStrategy(Protocol):
    """A way to paint."""

    name: str

    def recipe(self, params: GenItemParams, request: GenParams) -> tuple[Recipe, tuple[Notice, ...]]:
        """What is done for an item, and what a person should know about it."""

    def missing(self, request: GenParams) -> str:
        """Weights that it needs and the request does not name; "" where it has all."""


class SDXLStrategy:
    """All steps, and the refiner where its weights are there."""

    name = "sdxl"

    def recipe(self, params: GenItemParams, request: GenParams) -> tuple[Recipe, tuple[Notice, ...]]:
        refiner = _without_prompts(params.refiner) if _has_refiner(params, request) else None
        recipe = Recipe(
            self.name,
            params.num_inference_steps,
            params.strength,
            params.guidance_scale,
            request.scheduler,
            _own_lora(request),
            refiner,
        )
        return recipe, ()

    def missing(self, request: GenParams) -> str:
        return ""


class SDXLTurboStrategy:
    """A few steps by LCM-LoRA, and no refiner: for previews."""

    name = "sdxl-turbo"

    def recipe(self, params: GenItemParams, request: GenParams) -> tuple[Recipe, tuple[Notice, ...]]:
        steps = min(params.num_inference_steps, FEW_STEPS)
        guidance = min(params.guidance_scale, FEW_STEPS_GUIDANCE)
        adapters = (*_own_lora(request), LCM_LORA)
        recipe = Recipe(self.name, steps, params.strength, guidance, "lcm", adapters, None)
        told = []
        if (steps, guidance) != (params.num_inference_steps, params.guidance_scale):
            message = (
                f"sdxl-turbo: {steps} steps at guidance {guidance:g} "
                f"instead of {params.num_inference_steps} at {params.guidance_scale:g}"
            )
            told.append(Notice(STEPS_CHANGED, message))
        return recipe, tuple(told)

    def missing(self, request: GenParams) -> str:
        return "" if LCM_LORA in request.weights else LCM_LORA


STRATEGIES: dict[str, type[GenerationStrategy]] = {
    strategy.name: strategy for strategy in (SDXLStrategy, SDXLTurboStrategy)
}


def _has_refiner(params: GenItemParams, request: GenParams) -> bool:
    return params.refiner.enabled and "sdxl_refiner" in request.weights


def _without_prompts(refiner: RefinerParams) -> RefinerParams:
    return RefinerParams(
        guidance_scale=refiner.guidance_scale,
        num_inference_steps=refiner.num_inference_steps,
        strength=refiner.strength,
        mode=refiner.mode,
    )


def _own_lora(request: GenParams) -> tuple[str, ...]:
    return (LORA,) if LORA in request.weights else ()
