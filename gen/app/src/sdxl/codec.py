"""SDXL's autoencoder: pictures to latents and back, one at a time. Needs torch and diffusers.

One at a time, since at 1024 px decoding takes more memory than denoising, and gains nothing from batches.
"""

from __future__ import annotations

import numpy as np
import torch
from diffusers import AutoencoderKL
from torch import Tensor

from contracts.error_codes import ErrorCode, StageError
from imaging.colour import Image


class LatentCodec:
    """Args: vae: in the type that it computes in."""

    def __init__(self, vae: AutoencoderKL, device: torch.device) -> None:
        self._vae = vae
        self._device = device

    def encode(self, picture: Image) -> Tensor:
        """(side, side, 3) sRGB-encoded 0..1 -> (1, 4, side / cell, side / cell), scaled, float32.

        The mean of the posterior, no draw from it: the same whatever seed and batch.
        """
        planes = torch.from_numpy(np.ascontiguousarray(picture.transpose(2, 0, 1)[None]))
        pixels = planes.to(self._device, self._vae.dtype) * 2 - 1
        with torch.no_grad():
            latents: Tensor = self._vae.encode(pixels).latent_dist.mode()
        return latents.float() * self._vae.config.scaling_factor

    def decode(self, latents: Tensor) -> Image:
        """The inverse of `encode`.

        Raises:
            StageError: GENERATION_FAILED where the result is no picture.
        """
        scaled = latents.float() / self._vae.config.scaling_factor
        with torch.no_grad():
            pixels = self._vae.decode(scaled.to(self._device, self._vae.dtype), return_dict=False)[0][0]
        picture: Image = (pixels.float().clamp(-1, 1) / 2 + 0.5).permute(1, 2, 0).cpu().numpy()
        if not np.isfinite(picture).all():
            raise StageError(
                ErrorCode.GENERATION_FAILED,
                f"SDXL answered no picture (not a number) in {str(self._vae.dtype).removeprefix('torch.')}",
                "set generation.precision to bfloat16 or float32",
            )
        return np.ascontiguousarray(picture)
