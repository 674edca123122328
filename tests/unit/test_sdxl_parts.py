"""SDXL without torch: steps that really run, batches that shrink, frames, strategies."""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from typing import get_args

import numpy as np
import pytest

from contracts.error_codes import ErrorCode, StageError
from contracts.gen import GenItemParams, GenParams, Neutralize, RefinerParams
from gen.app.src.sdxl.batching import GIB, MOST_AT_ONCE, Batches, Relief, batch_size
from gen.app.src.sdxl.framing import make_frame, soft
from gen.app.src.sdxl.neutralize import METHODS, neutralized
from gen.app.src.sdxl.steps import plan_handover, plan_steps, steps_run
from gen.app.src.sdxl.strategies import LCM_LORA, LORA, STRATEGIES, SDXLStrategy, SDXLTurboStrategy
from orch.app.src.strategies import SDXL_MODELS
from tests.synthetic_faces import textured_unit


def trailing(schedule: int) -> Sequence[float]:
    """Noise levels from the strongest down; 61 steps are 62, as diffusers rounds them."""
    levels = [round(1000 - i * 1000 / schedule) - 1 for i in range(schedule)]
    return [*levels, -1] if schedule == 61 else levels


@pytest.mark.parametrize("wanted", [1, 3, 8, 30, 60, 61])
@pytest.mark.parametrize("strength", [0.05, 0.3, 0.4, 0.7, 0.9999, 1.0])
def test_as_many_steps_run_as_are_asked_for(wanted: int, strength: float) -> None:
    plan = plan_steps(wanted, strength, trailing)
    assert plan and plan.runs == steps_run(plan.schedule, plan.strength) == min(wanted, 1000 * strength)
    assert plan.schedule != 61
    assert abs(plan.begins - strength) <= (strength**2 if strength < 0.9 else 2) / wanted + 0.002


def test_the_references_three_steps_at_a_strength_of_04_are_three() -> None:
    assert steps_run(3, 0.4) == 1
    plan = plan_steps(3, 0.4, trailing)
    assert plan and (plan.schedule, plan.runs, plan.begins) == (8, 3, 0.375)


def test_no_schedule_is_finer_than_the_training() -> None:
    plan = plan_steps(30, 0.01, trailing)
    assert plan and (plan.schedule, plan.runs) == (1000, 10)
    assert plan_steps(30, 0.0, trailing) is None and plan_steps(30, 0.0005, trailing) is None
    plan = plan_steps(8, 0.1, trailing, finest=50)
    assert plan and (plan.schedule, plan.runs) == (50, 5)


SHARED = [(2, 0.9999), (5, 0.9999), (30, 0.9999), (3, 1.0), (60, 0.25), (50, 0.3), (100, 0.5), (30, 0.22)]


@pytest.mark.parametrize(("wanted", "strength"), SHARED)
def test_both_models_have_steps_of_a_shared_schedule(wanted: int, strength: float) -> None:
    plan = plan_handover(wanted, strength, trailing)
    assert plan and plan.base_runs >= 1 and plan.refiner_runs >= 1
    assert plan.base_runs + plan.refiner_runs == plan.steps.runs == wanted
    assert wanted < 10 or abs(plan.steps.begins - strength) < 0.04


def test_what_cannot_be_shared() -> None:
    assert plan_handover(10, 0.1, trailing) is None, "it begins below the hand-over"
    assert plan_handover(1, 0.9999, trailing) is None, "one step is not for two"


class RanOut(Exception):
    """Stands for a card's memory."""


def batches(size: int, fits: int, reliefs: list[Relief] | None = None) -> tuple[Batches[int, int], list[int]]:
    tried: list[int] = []

    def work(batch: Sequence[int]) -> list[int]:
        tried.append(len(batch))
        if len(batch) > fits:
            raise RanOut
        return [10 * number for number in batch]

    return Batches(size, work, lambda e: isinstance(e, RanOut), lambda: None, reliefs or []), tried


def test_batches_halve_and_stay_small() -> None:
    shrinking, tried = batches(8, 3)
    results = [r for _, made in shrinking.run(range(9)) if isinstance(made, list) for r in made]
    assert results == [10 * n for n in range(9)]
    assert tried == [8, 4, 2, 2, 2, 2, 1]
    assert [n.message for n in shrinking.notices] == [
        "the memory ran out: 4 at once instead of 8",
        "the memory ran out: 2 at once instead of 4",
    ]


def test_then_reliefs_then_an_error_that_may_pass() -> None:
    applied: list[str] = []
    reliefs = [Relief(name, lambda name=name: applied.append(name)) for name in ("slices", "offload")]
    hopeless, tried = batches(2, 0, reliefs)
    with pytest.raises(StageError) as raised:
        list(hopeless.run([1, 2]))
    assert (raised.value.code, raised.value.retryable) == (ErrorCode.OUT_OF_MEMORY, True)
    assert applied == ["slices", "offload"] and tried == [2, 1, 1, 1]
    assert len(hopeless.notices) == 3
    later, _ = batches(1, 1, reliefs)
    assert [n.message for n in later.notices] == ["the memory ran out: slices", "the memory ran out: offload"]


