"""Which steps base model and refiner run for a recipe, and what of that a person should know. Needs
diffusers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from diffusers import SchedulerMixin

from contracts.envelope import Notice
from contracts.error_codes import ErrorCode, StageError
from contracts.exit_codes import ExitCode
from gen.app.src.sdxl.schedulers import LCM_FINEST, scheduler_named
from gen.app.src.sdxl.steps import HANDOVER, TRAINED_STEPS, StepPlan, plan_handover, plan_steps
from gen.app.src.sdxl.strategies import Recipe

STRENGTH_CHANGED = "STRENGTH_CHANGED"
FAR_OFF = 0.15
"""Share of the noise by which steps may begin beside the strength without a word."""


@dataclass(frozen=True)
class Plan:
    """Steps of a recipe.

    Attributes:
        base: where `shared`, the schedule is the refiner's, too, which takes over at `steps.HANDOVER`.
        refiner: None where it does not go over finished latents.
    """

    base: StepPlan
    shared: bool
    refiner: StepPlan | None
    notices: tuple[Notice, ...]


def plan_recipe(recipe: Recipe, own: SchedulerMixin) -> Plan:
    """Plan the steps. own: the scheduler of the base model's weights.

    Raises:
        StageError: BAD_REQUEST where not one step would run, or one of two models that share has none.
    """
    scheduler = scheduler_named(recipe.scheduler, own)
    finest = LCM_FINEST if recipe.scheduler == "lcm" else TRAINED_STEPS

    def levels(schedule: int) -> Sequence[float]:
        scheduler.set_timesteps(schedule)
        return [float(level) for level in scheduler.timesteps]

    refiner = recipe.refiner
    if refiner and refiner.mode == "ensemble":
        handover = plan_handover(recipe.steps, recipe.strength, levels, finest)
        if handover is None:
            raise StageError(
                ErrorCode.BAD_REQUEST,
                f"generation.strength {recipe.strength:g} in {recipe.steps} steps leaves no step to one of "
                f"base model and refiner, which takes over at {1 - HANDOVER:g} of the noise",
                'give more strength or steps, or set generation.refiner.mode to "masked"',
                ExitCode.USAGE,
            )
        return Plan(handover.steps, True, None, _told("generation", recipe.strength, handover.steps))
    base = plan_steps(recipe.steps, recipe.strength, levels, finest)
    if base is None:
        raise StageError(
            ErrorCode.BAD_REQUEST,
            f"generation.strength {recipe.strength:g} lets not one step run",
            "give more strength",
            ExitCode.USAGE,
        )
    told = _told("generation", recipe.strength, base)
    if refiner is None:
        return Plan(base, False, None, told)
    over = plan_steps(refiner.num_inference_steps, refiner.strength, levels, finest)
    if over:
        told += _told("generation.refiner", refiner.strength, over)
    return Plan(base, False, over, told)


def _told(whose: str, asked: float, plan: StepPlan) -> tuple[Notice, ...]:
    if abs(plan.begins - asked) <= FAR_OFF:
        return ()
    message = (
        f"{whose}.strength {asked:g}: {plan.runs} step{'s' * (plan.runs != 1)} begin at {plan.begins:.2g} "
        "of the noise; more steps come nearer"
    )
    return (Notice(STRENGTH_CHANGED, message),)
