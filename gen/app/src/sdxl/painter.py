"""A batch of faces through base model and refiner. Needs torch and diffusers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch import Tensor

from contracts.gen import GenItemParams, RefinerParams
from gen.app.src.sdxl.checkpoint import PLAIN
from gen.app.src.sdxl.codec import LatentCodec
from gen.app.src.sdxl.economy import use_adapters
from gen.app.src.sdxl.framing import Frame
from gen.app.src.sdxl.models import Model, Networks
from gen.app.src.sdxl.neutralize import neutralized
from gen.app.src.sdxl.planning import Plan, plan_recipe
from gen.app.src.sdxl.prompts import Encoded
from gen.app.src.sdxl.schedulers import scheduler_named
from gen.app.src.sdxl.steps import HANDOVER, StepPlan
from gen.app.src.sdxl.strategies import Recipe
from imaging.colour import Image

OnStep = Callable[[], None]
REFINER_SEED = 1
"""Added to an item's seed: the refiner must not meet the very noise that the base model took away."""


@dataclass(frozen=True, eq=False)
class Scene:
    """A crop for all its variations, encoded once: where it is first painted, and memory is watched.

    Attributes:
        prepared: (side, side, 3), the crop with its masked area neutralised.
        mask: (1, 1, side, side).
    """

    frame: Frame
    prepared: Image
    mask: Tensor
    codec: LatentCodec

    @cached_property
    def latents(self) -> Tensor:
        """Of `prepared`; see `LatentCodec.encode`."""
        return self.codec.encode(self.prepared)

    @cached_property
    def masked_latents(self) -> Tensor:
        """Of the crop with a grey masked area."""
        grey: Image = np.where(self.frame.mask[..., None] > 0, np.float32(0.5), self.frame.picture)
        return self.codec.encode(grey)


@dataclass(frozen=True, eq=False)
class Order:
    """One face in one variation."""

    scene: Scene
    params: GenItemParams
    seed: int


@dataclass(frozen=True, eq=False)
class Paint:
    """What became of it: (side, side, 3) pictures, and the steps that really ran.

    base: after the base model; None where the refiner took over before it was finished.
    """

    picture: Image
    base: Image | None
    base_steps: int
    refiner_steps: int


def make_scene(frame: Frame, networks: Networks, neutralize: str) -> Scene:
    """Neutralise a crop. neutralize: of `neutralize.METHODS`."""
    prepared = neutralized(frame.picture, frame.mask, neutralize)
    return Scene(frame, prepared, torch.from_numpy(frame.mask)[None, None], networks.codec)


