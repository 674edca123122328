"""SDXL: our batches against the plain way, and against loading the models for each variation.

    OTE=$(python3 -c "from pathlib import Path; from environments.store import environment_python as e; \\
          print(e(Path('gen'), 'sdxl'))")
    $OTE -m tests.performance.benchmark_sdxl                       # a GPU: real shapes, random weights
    $OTE -m tests.performance.benchmark_sdxl --tiny                # any computer: what our code costs

Plain is diffusers as its manual has it: one prompt at a time, prompts and pictures encoded each time.
Reference is the same with both models built anew for each variation, as in the design that this project
began with; weights come from memory, so that a disk does not count. Share of peak: floating point
operations of the UNet, counted by torch, over the time in it and the card's dense bf16 peak (--peak-tflops).

On a machine without network, under an interpreter that has torch (2.11 on Python 3.12 is enough): elsewhere
`pip download --no-deps -d wheels diffusers==0.42.1 transformers==5.23.0 accelerate==1.15.0 peft==0.21.2
safetensors==0.8.0 tokenizers==0.23.3 huggingface-hub==2.4.0 regex psutil opencv-python-headless==5.0.0.93
httpx2 httpcore2 truststore hf-xet importlib-metadata zipp --python-version 3.12 --only-binary :all:`, carry
the folder over, and there `pip install --no-index --no-deps --target site wheels/*.whl` and PYTHONPATH=site.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.utils.flop_counter import FlopCounterMode

from contracts.gen import GenItemParams, RefinerParams
from gen.app.src.sdxl import economy
from gen.app.src.sdxl.devices import chosen_dtype
from gen.app.src.sdxl.framing import make_frame
from gen.app.src.sdxl.models import Networks, networks_of
from gen.app.src.sdxl.painter import Order, Painter, make_scene
from gen.app.src.sdxl.strategies import Recipe
from imaging.torch_device import chosen_device, release
from tests.performance.full_size_sdxl import full_size
from tests.tiny_models import sdxl as tiny_models

REFINER = RefinerParams(num_inference_steps=3, strength=0.4, guidance_scale=5.0)
PROMPTS = [f"wide open eyes, variation {n}" for n in range(8)]


def build(tiny: bool, dtype: torch.dtype, device: torch.device) -> tuple[Any, Any]:
    """Base and refiner pipeline with random weights, on the device."""
    base, refiner = tiny_models.pipelines() if tiny else full_size(dtype, device)
    for pipeline in (base, refiner):
        pipeline.to(device, dtype)
        pipeline.set_progress_bar_config(disable=True)
    return base, refiner


def networks(tiny: bool, dtype: torch.dtype, device: torch.device, compiled: bool) -> Networks:
    base, refiner = build(tiny, dtype, device)
    economy.place([base, refiner], device, low_memory=False)
    if compiled:
        economy.compile_networks([base, refiner])
    return networks_of(base, refiner, device, dtype)


def picture_and_mask(side: int) -> tuple[np.ndarray, np.ndarray]:
    picture = np.random.default_rng(0).random((side, side, 3), dtype=np.float32)
    mask = np.zeros((side, side), np.float32)
    mask[int(side * 0.4) : int(side * 0.6), int(side * 0.2) : int(side * 0.8)] = 1
    return picture, mask


def ours(nets: Networks, count: int, steps: int) -> None:
    """All variations in one batch, the crop encoded once."""
    frame = make_frame(*picture_and_mask(nets.side), nets.side, nets.cell)
    scene = make_scene(frame, nets, "gray")
    recipe = Recipe("sdxl", steps, 0.9999, 5.0, "model", (), REFINER)
    orders = [Order(scene, GenItemParams(prompt=PROMPTS[n], negative_prompt="x"), n) for n in range(count)]
    Painter(nets, recipe, lambda: None, wants_base=False).paint(orders)


def plain(base: Any, refiner: Any, count: int, steps: int, side: int) -> None:
    """One prompt after the other, as in diffusers' manual, as many steps as ours."""
    picture, mask = picture_and_mask(side)
    image, hole = torch.from_numpy(picture.transpose(2, 0, 1)[None]), torch.from_numpy(mask[None, None])
    for number in range(count):
        common: dict[str, Any] = {
            "prompt": PROMPTS[number], "negative_prompt": "x", "mask_image": hole, "height": side,
            "width": side, "guidance_scale": 5.0, "generator": torch.Generator("cpu").manual_seed(number),
        }  # fmt: skip
        scheduled = math.ceil(steps / 0.9999)
        painted = base(
            image=image, num_inference_steps=scheduled, strength=0.9999, output_type="pt", **common
        )
        refined = math.ceil(REFINER.num_inference_steps / REFINER.strength)
        refiner(
            image=painted.images.float().cpu(), num_inference_steps=refined, strength=REFINER.strength,
            output_type="np", **common,
        )  # fmt: skip


