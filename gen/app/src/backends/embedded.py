"""The backend that paints with the strategies of `gen.app.src.strategy.STRATEGIES`; no weights."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np

from contracts.codec import to_dict
from contracts.envelope import Item, ItemResult, Refusal, Versions
from contracts.error_codes import ErrorCode
from contracts.execution import threads_to_use
from contracts.gen import GenItemData
from contracts.packages import versions_of
from contracts.stage import Job, each_item
from gen.app.src.scene_files import bad_item, read_scene
from gen.app.src.strategy import (
    STRATEGIES,
    EyeScene,
    Painting,
    Refused,
    strategy_named,
)
from gen.app.src.working_scale import paint_at_working_scale
from imaging.crop_files import write_picture

_LEVELS = np.float32(65535)


class EmbeddedSession:
    """Paints items side by side, as many as there are cores; has nothing to load."""

    def run(self, job: Job) -> Iterator[ItemResult]:
        total = len(job.request.items)
        for done, result in enumerate(
            each_item(job, ErrorCode.GENERATION_FAILED, lambda item: paint_item(job, item), _cores()),
            start=1,
        ):
            job.progress(done, total)
            yield result

    def versions(self) -> Versions:
        return versions_of(("numpy", "opencv-python-headless"))


def open_session(device: str) -> EmbeddedSession:
    """The session; `device` does not matter, everything runs on the CPU."""
    for name in STRATEGIES:
        strategy_named(name)  # imported now, and not while the first photo waits
    cv2.setNumThreads(1)  # faces are small: threads cost more than they give, and stages share the cores
    return EmbeddedSession()


def _cores() -> int:
    """Items in work at once: more than four take memory for little."""
    return min(threads_to_use(), 4)


def paint_item(job: Job, item: Item) -> ItemResult:
    """Try the item's strategies in order and write what the first willing one painted.

    Raises:
        StageError: BAD_REQUEST for unknown strategies, missing inputs, or a face without eyes to open.
    """
    unknown = [name for name in item.strategies if name not in STRATEGIES]
    if unknown or not item.strategies:
        raise bad_item(item, f"unknown strategy {unknown[0]!r}" if unknown else "no strategies given")
    scene = read_scene(job, item)
    refused: list[Refusal] = []
    for name in item.strategies:
        strategy = strategy_named(name)
        reason = strategy.refuse(scene)
        if reason is None:
            try:
                painting = paint_at_working_scale(strategy, scene)
            except Refused as refusal:
                reason = refusal.reason
            else:
                _write(job, item, scene, painting)
                return job.succeeded(
                    item,
                    strategy_used=name,
                    refused=tuple(refused),
                    data=to_dict(GenItemData(painting.eyes)),
                    warnings=painting.warnings,
                )
        refused.append(Refusal(name, reason))
    return ItemResult(item.item_id, "skipped", refused=tuple(refused))


def _write(job: Job, item: Item, scene: EyeScene, painting: Painting) -> None:
    # Rounded as they will be on disk, so that "alpha is 0" means the same to whoever reads it.
    alpha = np.round(np.clip(painting.alpha, 0, 1) * _LEVELS) / _LEVELS
    taken = alpha[..., None] > 0
    pictures = {
        "painted": np.where(taken, painting.painted, scene.crop),
        "alpha": alpha,
        "refined": painting.painted,
        **painting.intermediates,
    }
    for name, picture in pictures.items():
        path = job.output(item, name)
        if path:
            write_picture(path, picture)
