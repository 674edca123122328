"""Batches equal single runs, for every sampler, refiner mode and kind of weights."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

import numpy as np
import pytest
import torch

from contracts.gen import GenItemParams, GenParams, RefinerParams, Scheduler
from gen.app.src.sdxl.framing import make_frame
from gen.app.src.sdxl.models import Networks, load
from gen.app.src.sdxl.painter import Order, Paint, Painter, Scene, make_scene
from gen.app.src.sdxl.strategies import Recipe
from tests.in_stage.sdxl.tiny_stage import PROMPTS, tiny_weights
from tests.synthetic_faces import textured_unit

TOLERANCE = 1e-4
REFINERS = {
    "masked": RefinerParams(num_inference_steps=2, guidance_scale=4.0),
    "ensemble": RefinerParams(guidance_scale=4.0, mode="ensemble"),
    "off": None,
}


@pytest.fixture(scope="module", params=["inpainting", "plain"])
def networks(request: pytest.FixtureRequest) -> Networks:
    folder = tiny_weights()
    paths = {"sdxl_base": folder / request.param, "sdxl_refiner": folder / "refiner"}
    return load(paths, GenParams(), torch.device("cpu"))


@pytest.fixture(scope="module")
def scene(networks: Networks) -> Scene:
    mask = np.zeros((96, 96), np.float32)
    mask[30:60, 20:70] = 1
    frame = make_frame(textured_unit((96, 96)).astype(np.float32), mask, networks.side, networks.cell)
    return make_scene(frame, networks, "cv_inpaint")


def recipe(scheduler: str = "model", mode: str = "masked") -> Recipe:
    return Recipe("sdxl", 3, 0.9999, 5.0, scheduler, (), REFINERS[mode])


def paint(networks: Networks, how: Recipe, orders: list[Order]) -> list[Paint]:
    return Painter(networks, how, lambda: None, wants_base=False).paint(orders)


def orders_for(scene: Scene) -> list[Order]:
    return [Order(scene, GenItemParams(prompt=p, negative_prompt="bad"), n) for n, p in enumerate(PROMPTS)]


@pytest.mark.parametrize("mode", list(REFINERS))
@pytest.mark.parametrize("scheduler", get_args(Scheduler))
def test_four_prompts_at_once_are_four_single_runs(
    networks: Networks, scene: Scene, scheduler: str, mode: str
) -> None:
    how, orders = recipe(scheduler, mode), orders_for(scene)
    together = paint(networks, how, orders)
    for order, batched in zip(orders, together):
        (alone,) = paint(networks, how, [order])
        assert np.abs(alone.picture - batched.picture).max() < TOLERANCE
        assert (alone.base_steps, alone.refiner_steps) == (batched.base_steps, batched.refiner_steps)
    assert np.abs(together[0].picture - together[1].picture).max() > 10 * TOLERANCE


def test_steps_are_those_asked_for(networks: Networks, scene: Scene) -> None:
    (refined,) = paint(networks, recipe(), orders_for(scene)[:1])
    assert (refined.base_steps, refined.refiner_steps) == (3, 2)
    (shared,) = paint(networks, recipe(mode="ensemble"), orders_for(scene)[:1])
    assert shared.base_steps >= 1 and shared.refiner_steps >= 1
    assert shared.base_steps + shared.refiner_steps == 3


def test_prompt_seed_and_refiner_matter(networks: Networks, scene: Scene) -> None:
    first = orders_for(scene)[0]
    changed = [
        replace(first, seed=99),
        replace(first, params=replace(first.params, prompt="something else")),
    ]
    (picture, other_seed, other_prompt) = (p.picture for p in paint(networks, recipe(), [first, *changed]))
    (unrefined,) = paint(networks, recipe(mode="off"), [first])
    for other in (other_seed, other_prompt, unrefined.picture):
        assert np.abs(picture - other).max() > 10 * TOLERANCE


def test_masked_refining_keeps_latents_outside_of_the_mask(networks: Networks, scene: Scene) -> None:
    """Exactly: the refiner's pipeline puts the base model's own back."""
    painter = Painter(networks, recipe(), lambda: None, wants_base=False)
    orders = orders_for(scene)[:2]
    latents, _ = painter._base(orders, painter.plan)
    refiner = REFINERS["masked"]
    assert refiner
    refined, steps = painter._refine(orders, latents, refiner, painter.plan.refiner)
    outside = scene.mask[0, 0, :: networks.cell, :: networks.cell] == 0
    assert steps == 2
    assert torch.equal(latents[:, :, outside], refined[:, :, outside])
    assert not torch.equal(latents[:, :, ~outside], refined[:, :, ~outside])