def seconds(work: Callable[[], None], device: torch.device, repeats: int) -> float:
    """The best of some runs: what else the machine does only ever adds."""
    found = []
    for _ in range(repeats):
        begun = time.perf_counter()
        work()
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        found.append(time.perf_counter() - begun)
    return min(found)


def unet_share(nets: Networks, count: int, peak_tflops: float) -> float:
    """Share of the card's peak while the base UNet computes, with guidance."""
    unet, cells = nets.base.pipeline.unet, nets.side // nets.cell
    cfg = unet.config
    text = nets.base.prompts.encode("a", "b")
    rows = 2 * count
    inputs = {
        "sample": torch.randn(rows, cfg.in_channels, cells, cells, device=nets.device, dtype=nets.dtype),
        "timestep": torch.tensor(500, device=nets.device),
        "encoder_hidden_states": text.prompt.to(nets.device, nets.dtype).repeat(rows, 1, 1),
        "added_cond_kwargs": {
            "text_embeds": text.pooled.to(nets.device, nets.dtype).repeat(rows, 1),
            "time_ids": torch.full((rows, 6), float(nets.side), device=nets.device, dtype=nets.dtype),
        },
    }
    with torch.no_grad():
        with FlopCounterMode(display=False) as counter:
            unet(**inputs)
        taken = seconds(lambda: unet(**inputs), nets.device, 5)
    return float(counter.get_total_flops() / taken / (peak_tflops * 1e12))


def measure(options: argparse.Namespace) -> list[dict[str, Any]]:
    device = chosen_device("cpu" if options.tiny else options.device)
    auto, repeats = chosen_dtype("auto", device), 5 if options.tiny else 3
    rows: list[dict[str, Any]] = []

    def add(way: str, count: int, work: Callable[[], None], **more: Any) -> None:
        work()
        if device.type == "cuda":
            torch.cuda.reset_peak_memory_stats(device)
        each = seconds(work, device, repeats) / count
        peak = torch.cuda.max_memory_allocated(device) / 2**30 if device.type == "cuda" else None
        rows.append({"way": way, "items": count, "s_each": round(each, 4), "peak_gib": peak, **more})
        print(json.dumps(rows[-1]), flush=True)

    def named(dtype: torch.dtype) -> str:
        return str(dtype).removeprefix("torch.")

    base, refiner = build(options.tiny, auto, device)
    side = base.unet.config.sample_size * base.vae_scale_factor
    for count in (1, 4):
        add(f"plain, {named(auto)}", count, partial(plain, base, refiner, count, options.steps, side))
    base = refiner = None
    release()

    def reference() -> None:
        for _ in range(4):
            pipelines = build(options.tiny, auto, device)
            plain(*pipelines, 1, options.steps, side)
            del pipelines
            release()

    add(f"reference, {named(auto)}", 4, reference)
    precisions: Sequence[torch.dtype] = (auto,) if options.tiny else (torch.float32, auto)
    for dtype, compiled in [(d, False) for d in precisions] + [(auto, True)] * options.compile:
        nets = networks(options.tiny, dtype, device, compiled)
        for count in options.items:
            way = f"ours, {named(dtype)}{', compiled' if compiled else ''}"
            more = (
                {"share_of_peak": unet_share(nets, count, options.peak_tflops)} if options.peak_tflops else {}
            )
            add(way, count, partial(ours, nets, count, options.steps), **more)
        nets = None
        release()
    return rows


def show(rows: Sequence[dict[str, Any]]) -> None:
    way = {row["way"].split(",")[0] + str(row["items"]): row["s_each"] for row in rows}
    print(f"overhead over diffusers, one item: {way['ours1'] / way['plain1'] - 1:+.1%}")
    print(f"4 variations: {way['plain4'] / way['ours4']:.2f} times as fast as plain, "
          f"{way['reference4'] / way['ours4']:.2f} times as the reference's way")  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.performance.benchmark_sdxl")
    parser.add_argument("--tiny", action="store_true", help="tiny networks on the CPU")
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto")
    parser.add_argument("--steps", type=int, default=30)
    parser.add_argument("--items", type=int, nargs="+", default=[1, 4, 8])
    parser.add_argument("--compile", action="store_true", help="also with compiled UNets")
    parser.add_argument("--peak-tflops", type=float, help="the card's dense bf16 peak, for the share of it")
    parser.add_argument("--out", type=Path, help="JSON of the rows")
    options = parser.parse_args()
    if options.device == "cpu" and not options.tiny:
        parser.error("full size takes a GPU")
    rows = measure(options)
    show(rows)
    if options.out:
        options.out.write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
