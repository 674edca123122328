"""A batch of faces through base model and refiner. Needs torch and diffusers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from contracts.error_codes import ErrorCode, StageError
from contracts.exit_codes import ExitCode
from contracts.gen import GenItemParams, RefinerParams
from gen.app.src.sdxl.economy import use_adapters
from gen.app.src.sdxl.framing import Frame
from gen.app.src.sdxl.models import Model, Networks
from gen.app.src.sdxl.neutralize import neutralized
from gen.app.src.sdxl.prompts import Encoded
from gen.app.src.sdxl.schedulers import LCM_FINEST, scheduler_named
from gen.app.src.sdxl.steps import HANDOVER, TRAINED_STEPS, HandoverPlan, plan_handover, plan_steps
from gen.app.src.sdxl.strategies import Recipe
from imaging.colour import Image

OnStep = Callable[[], None]
REFINER_SEED = 1
"""Added to an item's seed: the refiner must not meet the very noise that the base model took away."""


@dataclass(frozen=True, eq=False)
class Scene:
    """A crop, encoded once for all its variations.

    Attributes:
        prepared: (side, side, 3), the crop with its masked area neutralised.
        latents: of `prepared`. masked_latents: of the crop with a grey masked area.
        mask: (1, 1, side, side).
    """

    frame: Frame
    prepared: Image
    latents: Tensor
    masked_latents: Tensor
    mask: Tensor


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
    """Encode a crop."""
    prepared = neutralized(frame.picture, frame.mask, neutralize)
    grey: Image = np.where(frame.mask[..., None] > 0, np.float32(0.5), frame.picture)
    codec = networks.codec
    mask = torch.from_numpy(frame.mask)[None, None]
    return Scene(frame, prepared, codec.encode(prepared), codec.encode(grey), mask)


class Painter:
    """Paints batches of one recipe."""

    def __init__(self, networks: Networks, recipe: Recipe, on_step: OnStep, wants_base: bool) -> None:
        self._networks = networks
        self._recipe = recipe
        self._on_step = on_step
        self._wants_base = wants_base

    def paint(self, orders: Sequence[Order]) -> list[Paint]:
        """Paint a batch.

        Raises:
            StageError: BAD_REQUEST where not one step would run; GENERATION_FAILED.
        """
        recipe, networks = self._recipe, self._networks
        use_adapters(networks.base.pipeline, recipe.adapters)
        handover = self._handover()
        finest = LCM_FINEST if recipe.scheduler == "lcm" else TRAINED_STEPS
        plan = handover or plan_steps(recipe.steps, recipe.strength, finest)
        if plan is None:
            raise StageError(
                ErrorCode.BAD_REQUEST,
                f"generation.strength {recipe.strength:g} lets not one step run",
                "give more strength",
                ExitCode.USAGE,
            )
        latents, base_steps = self._base(orders, plan.schedule, HANDOVER if handover else None)
        decode = networks.codec.decode
        bases: list[Image | None] = [None] * len(orders)
        if recipe.refiner is None:
            return [Paint(decode(one), None, base_steps, 0) for one in latents.split(1)]
        if handover:
            refined, refiner_steps = self._finish(orders, latents, handover.schedule)
        else:
            if self._wants_base:
                bases = [decode(one) for one in latents.split(1)]
            refined, refiner_steps = self._refine(orders, latents, recipe.refiner)
        return [
            Paint(decode(one), base, base_steps, refiner_steps) for one, base in zip(refined.split(1), bases)
        ]

    def _handover(self) -> HandoverPlan | None:
        """The schedule that base model and refiner share; None where they do not."""
        recipe = self._recipe
        if recipe.refiner is None or recipe.refiner.mode != "ensemble":
            return None
        scheduler = scheduler_named(recipe.scheduler, self._networks.base.scheduler)

        def levels(schedule: int) -> Sequence[float]:
            scheduler.set_timesteps(schedule)
            return [float(level) for level in scheduler.timesteps]

        plan = plan_handover(recipe.steps, recipe.strength, levels)
        if plan is None:
            raise StageError(
                ErrorCode.BAD_REQUEST,
                f"generation.strength {recipe.strength:g} begins after the refiner takes over",
                'give more strength, or set generation.refiner.mode to "masked"',
                ExitCode.USAGE,
            )
        return plan

    def _base(self, orders: Sequence[Order], schedule: int, end: float | None) -> tuple[Tensor, int]:
        recipe, model = self._recipe, self._networks.base
        texts = [
            model.prompts.encode(o.params.prompt, o.params.negative_prompt, recipe.adapters) for o in orders
        ]
        return self._run(
            model,
            model.pipeline,
            orders,
            texts,
            image=torch.cat([order.scene.latents for order in orders]),
            guidance_scale=recipe.guidance_scale,
            num_inference_steps=schedule,
            denoising_end=end,
            strength=recipe.strength,
            **self._masked(orders),
        )

    def _refine(self, orders: Sequence[Order], latents: Tensor, refiner: RefinerParams) -> tuple[Tensor, int]:
        """Go over finished latents; those outside of the mask stay."""
        model = self._networks.refiner
        plan = plan_steps(refiner.num_inference_steps, refiner.strength)
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
            strength=refiner.strength,
            **self._masked(orders),
        )

    def _finish(self, orders: Sequence[Order], latents: Tensor, schedule: int) -> tuple[Tensor, int]:
        """Take the last noise away. Unmasked: whatever becomes of the surroundings is not pasted."""
        model, refiner = self._networks.refiner, self._recipe.refiner
        assert model is not None and refiner is not None
        return self._run(
            model,
            self._networks.finisher,
            orders,
            _refiner_texts(model, orders),
            image=latents,
            guidance_scale=refiner.guidance_scale,
            num_inference_steps=schedule,
            denoising_start=HANDOVER,
        )

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
            generator=[torch.Generator("cpu").manual_seed(order.seed + offset) for order in orders],
            callback_on_step_end=stepped,
            output_type="latent",
            **options,
        ).images
        return latents.float(), steps


def _refiner_texts(model: Model, orders: Sequence[Order]) -> list[Encoded]:
    return [model.prompts.encode(o.params.refiner.prompt, o.params.refiner.negative_prompt) for o in orders]


def _joined(texts: Sequence[Encoded], field: str, networks: Networks) -> Tensor:
    return torch.cat([getattr(text, field) for text in texts]).to(networks.device, networks.dtype)
