"""How many denoising steps really run. Standard library only.

With strength s, a pipeline that is asked for n steps runs the last int(n * s) of them: 3 steps at strength
0.4 are a single one, at the very end, that changes nothing. Here the number that a person asks for is
the number that runs, and the schedule is made as fine as that takes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

TRAINED_STEPS = 1000
"""Noise levels that SDXL was trained on: no schedule is finer."""
HANDOVER = 0.8
"""Share of the noise that the base model takes away before the refiner takes over (the SDXL paper)."""


@dataclass(frozen=True)
class StepPlan:
    """schedule: what the pipeline is asked for. runs: the steps that it then really does."""

    schedule: int
    runs: int


def steps_run(schedule: int, strength: float) -> int:
    """Steps that diffusers runs of a schedule."""
    return min(int(schedule * strength), schedule)


def plan_steps(wanted: int, strength: float, finest: int = TRAINED_STEPS) -> StepPlan | None:
    """The coarsest schedule of which `wanted` steps run.

    Args:
        finest: most steps of a schedule. Where it is too coarse, fewer steps run.

    Returns:
        None where the strength is so small that not even one step would run.
    """
    if strength <= 0:
        return None
    schedule = min(math.ceil(wanted / strength), finest)
    if steps_run(schedule, strength) < wanted and schedule < finest:  # wanted / strength was rounded
        schedule += 1
    runs = steps_run(schedule, strength)
    return StepPlan(schedule, runs) if runs else None


@dataclass(frozen=True)
class HandoverPlan:
    """A schedule that two models share: `base_runs` steps by one, then `refiner_runs` by the other."""

    schedule: int
    base_runs: int
    refiner_runs: int


def plan_handover(
    wanted: int, strength: float, timesteps: Callable[[int], Sequence[float]], handover: float = HANDOVER
) -> HandoverPlan | None:
    """The coarsest schedule of which `wanted` steps run, at least one by either model.

    Args:
        timesteps: the scheduler's noise levels of a schedule, falling, of 0..TRAINED_STEPS.

    Returns:
        None where no schedule has that: the strength begins below the hand-over.
    """
    border = round(TRAINED_STEPS * (1 - handover))
    for schedule in range(wanted, wanted + TRAINED_STEPS // 10):
        levels = timesteps(schedule)
        begun = levels[len(levels) - steps_run(schedule, strength) :]
        base = sum(level >= border for level in begun)
        refiner = sum(level < border for level in levels)
        if base and refiner and base + refiner >= wanted:
            return HandoverPlan(schedule, base, refiner)
    return None
