"""The networks that a session holds: loaded when a request first names them. Needs torch and diffusers."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, field
from pathlib import Path

import torch
from diffusers import SchedulerMixin, StableDiffusionXLImg2ImgPipeline, StableDiffusionXLInpaintPipeline

from contracts.envelope import Notice
from contracts.error_codes import ErrorCode, StageError
from contracts.exit_codes import ExitCode
from contracts.gen import GenParams
from contracts.stage import Job
from gen.app.src.sdxl import economy
from gen.app.src.sdxl.batching import Relief
from gen.app.src.sdxl.checkpoint import load_base, load_refiner, load_vae
from gen.app.src.sdxl.codec import LatentCodec
from gen.app.src.sdxl.devices import chosen_dtype
from gen.app.src.sdxl.prompts import PromptEncoder
from gen.app.src.sdxl.strategies import LCM_LORA, LORA
from imaging.torch_device import release

BASE, REFINER, VAE = "sdxl_base", "sdxl_refiner", "sdxl_vae"
SLOW_AUTOENCODER = "SLOW_AUTOENCODER"


@dataclass
class Model:
    """A network with what belongs to it. scheduler: the one that came with the weights."""

    pipeline: StableDiffusionXLInpaintPipeline
    scheduler: SchedulerMixin
    prompts: PromptEncoder

    @classmethod
    def of(cls, pipeline: StableDiffusionXLInpaintPipeline) -> Model:
        return cls(pipeline, pipeline.scheduler, PromptEncoder(pipeline))


@dataclass
class Networks:
    """All that a request paints with.

    Attributes:
        finisher: the refiner's networks as they take over half-finished latents.
        side: px of the square that the base model was trained on. cell: px of a latent's cell.
    """

    base: Model
    refiner: Model | None
    finisher: StableDiffusionXLImg2ImgPipeline | None
    codec: LatentCodec
    device: torch.device
    dtype: torch.dtype
    side: int
    cell: int
    reliefs: list[Relief]
    notices: tuple[Notice, ...] = ()
    hashes: dict[str, str] = field(default_factory=dict)


class HeldNetworks:
    """Loads the networks of requests; the same weights and options are loaded once."""

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._networks: Networks | None = None
        self._key: tuple[object, ...] = ()

    @property
    def hashes(self) -> dict[str, str]:
        return self._networks.hashes if self._networks else {}

    def take(self, job: Job, params: GenParams) -> Networks:
        """The networks that a request names.

        Raises:
            StageError: WEIGHTS_MISSING, WEIGHTS_UNUSABLE, BAD_REQUEST, ENVIRONMENT_BROKEN, OUT_OF_MEMORY.
        """
        if BASE not in params.weights:
            raise _missing(BASE, "the request names none")
        if params.quantize == "int8" and {LORA, LCM_LORA} & set(params.weights):
            raise StageError(
                ErrorCode.BAD_REQUEST,
                "weights in int8 and a LoRA do not go together",
                "leave one of the two out",
                ExitCode.USAGE,
            )
        paths = {name: job.path(ref) for name, ref in params.weights.items()}
        for name, path in paths.items():
            if not path.exists():
                raise _missing(name, f"there is no {path}")
        hashes = {name: fingerprint(path) for name, path in paths.items()}
        key = (*sorted(hashes.items()), params.precision, params.low_memory, params.compile, params.quantize)
        if self._networks is None or key != self._key:
            self._networks = None  # before the next ones are loaded, so that two never share the memory
            release()
            self._networks = load(paths, params, self._device)
            self._networks.hashes = hashes
            self._key = key
        return self._networks


def load(paths: dict[str, Path], params: GenParams, device: torch.device) -> Networks:
    """Load and place all networks. paths: by the weights' names."""
    dtype, notices = chosen_dtype(params.precision, device), []
    base = load_base(paths[BASE], dtype, load_vae(paths[VAE], dtype) if VAE in paths else None)
    if dtype == torch.float16 and VAE not in paths:
        base.vae.to(torch.float32)
        message = f"the autoencoder runs in single precision, slowly: the weights {VAE} are for half"
        notices.append(Notice(SLOW_AUTOENCODER, message))
    pipelines, refiner = [base], None
    if REFINER in paths:
        refiner = load_refiner(paths[REFINER], dtype, base.vae)
        pipelines.append(refiner)
    for name in (LORA, LCM_LORA):
        if name in paths:
            economy.load_adapter(base, name, paths[name])
    if params.quantize == "int8":
        economy.to_int8(pipelines)
    economy.place(pipelines, device, params.low_memory)
    if params.compile:
        economy.compile_networks(pipelines)
    networks = networks_of(base, refiner, device, dtype)
    networks.notices = tuple(notices)
    return networks


def networks_of(
    base: StableDiffusionXLInpaintPipeline,
    refiner: StableDiffusionXLInpaintPipeline | None,
    device: torch.device,
    dtype: torch.dtype,
) -> Networks:
    """Pipelines that are placed already, with all that belongs to them."""
    finisher = None
    if refiner:
        finisher = StableDiffusionXLImg2ImgPipeline(
            **refiner.components,
            requires_aesthetics_score=True,
            force_zeros_for_empty_prompt=refiner.config.force_zeros_for_empty_prompt,
            add_watermarker=False,
        )
        finisher.set_progress_bar_config(disable=True)
    return Networks(
        Model.of(base),
        Model.of(refiner) if refiner else None,
        finisher,
        LatentCodec(base.vae, device),
        device,
        dtype,
        base.unet.config.sample_size * base.vae_scale_factor,
        base.vae_scale_factor,
        economy.reliefs([p for p in (base, refiner) if p], device),
    )


def fingerprint(path: Path) -> str:
    """`stat:` and a sha256 over names, sizes and times of the files: reading all takes longer than loading.

    The same weights have another one where they lie at another time; the prefix keeps it from being taken
    for the checksum of the content.
    """
    digest = hashlib.sha256()
    for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
        if file.is_file():
            status = file.stat()
            digest.update(os.fsencode(file.relative_to(path)))  # names may be no UTF-8
            digest.update(f" {status.st_size} {status.st_mtime_ns}\n".encode())
    return f"stat:{digest.hexdigest()}"


def _missing(weights: str, what: str) -> StageError:
    return StageError(
        ErrorCode.WEIGHTS_MISSING,
        f"painting with SDXL needs the weights {weights}: {what}",
        f"fetch them: python3 run_pipeline.py models pull {weights}; or name a folder that you have",
        ExitCode.ENVIRONMENT,
    )