class Painter:
    """Paints batches of one recipe."""

    def __init__(self, networks: Networks, recipe: Recipe, on_step: OnStep, wants_base: bool) -> None:
        self._networks = networks
        self._recipe = recipe
        self._on_step = on_step
        self._wants_base = wants_base

    @cached_property
    def plan(self) -> Plan:
        """The steps of the recipe.

        Raises:
            StageError: BAD_REQUEST where not one step would run.
        """
        return plan_recipe(self._recipe, self._networks.base.scheduler)

    def paint(self, orders: Sequence[Order]) -> list[Paint]:
        """Paint a batch.

        Raises:
            StageError: BAD_REQUEST where not one step would run; GENERATION_FAILED.
        """
        recipe, networks = self._recipe, self._networks
        use_adapters(networks.base.pipeline, recipe.adapters)
        plan = self.plan
        latents, base_steps = self._base(orders, plan)
        decode = networks.codec.decode
        bases: list[Image | None] = [None] * len(orders)
        if recipe.refiner is None:
            return [Paint(decode(one), None, base_steps, 0) for one in latents.split(1)]
        if plan.shared:
            refined, refiner_steps = self._finish(orders, latents, plan.base.schedule)
        else:
            if self._wants_base:
                bases = [decode(one) for one in latents.split(1)]
            refined, refiner_steps = self._refine(orders, latents, recipe.refiner, plan.refiner)
        return [
            Paint(decode(one), base, base_steps, refiner_steps) for one, base in zip(refined.split(1), bases)
        ]

    def _base(self, orders: Sequence[Order], plan: Plan) -> tuple[Tensor, int]:
        recipe, model = self._recipe, self._networks.base
        texts = [
            model.prompts.encode(o.params.prompt, o.params.negative_prompt, recipe.adapters) for o in orders
        ]
        latents, steps = self._run(
            model,
            model.pipeline,
            orders,
            texts,
            image=torch.cat([order.scene.latents for order in orders]),
            guidance_scale=recipe.guidance_scale,
            num_inference_steps=plan.base.schedule,
            denoising_end=HANDOVER if plan.shared else None,
            strength=plan.base.strength,
            **self._masked(orders),
        )
        if plan.shared and model.pipeline.unet.config.in_channels == PLAIN:
            latents = self._noised_outside(orders, latents, plan.base.runs - steps)
        return latents, steps

    def _noised_outside(self, orders: Sequence[Order], latents: Tensor, left: int) -> Tensor:
        """Latents handed over by plain weights, with as much noise outside of the mask as inside.

        diffusers puts the original in place there after every step, and after the last one without noise:
        it knows of no refiner, who would take the clean surroundings for noisy ones.

        Args:
            left: steps of the schedule that the refiner has yet to run.
        """
        scheduler, cell = self._networks.base.pipeline.scheduler, self._networks.cell
        shape, dtype = latents.shape[1:], self._networks.dtype
        # The very noise that the pipeline drew first for each.
        noise = torch.stack([torch.randn(shape, generator=g, dtype=dtype) for g in _generators(orders, 0)])
        clean = torch.cat([order.scene.latents for order in orders])
        levels = scheduler.timesteps[-left].repeat(len(orders))
        noised = scheduler.add_noise(clean, noise.to(clean), levels)
        inside = torch.cat([order.scene.mask for order in orders])[..., ::cell, ::cell].to(latents.device) > 0
        return torch.where(inside, latents, noised)

    def _refine(
        self, orders: Sequence[Order], latents: Tensor, refiner: RefinerParams, plan: StepPlan | None
    ) -> tuple[Tensor, int]:
        """Go over finished latents; those outside of the mask stay."""
        model = self._networks.refiner
        if plan is None or model is None:
            return latents, 0
        return self._run(
            model,
            model.pipeline,
            orders,
            _refiner_texts(model, orders),
            image=latents,
            guidance_scale=refiner.guidance_scale,
            num_inference_steps=plan.schedule,
            strength=plan.strength,
            **self._masked(orders),
        )

    def _finish(self, orders: Sequence[Order], latents: Tensor, schedule: int) -> tuple[Tensor, int]:
        """Take the last noise away. Unmasked: whatever becomes of the surroundings is not pasted."""
        model, refiner = self._networks.refiner, self._recipe.refiner
        assert model is not None and refiner is not None
        finished = self._run(
            model,
            self._networks.finisher,
            orders,
            _refiner_texts(model, orders),
            image=latents,
            guidance_scale=refiner.guidance_scale,
            num_inference_steps=schedule,
            denoising_start=HANDOVER,
        )
        model.pipeline.maybe_free_model_hooks()  # where networks wait off the card; the finisher has no hooks
        return finished

    def _masked(self, orders: Sequence[Order]) -> dict[str, Any]:
        side = self._networks.side
        return {
            "mask_image": torch.cat([order.scene.mask for order in orders]),
            "masked_image_latents": torch.cat([order.scene.masked_latents for order in orders]),
            "height": side,
            "width": side,
        }

    def _run(
        self, model: Model, pipeline: Any, orders: Sequence[Order], texts: Sequence[Encoded], **options: Any
    ) -> tuple[Tensor, int]:
        """Latents and the number of steps that ran. pipeline: one of diffusers', whose calls are untyped."""
        networks, steps = self._networks, 0

        def stepped(_pipeline: Any, _number: int, _level: Any, kept: dict[str, Any]) -> dict[str, Any]:
            nonlocal steps
            steps += 1
            self._on_step()
            return kept

        offset = 0 if model is networks.base else REFINER_SEED
        pipeline.scheduler = scheduler_named(self._recipe.scheduler, networks.base.scheduler)
        latents = pipeline(
            prompt_embeds=_joined(texts, "prompt", networks),
            negative_prompt_embeds=_joined(texts, "negative", networks),
            pooled_prompt_embeds=_joined(texts, "pooled", networks),
            negative_pooled_prompt_embeds=_joined(texts, "negative_pooled", networks),
            generator=_generators(orders, offset),
            callback_on_step_end=stepped,
            output_type="latent",
            **options,
        ).images
        return latents.float(), steps


def _generators(orders: Sequence[Order], offset: int) -> list[torch.Generator]:
    return [torch.Generator("cpu").manual_seed(order.seed + offset) for order in orders]


def _refiner_texts(model: Model, orders: Sequence[Order]) -> list[Encoded]:
    return [model.prompts.encode(o.params.refiner.prompt, o.params.refiner.negative_prompt) for o in orders]


def _joined(texts: Sequence[Encoded], field: str, networks: Networks) -> Tensor:
    return torch.cat([getattr(text, field) for text in texts]).to(networks.device, networks.dtype)