def test_memory_is_given_back_when_nothing_holds_it_any_more() -> None:
    class Tensor:
        """Stands for one."""

    held: list[weakref.ref[Tensor]] = []
    gone: list[bool] = []

    def work(batch: Sequence[int]) -> list[int]:
        tensor = Tensor()
        held.append(weakref.ref(tensor))
        if len(gone) < 2:
            raise RanOut
        return list(batch)

    def look() -> None:
        gone.append(held[-1]() is None)

    relief = Relief("slices", look)
    short = Batches(
        1, work, lambda e: isinstance(e, RanOut), lambda: gone.append(held[-1]() is None), [relief]
    )
    assert list(short.run([7])) == [([7], [7])]
    assert gone == [True, True]


def test_a_fault_is_of_one_item_alone() -> None:
    tried: list[list[int]] = []

    def work(batch: Sequence[int]) -> list[int]:
        tried.append(list(batch))
        return [6 // number for number in batch]

    faulty = Batches[int, int](3, work, lambda e: isinstance(e, RanOut), lambda: None, [])
    outcome = {number: made for batch, made in faulty.run([1, 0, 2, 3, 6, 1]) for number in batch}
    assert isinstance(outcome.pop(0), ZeroDivisionError)
    assert outcome == {1: [2, 1, 6], 2: [3], 3: [2, 1, 6], 6: [2, 1, 6]}
    assert tried == [[1, 0, 2], [1], [0], [2], [3, 6, 1]]
    assert not faulty.notices


def test_the_first_batch_is_as_big_as_memory_allows() -> None:
    assert batch_size(1 * GIB, 1024, 2) == 1
    assert batch_size(24 * GIB, 1024, 2) == 6
    assert batch_size(24 * GIB, 1024, 4) == 3
    assert batch_size(1000 * GIB, 1024, 2) == MOST_AT_ONCE


def test_a_frame_keeps_the_crop_outside_of_its_alpha() -> None:
    crop = textured_unit((91, 91)).astype(np.float32)
    mask = np.zeros((91, 91), np.float32)
    mask[20:41, 10:50] = 1
    frame = make_frame(crop, mask, side=64, cell=8)
    assert frame.picture.shape == (64, 64, 3) and set(np.unique(frame.mask)) == {0, 1}
    painted = frame.taken_back(np.zeros((64, 64, 3), np.float32))
    merged = frame.composite(painted)
    assert np.array_equal(merged[frame.alpha == 0], crop[frame.alpha == 0])
    assert not merged[frame.alpha > 0].any()
    cells = frame.mask.reshape(8, 8, 8, 8).transpose(0, 2, 1, 3).reshape(64, 64)
    assert (cells.min(axis=1) == cells.max(axis=1)).all(), "the mask is made of whole cells"
    assert np.array_equal(soft(mask), np.round(soft(mask) * np.float32(65535)) / np.float32(65535))


@pytest.mark.parametrize("how", get_args(Neutralize))
def test_what_the_mask_covers_loses_its_shape_and_nothing_else_does(how: str) -> None:
    picture = np.full((64, 64, 3), 0.6, np.float32)
    picture[31:33, 20:44] = 0.1  # a closed line
    mask = np.zeros((64, 64), np.float32)
    mask[24:40, 16:48] = 1
    changed = neutralized(picture, mask, how)
    assert changed.dtype == np.float32 and changed.shape == picture.shape
    assert np.array_equal(changed[mask == 0], picture[mask == 0])
    assert changed.min() > 0.35
    assert set(METHODS) == set(get_args(Neutralize))


def test_sdxl_refines_where_there_is_a_refiner() -> None:
    params = GenItemParams(prompt="a", refiner=RefinerParams(prompt="b", mode="ensemble"))
    with_refiner = GenParams(weights={"sdxl_base": "w:b", "sdxl_refiner": "w:r", LORA: "w:l"})
    recipe, told = SDXLStrategy().recipe(params, with_refiner)
    assert recipe.refiner and recipe.refiner.mode == "ensemble" and recipe.refiner.prompt == ""
    assert recipe.adapters == (LORA,) and not told
    other, _ = SDXLStrategy().recipe(GenItemParams(prompt="c", refiner=params.refiner), with_refiner)
    assert other == recipe, "items that differ in prompts alone go in one batch"
    assert SDXLStrategy().recipe(params, GenParams())[0].refiner is None


def test_turbo_takes_few_steps_and_says_so() -> None:
    request = GenParams(weights={LCM_LORA: "w:l", "sdxl_refiner": "w:r"})
    recipe, told = SDXLTurboStrategy().recipe(GenItemParams(), request)
    assert (recipe.steps, recipe.guidance_scale, recipe.scheduler) == (8, 2.0, "lcm")
    assert recipe.adapters == (LCM_LORA,) and recipe.refiner is None
    assert "instead of 30 at 15" in told[0].message
    modest = GenItemParams(num_inference_steps=4, guidance_scale=1.5)
    assert not SDXLTurboStrategy().recipe(modest, request)[1]
    assert SDXLTurboStrategy().missing(GenParams()) == LCM_LORA


def test_the_orchestrator_knows_the_same_strategies() -> None:
    assert tuple(STRATEGIES) == SDXL_MODELS
