"""SDXL's weights from disk: folders as the hub lays them out. Needs torch and diffusers.

Nothing is downloaded and nothing but safetensors is read.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderKL, StableDiffusionXLInpaintPipeline
from safetensors import SafetensorError, safe_open
from torch import nn

from contracts.error_codes import ErrorCode, StageError
from contracts.exit_codes import ExitCode

UNREADABLE = (
    RuntimeError, ValueError, TypeError, LookupError, AttributeError, EOFError, OSError, NotImplementedError,
    SafetensorError,
)  # fmt: skip
"""What diffusers, transformers and safetensors raise on files that are damaged or something else."""
INPAINTING, PLAIN = 9, 4
"""Input channels of UNets: latents, mask and masked picture; or latents alone."""
CHECKED = {"unet": "diffusion_pytorch_model", "vae": "diffusion_pytorch_model"}
"""Parts that are compared with their files name by name: diffusers would fill gaps with random numbers."""


def load_base(path: Path, dtype: torch.dtype, vae: AutoencoderKL | None) -> StableDiffusionXLInpaintPipeline:
    """Inpainting or plain base weights.

    Args:
        path: a folder; or a .safetensors file of all weights, beside which a folder of its name has the
            configurations and tokenizers.
        vae: takes the place of the one that comes with the weights.

    Raises:
        StageError: WEIGHTS_UNUSABLE.
    """
    pipeline = _load(path, dtype, {"vae": vae} if vae else {})
    if pipeline.text_encoder is None:
        raise unusable(path, "these are weights of the refiner, not of the base model")
    return pipeline


def load_refiner(path: Path, dtype: torch.dtype, vae: AutoencoderKL) -> StableDiffusionXLInpaintPipeline:
    """The refiner's weights in the inpainting pipeline, which keeps what is not masked.

    Args:
        vae: the base model's: its latents are handed over as they are.

    Raises:
        StageError: WEIGHTS_UNUSABLE.
    """
    pipeline = _load(path, dtype, {"vae": vae})
    if pipeline.text_encoder is not None or not pipeline.config.requires_aesthetics_score:
        raise unusable(path, "these are not weights of the SDXL refiner")
    return pipeline


def load_vae(path: Path, dtype: torch.dtype) -> AutoencoderKL:
    """An autoencoder by itself.

    Raises:
        StageError: WEIGHTS_UNUSABLE.
    """
    config = _json(path / "config.json", path)
    if config.get("_class_name") != "AutoencoderKL":
        raise unusable(path, f"it holds {config.get('_class_name', 'nothing known')}, not AutoencoderKL")
    try:
        vae = AutoencoderKL.from_pretrained(path, **_offline(dtype, _variant(path, dtype)))
        _check_names(path, vae, CHECKED["vae"])
    except UNREADABLE as error:
        raise unusable(path, first_line(error)) from error
    return vae


def _load(path: Path, dtype: torch.dtype, parts: dict[str, Any]) -> StableDiffusionXLInpaintPipeline:
    folder = path.with_suffix("") if path.is_file() else path
    index = _json(folder / "model_index.json", path)
    if not str(index.get("_class_name", "")).startswith("StableDiffusionXL"):
        raise unusable(path, f"it holds {index.get('_class_name', 'no pipeline')}, not Stable Diffusion XL")
    channels = _json(folder / "unet" / "config.json", path).get("in_channels")
    if channels not in (INPAINTING, PLAIN):
        raise unusable(path, f"its UNet takes {channels} channels; those for inpainting take 9 or 4")
    try:
        if path.is_file():
            pipeline = StableDiffusionXLInpaintPipeline.from_single_file(
                str(path),
                config=str(folder),
                dtype=dtype,
                local_files_only=True,
                add_watermarker=False,
                **parts,
            )
        else:
            offline = _offline(dtype, _variant(path / "unet", dtype))
            pipeline = StableDiffusionXLInpaintPipeline.from_pretrained(
                path, add_watermarker=False, **offline, **parts
            )
            for part, stem in CHECKED.items():
                if part not in parts:
                    _check_names(path / part, getattr(pipeline, part), stem)
    except UNREADABLE as error:
        raise unusable(path, first_line(error)) from error
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def _offline(dtype: torch.dtype, variant: str | None) -> dict[str, Any]:
    return {"dtype": dtype, "variant": variant, "use_safetensors": True, "local_files_only": True}


def _variant(folder: Path, dtype: torch.dtype) -> str | None:
    """Which of the files in a folder are taken: those in half precision where both are there and it suits."""
    names = [path.name for path in folder.glob("*.safetensors")]
    half = [name for name in names if ".fp16" in name]
    return "fp16" if half and (len(half) == len(names) or dtype != torch.float32) else None


def _check_names(folder: Path, network: nn.Module, stem: str) -> None:
    """Compare a network with its files.

    Raises:
        ValueError: some of its weights are in none of them.
    """
    there: set[str] = set()
    for path in folder.glob(f"{stem}*.safetensors"):
        with safe_open(path, "pt") as file:
            there |= set(file.keys())
    if missing := sorted(set(network.state_dict()) - there):
        if "to_q" in missing[0] and any(".query." in name for name in there):
            return  # an autoencoder's attention under its old names, which diffusers translates
        raise ValueError(f"{len(missing)} of its weights are missing in {folder.name}, {missing[0]} first")


def _json(path: Path, weights: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise unusable(weights, f"{path.parent.name}/{path.name} is missing or unreadable") from error
    except ValueError as error:
        raise unusable(weights, f"{path.name} is no JSON") from error
    if not isinstance(document, dict):
        raise unusable(weights, f"{path.name} is no configuration")
    return document


def unusable(path: Path, reason: str) -> StageError:
    return StageError(
        ErrorCode.WEIGHTS_UNUSABLE,
        f"{path} cannot be used: {reason}",
        "fetch it again with `python3 run_pipeline.py models pull`, or name other weights",
        ExitCode.ENVIRONMENT,
    )


def first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
