"""How many denoising steps really run, and where they begin. Standard library only.

With strength s, a pipeline that is asked for n steps runs the last int(n * s) of them: 3 steps at strength
0.4 are a single one, at the very end, that changes nothing. Here the number that a person asks for is
the number that runs, and the schedule is the one whose steps begin nearest to the noise that is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

TRAINED_STEPS = 1000
"""Noise levels that SDXL was trained on: no schedule is finer."""
HANDOVER = 0.8
"""Share of the noise that the base model takes away before the refiner takes over (the SDXL paper)."""
_BORDER = round(TRAINED_STEPS * (1 - HANDOVER))
"""The noise level at which the refiner takes over: the base model's last is this or above."""

Levels = Callable[[int], Sequence[float]]
"""A sampler's noise levels of a schedule of so many steps, falling, of 0..TRAINED_STEPS - 1."""


@dataclass(frozen=True)
class StepPlan:
    """What a pipeline is asked for, and what that does.

    Attributes:
        schedule: its number of steps. strength: the share of them that it runs.
        runs: the steps that really run.
        begins: 0..1, the strength that they amount to: the noise that they begin at.
    """

    schedule: int
    strength: float
    runs: int
    begins: float


def steps_run(schedule: int, strength: float) -> int:
    """Steps that diffusers runs of a schedule."""
    return min(int(schedule * strength), schedule)


def plan_steps(wanted: int, strength: float, levels: Levels, finest: int = TRAINED_STEPS) -> StepPlan | None:
    """The schedule of which the last `wanted` steps begin nearest to the strength.

    Below a strength of 1 a schedule has a step before those that run: all steps of one are a strength of 1
    to diffusers, which then starts from noise alone, and SDXL's inpainting weights paint worse.

    Args:
        finest: most steps of a schedule. Where it is too coarse, fewer steps run.

    Returns:
        None where the strength is so small that not even one step would run.
    """
    if strength <= 0 or wanted < 1:
        return None
    start = TRAINED_STEPS * strength - 1
    coarsest = wanted + (strength < 1)
    if coarsest > finest or levels(finest)[-wanted] > start:
        runs = sum(level <= start for level in levels(finest))
        return _plan(finest, runs, levels) if runs else None
    low, high = coarsest, finest
    while low < high:  # the coarsest that begins no higher; the finer a schedule, the lower its last steps
        middle = (low + high) // 2
        if levels(middle)[-wanted] > start:
            low = middle + 1
        else:
            high = middle
    # Of a few schedules diffusers' rounding makes one level too many, below the last.
    near = [n for n in range(max(coarsest, low - 2), min(low + 2, finest) + 1) if len(levels(n)) == n]
    return _plan(min(near, key=lambda n: abs(levels(n)[-wanted] - start)), wanted, levels)


def _plan(schedule: int, runs: int, levels: Levels) -> StepPlan:
    strength = 1.0 if runs == schedule else (runs + 0.5) / schedule  # half a step against rounding
    return StepPlan(schedule, strength, runs, (levels(schedule)[-runs] + 1) / TRAINED_STEPS)


@dataclass(frozen=True)
class HandoverPlan:
    """Steps that two models share: `base_runs` by one, then `refiner_runs` by the other."""

    steps: StepPlan
    base_runs: int
    refiner_runs: int


def plan_handover(
    wanted: int, strength: float, levels: Levels, finest: int = TRAINED_STEPS
) -> HandoverPlan | None:
    """The schedule of `plan_steps`, or the next one of which either model has a step.

    Returns:
        None where none has that: the strength begins below the hand-over, or too few steps are wanted.
    """
    plan = plan_steps(wanted, strength, levels, finest)
    if plan is None or TRAINED_STEPS * strength - 1 < _BORDER:
        return None
    by_distance = sorted(range(plan.runs, finest + 1), key=lambda n: abs(n - plan.schedule))
    for schedule in by_distance[: 2 * TRAINED_STEPS // _BORDER]:
        all_levels = levels(schedule)
        if len(all_levels) != schedule or (schedule == plan.runs and strength < 1):
            continue
        base = sum(level >= _BORDER for level in all_levels[-plan.runs :])
        if 0 < base < plan.runs and all_levels[-1] < _BORDER:
            return HandoverPlan(_plan(schedule, plan.runs, levels), base, plan.runs - base)
    return None
