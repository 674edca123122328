"""SDXL with random weights: pipelines as small as they get, in the layout of the published folders.

    python -m tests.tiny_models.sdxl FOLDER      # FOLDER/inpainting, FOLDER/plain, FOLDER/refiner

Needs the environment of `gen/environments/sdxl.json`. They paint squares of 64 px.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from diffusers import (
    AutoencoderKL,
    EulerDiscreteScheduler,
    StableDiffusionXLImg2ImgPipeline,
    StableDiffusionXLInpaintPipeline,
    UNet2DConditionModel,
)
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer

SIDE = 64
"""px of the square that they paint."""
WIDTH = 32
"""Of the text encoders and of the pooled prompt."""
TIME = 8
"""Numbers that each of the six (the refiner's five) sizes and scores is embedded in."""
POSITIONS = 77
VOCABULARY = 514
_OPTIONAL = ("image_encoder", "feature_extractor")


def make(folder: Path) -> Path:
    """Save all three pipelines. Returns `folder`."""
    base, refiner = pipelines()
    base.save_pretrained(folder / "inpainting")
    base.unet = _unet(4, 6, 2 * WIDTH)
    base.save_pretrained(folder / "plain")
    kept = {name: part for name, part in refiner.components.items() if name not in _OPTIONAL}
    StableDiffusionXLImg2ImgPipeline(
        **kept, requires_aesthetics_score=True, force_zeros_for_empty_prompt=False, add_watermarker=False
    ).save_pretrained(folder / "refiner")
    return folder


def pipelines() -> tuple[StableDiffusionXLInpaintPipeline, StableDiffusionXLInpaintPipeline]:
    """Inpainting weights and the refiner, which share autoencoder and second text encoder."""
    torch.manual_seed(0)
    with TemporaryDirectory() as folder:
        tokenizer = clip_tokenizer(Path(folder))
    first = CLIPTextModel(_text_config("quick_gelu")).eval()
    second = CLIPTextModelWithProjection(_text_config("gelu")).eval()
    vae, unet = _vae(), _unet(9, 6, 2 * WIDTH)
    base = StableDiffusionXLInpaintPipeline(
        vae, first, second, tokenizer, tokenizer, unet, scheduler(), add_watermarker=False
    )
    refiner = StableDiffusionXLInpaintPipeline(
        vae, None, second, None, tokenizer, _unet(4, 5, WIDTH), scheduler(),
        requires_aesthetics_score=True, force_zeros_for_empty_prompt=False, add_watermarker=False,
    )  # fmt: skip
    return base, refiner


def _unet(channels: int, sizes: int, text: int) -> UNet2DConditionModel:
    return UNet2DConditionModel(
        sample_size=SIDE // 2,
        in_channels=channels,
        out_channels=4,
        block_out_channels=(32, 64),
        layers_per_block=1,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        attention_head_dim=(2, 4),
        use_linear_projection=True,
        addition_embed_type="text_time",
        addition_time_embed_dim=TIME,
        transformer_layers_per_block=(1, 2),
        projection_class_embeddings_input_dim=sizes * TIME + WIDTH,
        cross_attention_dim=text,
    ).eval()


def _vae() -> AutoencoderKL:
    return AutoencoderKL(
        block_out_channels=(32, 64),
        down_block_types=("DownEncoderBlock2D",) * 2,
        up_block_types=("UpDecoderBlock2D",) * 2,
        latent_channels=4,
        sample_size=SIDE,
    ).eval()


def _text_config(activation: str) -> CLIPTextConfig:
    return CLIPTextConfig(
        vocab_size=VOCABULARY,
        hidden_size=WIDTH,
        intermediate_size=37,
        projection_dim=WIDTH,
        num_attention_heads=4,
        num_hidden_layers=3,
        max_position_embeddings=POSITIONS,
        hidden_act=activation,
        bos_token_id=VOCABULARY - 2,
        eos_token_id=VOCABULARY - 1,
        pad_token_id=VOCABULARY - 1,
    )


def clip_tokenizer(folder: Path) -> CLIPTokenizer:
    """CLIP's, with bytes for words. folder: for its files."""
    letters = [chr(c) for c in (*range(33, 127), *range(161, 173), *range(174, 256))]
    letters += [chr(256 + n) for n in range(256 - len(letters))]
    words = [*letters, *(letter + "</w>" for letter in letters), "<|startoftext|>", "<|endoftext|>"]
    (folder / "vocab.json").write_text(json.dumps({word: n for n, word in enumerate(words)}))
    (folder / "merges.txt").write_text("#version: 0.2\n")
    return CLIPTokenizer(str(folder / "vocab.json"), str(folder / "merges.txt"), model_max_length=POSITIONS)


def scheduler() -> EulerDiscreteScheduler:
    """As the published weights have it."""
    return EulerDiscreteScheduler(
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        timestep_spacing="leading",
        steps_offset=1,
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.tiny_models.sdxl")
    parser.add_argument("folder", type=Path)
    make(parser.parse_args().folder)


if __name__ == "__main__":
    main()
