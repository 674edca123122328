"""SDXL in its real shapes with random weights: nothing to download. Needs torch, diffusers, transformers."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from diffusers import AutoencoderKL, StableDiffusionXLInpaintPipeline, UNet2DConditionModel
from torch import nn
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

from tests.tiny_models.sdxl import VOCABULARY, clip_tokenizer, scheduler

Pipeline = StableDiffusionXLInpaintPipeline

DOWN = "CrossAttnDownBlock2D"
UP = "CrossAttnUpBlock2D"
UNET = {
    "sample_size": 128, "out_channels": 4, "layers_per_block": 2, "use_linear_projection": True,
    "addition_embed_type": "text_time",
}  # fmt: skip
BASE = {
    "in_channels": 9, "block_out_channels": (320, 640, 1280), "cross_attention_dim": 2048,
    "down_block_types": ("DownBlock2D", DOWN, DOWN), "up_block_types": (UP, UP, "UpBlock2D"),
    "transformer_layers_per_block": (1, 2, 10), "attention_head_dim": (5, 10, 20),
    "addition_time_embed_dim": 256, "projection_class_embeddings_input_dim": 2816,
}  # fmt: skip
"""unet/config.json of stable-diffusion-xl-1.0-inpainting-0.1: 2,567,478,084 parameters."""
REFINER = {
    "in_channels": 4, "block_out_channels": (384, 768, 1536, 1536), "cross_attention_dim": 1280,
    "down_block_types": ("DownBlock2D", DOWN, DOWN, "DownBlock2D"),
    "up_block_types": ("UpBlock2D", UP, UP, "UpBlock2D"),
    "transformer_layers_per_block": 4, "attention_head_dim": (6, 12, 24, 24),
    "addition_time_embed_dim": 256, "projection_class_embeddings_input_dim": 2560,
}  # fmt: skip
"""unet/config.json of stable-diffusion-xl-refiner-1.0: 2,259,526,660 parameters."""
VAE = {
    "block_out_channels": (128, 256, 512, 512), "latent_channels": 4, "layers_per_block": 2,
    "down_block_types": ("DownEncoderBlock2D",) * 4, "up_block_types": ("UpDecoderBlock2D",) * 4,
    "sample_size": 1024, "scaling_factor": 0.13025,
}  # fmt: skip
TOKENS = {
    "vocab_size": 49408, "bos_token_id": VOCABULARY - 2, "eos_token_id": VOCABULARY - 1,
    "pad_token_id": VOCABULARY - 1,
}  # fmt: skip
"""Of the real text encoders, with the marks of the tests' small vocabulary."""


def full_size(dtype: torch.dtype, device: torch.device) -> tuple[Pipeline, Pipeline]:
    """Inpainting weights and the refiner; 0.02 is the spread of what such networks begin with."""
    small = CLIPTextConfig(hidden_size=768, intermediate_size=3072, num_hidden_layers=12, **TOKENS)
    big = CLIPTextConfig(
        hidden_size=1280, intermediate_size=5120, num_hidden_layers=32, num_attention_heads=20,
        projection_dim=1280, hidden_act="gelu", **TOKENS,
    )  # fmt: skip
    with torch.device("meta"):
        parts: list[Any] = [
            AutoencoderKL(**VAE), CLIPTextModel(small), CLIPTextModelWithProjection(big),
            UNet2DConditionModel(**UNET, **BASE), UNet2DConditionModel(**UNET, **REFINER),
        ]  # fmt: skip
    vae, first, second, unet, refining = (_random(part, dtype, device) for part in parts)
    with TemporaryDirectory() as folder:
        tokenizer = clip_tokenizer(Path(folder))
    base = Pipeline(vae, first, second, tokenizer, tokenizer, unet, scheduler(), add_watermarker=False)
    refiner = Pipeline(
        vae, None, second, None, tokenizer, refining, scheduler(),
        requires_aesthetics_score=True, force_zeros_for_empty_prompt=False, add_watermarker=False,
    )  # fmt: skip
    return base, refiner


def _random(network: nn.Module, dtype: torch.dtype, device: torch.device) -> nn.Module:
    network = network.to(dtype).to_empty(device=device).eval().requires_grad_(False)
    for parameter in network.parameters():
        parameter.normal_(std=0.02)
    for name, buffer in network.named_buffers():
        if name.endswith("position_ids"):
            buffer.copy_(torch.arange(buffer.shape[-1], device=device).expand_as(buffer))
        else:
            raise NotImplementedError(f"{name}: a buffer that nobody fills")
    return network
