"""Where steps begin, and what base model and refiner hand over."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import numpy as np
import pytest
import torch

from contracts.error_codes import ErrorCode
from contracts.gen import GenItemParams, GenParams, RefinerParams, Scheduler
from gen.app.src.sdxl.framing import make_frame
from gen.app.src.sdxl.models import Networks, load
from gen.app.src.sdxl.painter import Order, Painter, make_scene
from gen.app.src.sdxl.planning import plan_recipe
from gen.app.src.sdxl.strategies import Recipe
from tests.in_stage.sdxl.tiny_stage import ask, item, only, tiny_weights, write_face
from tests.synthetic_faces import textured_unit

ENSEMBLE = RefinerParams(guidance_scale=4.0, mode="ensemble")


def networks(base: str) -> Networks:
    folder = tiny_weights()
    paths = {"sdxl_base": folder / base, "sdxl_refiner": folder / "refiner"}
    return load(paths, GenParams(), torch.device("cpu"))


@pytest.fixture(scope="module")
def plain() -> Networks:
    return networks("plain")


def orders_for(nets: Networks, count: int) -> list[Order]:
    mask = np.zeros((96, 96), np.float32)
    mask[30:60, 20:70] = 1
    frame = make_frame(textured_unit((96, 96)).astype(np.float32), mask, nets.side, nets.cell)
    scene = make_scene(frame, nets, "cv_inpaint")
    return [Order(scene, GenItemParams(prompt="brown eyes"), seed) for seed in range(count)]


def recipe(scheduler: str, refiner: RefinerParams, steps: int = 4, strength: float = 0.9999) -> Recipe:
    return Recipe("sdxl", steps, strength, 5.0, scheduler, (), refiner)


@pytest.mark.parametrize("scheduler", get_args(Scheduler))
def test_plain_weights_hand_over_surroundings_as_noisy_as_the_refiner_expects(
    plain: Networks, scheduler: str
) -> None:
    """Original and noise in the shares of the level that the refiner's first step is for."""
    painter = Painter(plain, recipe(scheduler, ENSEMBLE), lambda: None, wants_base=False)
    orders = orders_for(plain, 4)
    latents, steps = painter._base(orders, painter.plan)
    scene, sampler = orders[0].scene, plain.base.pipeline.scheduler
    level = sampler.timesteps[-(painter.plan.base.runs - steps)]
    kept = float(sampler.alphas_cumprod[int(level)])
    noise = (1 - kept) ** 0.5
    if scheduler in ("model", "euler", "euler_a"):  # these scale the noise instead of the original
        noise, kept = noise / kept**0.5, 1.0
    outside = scene.mask[0, 0, :: plain.cell, :: plain.cell] == 0
    added = (latents - kept**0.5 * scene.latents)[..., outside]
    assert float(added.std()) == pytest.approx(noise, rel=0.15)
    assert abs(float(added.mean())) < 0.2 * noise


def test_networks_that_wait_off_the_card_go_back_after_the_handover(
    plain: Networks, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert plain.refiner
    freed: list[str] = []
    monkeypatch.setattr(plain.refiner.pipeline, "maybe_free_model_hooks", lambda: freed.append("refiner"))
    Painter(plain, recipe("model", ENSEMBLE), lambda: None, wants_base=False).paint(orders_for(plain, 1))
    assert freed == ["refiner"]


@pytest.mark.parametrize("scheduler", get_args(Scheduler))
@pytest.mark.parametrize(("steps", "strength"), [(3, 0.4), (8, 0.7), (20, 0.3), (8, 0.9999), (61, 1.0)])
def test_steps_begin_at_the_strength_that_is_asked_for(
    plain: Networks, scheduler: str, steps: int, strength: float
) -> None:
    refiner = RefinerParams(num_inference_steps=steps, strength=strength)
    over = plan_recipe(recipe(scheduler, refiner), plain.base.scheduler).refiner
    assert over and abs(over.begins - strength) < 0.13
    finest = 50 if scheduler == "lcm" else 1000
    assert over.runs == min(steps, round(finest * strength))


def test_what_begins_far_off_is_told(tmp_path: Path) -> None:
    write_face(tmp_path)
    done = only(ask(tmp_path, [item(0)]))
    assert [(w.code, w.message) for w in done.warnings] == [
        (
            "STRENGTH_CHANGED",
            "generation.strength 0.9999: 3 steps begin at 0.75 of the noise; more steps come nearer",
        )
    ]


def test_low_strengths_are_shared_and_lower_ones_told(tmp_path: Path) -> None:
    write_face(tmp_path)
    shared = item(0, num_inference_steps=12, strength=0.25, refiner={"mode": "ensemble"})
    below = item(1, num_inference_steps=12, strength=0.15, refiner={"mode": "ensemble"})
    done = {i.item_id: i for i in ask(tmp_path, [shared, below]).items}
    assert done["v0"].status == "succeeded" and done["v0"].data["base_steps"] >= 1
    assert done["v0"].data["base_steps"] + done["v0"].data["refiner_steps"] == 12
    error = done["v1"].error
    assert error and error.code == ErrorCode.BAD_REQUEST and "takes over at 0.2" in error.message
