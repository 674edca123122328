"""Requests to paint with SDXL: crops framed and encoded once, items batched by what they have in common."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from contracts.codec import to_dict
from contracts.envelope import Item, ItemResult, Notice, Refusal, Versions
from contracts.error_codes import ErrorCode, StageError
from contracts.exit_codes import ExitCode
from contracts.failures import failed_item
from contracts.gen import GenItemData, GenParams, PaintedEye
from contracts.packages import versions_of
from contracts.stage import Job
from gen.app.src.scene_files import bad_item, read_scene
from gen.app.src.sdxl.batching import Batches, batch_size
from gen.app.src.sdxl.devices import free_bytes
from gen.app.src.sdxl.framing import make_frame
from gen.app.src.sdxl.iris_prompts import in_one_colour
from gen.app.src.sdxl.models import HeldNetworks, Networks
from gen.app.src.sdxl.painter import Order, Paint, Painter, Scene, make_scene
from gen.app.src.sdxl.strategies import STRATEGIES, Recipe
from imaging.crop_files import read_picture, write_picture
from imaging.torch_device import ran_out_of_memory, release

PACKAGES = ("torch", "diffusers", "transformers", "numpy")


@dataclass(frozen=True, eq=False)
class _Task:
    """An item that can be painted."""

    item: Item
    order: Order
    recipe: Recipe
    eyes: tuple[PaintedEye, ...]
    notices: tuple[Notice, ...]
    refused: tuple[Refusal, ...]


class SdxlSession:
    """Paints with networks that are loaded when a request first names their weights."""

    def __init__(self, device: torch.device) -> None:
        self._held = HeldNetworks(device)

    def run(self, job: Job) -> Iterator[ItemResult]:
        params = job.params(GenParams)
        networks = self._networks(job, params)
        tasks: dict[Recipe, list[_Task]] = {}
        scenes: dict[tuple[Path, Path], Scene] = {}
        for item in job.request.items:
            try:
                made = self._task(job, item, params, networks, scenes)
            except Exception as error:  # noqa: BLE001 - one item's fault must not take the others along
                yield failed_item(item.item_id, error, ErrorCode.GENERATION_FAILED)
                continue
            if isinstance(made, ItemResult):
                yield made
            else:
                tasks.setdefault(made.recipe, []).append(made)
        for recipe, alike in tasks.items():
            yield from self._paint(job, params, networks, recipe, alike)

    def versions(self) -> Versions:
        return versions_of(PACKAGES, self._held.hashes)

    def _networks(self, job: Job, params: GenParams) -> Networks:
        try:
            return self._held.take(job, params)
        except (RuntimeError, MemoryError) as error:
            if not ran_out_of_memory(error):
                raise
        release()  # after the exception is gone, and with it the tensors that its traceback held
        raise StageError(
            ErrorCode.OUT_OF_MEMORY,
            "there is too little memory to load SDXL's weights",
            "close other programs that use the memory, or set generation.low_memory or quantize",
            ExitCode.RESOURCE,
            retryable=True,
        )

    def _task(
        self, job: Job, item: Item, params: GenParams, networks: Networks,
        scenes: dict[tuple[Path, Path], Scene],
    ) -> _Task | ItemResult:  # fmt: skip
        unknown = [name for name in item.strategies if name not in STRATEGIES]
        if unknown or not item.strategies:
            raise bad_item(item, f"unknown strategy {unknown[0]!r}" if unknown else "no strategies given")
        refused = []
        for name in item.strategies:
            strategy = STRATEGIES[name]()
            missing = strategy.missing(params)
            if not missing:
                break
            refused.append(Refusal(name, f"the weights {missing} are not there"))
        else:
            return ItemResult(item.item_id, "skipped", refused=tuple(refused))
        face = read_scene(job, item)
        own, colour_source = in_one_colour(face)
        recipe, notices = strategy.recipe(own, params)
        key = job.input(item, "crop"), job.input(item, "mask")
        if key not in scenes:
            scenes[key] = _scene(item, *key, networks, params.neutralize)
        texts = networks.base.prompts
        notices += texts.told(own.prompt, "prompt") + texts.told(own.negative_prompt, "negative prompt")
        if recipe.refiner and networks.refiner:
            texts = networks.refiner.prompts
            notices += texts.told(own.refiner.prompt, "refiner prompt")
            notices += texts.told(own.refiner.negative_prompt, "refiner negative prompt")
        eyes = tuple(PaintedEye(side, own.openness, colour_source) for side in face.sides)
        order = Order(scenes[key], own, item.seed)
        return _Task(item, order, recipe, eyes, notices + networks.notices, tuple(refused))

    def _paint(
        self, job: Job, params: GenParams, networks: Networks, recipe: Recipe, tasks: Sequence[_Task]
    ) -> Iterator[ItemResult]:
        done, total, steps = 0, len(tasks), itertools.count(1)

        def on_step() -> None:
            job.progress(done, total, f"{recipe.strategy}: step {next(steps)}")

        painter = Painter(networks, recipe, on_step, job.request.debug)
        free = free_bytes(networks.device)
        automatic = 1 if params.low_memory else batch_size(free, networks.side, networks.dtype.itemsize)
        batches = Batches[_Task, Paint](
            params.batch_size or automatic,
            lambda batch: painter.paint([task.order for task in batch]),
            ran_out_of_memory,
            release,
            networks.reliefs,
        )
        answered: set[str] = set()
        try:
            for batch, paints in batches.run(tasks):
                done += len(batch)
                steps = itertools.count(1)
                answered.update(task.item.item_id for task in batch)
                if isinstance(paints, Exception):
                    yield failed_item(batch[0].item.item_id, paints, ErrorCode.GENERATION_FAILED)
                    continue
                told = painter.plan.notices + tuple(batches.notices)
                for task, paint in zip(batch, paints):
                    yield _written(job, task, paint, told)
                job.progress(done, total, recipe.strategy)
        except Exception as error:  # noqa: BLE001 - other recipes may still do
            for task in tasks:
                if task.item.item_id not in answered:
                    yield failed_item(task.item.item_id, error, ErrorCode.GENERATION_FAILED)


def _scene(item: Item, crop: Path, mask: Path, networks: Networks, neutralize: str) -> Scene:
    picture, plane = read_picture(crop), read_picture(mask)
    if picture.ndim != 3:
        raise bad_item(item, f"{crop} is not an RGB picture")
    if plane.shape != picture.shape[:2]:
        raise bad_item(item, f"the mask {mask} is not of the crop's size")
    if not (plane > 0.5).any():
        raise bad_item(item, f"the mask {mask} has no white: there is nothing to paint")
    return make_scene(make_frame(picture, plane, networks.side, networks.cell), networks, neutralize)


def _written(job: Job, task: _Task, paint: Paint, told: tuple[Notice, ...]) -> ItemResult:
    """A painted item's answer; a failed one where its pictures cannot be written."""
    try:
        return _answer(job, task, paint, told)
    except Exception as error:  # noqa: BLE001 - one item's fault must not take the others along
        return failed_item(task.item.item_id, error, ErrorCode.GENERATION_FAILED)


def _answer(job: Job, task: _Task, paint: Paint, told: tuple[Notice, ...]) -> ItemResult:
    frame = task.order.scene.frame
    painted = frame.taken_back(paint.picture)
    pictures = {
        "painted": frame.composite(painted),
        "alpha": frame.alpha,
        "prepared": frame.taken_back(task.order.scene.prepared),
        "refined": painted,
        "base_output": painted if paint.base is None else frame.taken_back(paint.base),
    }
    for name, picture in pictures.items():
        path = job.output(task.item, name)
        if path:
            write_picture(path, picture)
    return job.succeeded(
        task.item,
        strategy_used=task.recipe.strategy,
        refused=task.refused,
        data=to_dict(GenItemData(task.eyes, paint.base_steps, paint.refiner_steps)),
        warnings=task.notices + told,
    )
