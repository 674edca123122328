"""Backend `sdxl`: D. Podell et al., "SDXL: Improving Latent Diffusion Models for High-Resolution Image
Synthesis", 2023; as inpainting, with its refiner."""

from __future__ import annotations

import os
import warnings

os.environ["HF_HUB_OFFLINE"] = "1"  # read when the libraries below are first imported
os.environ["TRANSFORMERS_OFFLINE"] = "1"
os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
os.environ.setdefault("DIFFUSERS_VERBOSITY", "error")

import diffusers
import transformers

from gen.app.src.sdxl.session import SdxlSession
from imaging.torch_device import chosen_device


def open_session(device: str) -> SdxlSession:
    """Weights are loaded with the first request.

    Raises:
        StageError: NO_GPU.
    """
    for library in (diffusers, transformers):
        library.logging.set_verbosity_error()
        library.logging.disable_progress_bar()
    warnings.filterwarnings("ignore", category=FutureWarning, module=r"diffusers|transformers")
    return SdxlSession(chosen_device(device))
