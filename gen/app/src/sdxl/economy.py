"""Networks made faster or smaller: placement, compilation, int8, LoRA. Needs torch and diffusers."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Sequence
from pathlib import Path

import torch
from diffusers import StableDiffusionXLInpaintPipeline

from contracts.error_codes import ErrorCode, StageError
from contracts.exit_codes import ExitCode
from gen.app.src.sdxl.batching import Relief
from gen.app.src.sdxl.checkpoint import UNREADABLE, first_line, unusable

Pipelines = Sequence[StableDiffusionXLInpaintPipeline]


def place(pipelines: Pipelines, device: torch.device, low_memory: bool) -> None:
    """Move networks to the device; with `low_memory` each only while it computes."""
    for pipeline in pipelines:
        if device.type == "cuda":
            pipeline.unet.to(memory_format=torch.channels_last)  # what its convolutions are fastest in
        if low_memory and device.type == "cuda":
            pipeline.enable_model_cpu_offload(device=device)
        else:
            pipeline.to(device)
        if low_memory:
            pipeline.vae.enable_tiling()


def reliefs(pipelines: Pipelines, device: torch.device) -> list[Relief]:
    """What helps when a single face does not fit, the cheapest first."""

    def slice_up() -> None:
        for pipeline in pipelines:
            pipeline.unet.set_attention_slice("auto")
            pipeline.vae.enable_tiling()

    def offload() -> None:
        for pipeline in pipelines:
            pipeline.enable_model_cpu_offload(device=device)

    found = [Relief("attention is computed in slices, pictures in tiles", slice_up)]
    if device.type == "cuda":
        found.append(Relief("networks wait in the computer's memory while others compute", offload))
    return found


def compile_networks(pipelines: Pipelines) -> None:
    """Compile the UNets at their first use: minutes, for every batch size anew."""
    for pipeline in pipelines:
        pipeline.unet.compile(mode="default", dynamic=False)


def to_int8(pipelines: Pipelines) -> None:
    """The UNets' linear weights in 8 bit, computed with in the networks' own type.

    Raises:
        StageError: ENVIRONMENT_BROKEN where torchao is missing.
    """
    if importlib.util.find_spec("torchao") is None:
        raise StageError(
            ErrorCode.ENVIRONMENT_BROKEN,
            "weights in int8 need the package torchao, which this environment lacks",
            f"set generation.quantize to none, or add it: {sys.executable} -m pip install torchao",
            ExitCode.ENVIRONMENT,
        )
    from torchao.quantization import Int8WeightOnlyConfig, quantize_

    for pipeline in pipelines:
        quantize_(pipeline.unet, Int8WeightOnlyConfig())


def load_adapter(pipeline: StableDiffusionXLInpaintPipeline, name: str, path: Path) -> None:
    """Load a LoRA beside the networks; it counts where `use_adapters` names it.

    Raises:
        StageError: WEIGHTS_UNUSABLE.
    """
    if path.suffix != ".safetensors":
        raise unusable(path, "a LoRA is one .safetensors file")
    try:
        pipeline.load_lora_weights(
            str(path.parent), weight_name=path.name, adapter_name=name, local_files_only=True
        )
    except UNREADABLE as error:
        raise unusable(path, first_line(error)) from error
    if name not in {n for names in pipeline.get_list_adapters().values() for n in names}:
        raise unusable(path, "it holds no LoRA of SDXL")


def use_adapters(pipeline: StableDiffusionXLInpaintPipeline, names: tuple[str, ...]) -> None:
    """Have just these adapters count."""
    if not pipeline.get_list_adapters():
        return
    if names:
        pipeline.enable_lora()
        pipeline.set_adapters(list(names))
    else:
        pipeline.disable_lora()
