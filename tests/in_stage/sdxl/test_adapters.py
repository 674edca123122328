"""LoRA: a style of one's own, and LCM-LoRA for a few steps."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import torch
from diffusers import StableDiffusionXLInpaintPipeline
from peft import LoraConfig
from peft.utils import get_peft_model_state_dict

from contracts.error_codes import ErrorCode
from contracts.stage import Session
from imaging.crop_files import read_picture
from tests.in_stage.sdxl.tiny_stage import ask, item, only, tiny_weights, write_face

WEIGHTS = {"sdxl_base": "weights/inpainting", "sdxl_refiner": "weights/refiner"}


@pytest.fixture
def face(tmp_path: Path) -> Path:
    write_face(tmp_path)
    shutil.copytree(tiny_weights(), tmp_path / "weights")
    return tmp_path


@pytest.fixture
def lora(face: Path) -> str:
    """A random LoRA's file name in the face's folder."""
    torch.manual_seed(1)
    unet = StableDiffusionXLInpaintPipeline.from_pretrained(tiny_weights() / "inpainting").unet
    unet.add_adapter(LoraConfig(r=4, init_lora_weights=False, target_modules=["to_q", "to_k", "to_v"]))
    layers = get_peft_model_state_dict(unet)
    StableDiffusionXLInpaintPipeline.save_lora_weights(
        face, unet_lora_layers=layers, weight_name="own.safetensors"
    )
    return "own.safetensors"


def test_an_adapter_counts_where_its_strategy_asks_for_it(face: Path, lora: str) -> None:
    sessions: dict[str, Session] = {}
    with_turbo = WEIGHTS | {"sdxl_lcm_lora": lora}
    items = [item(0), item(1, "sdxl-turbo", num_inference_steps=30), item(2, "sdxl-turbo")]
    result = ask(face, items, sessions, root=face, weights=with_turbo)
    done = {i.item_id: i for i in result.items}
    plain = only(ask(face, [item(0)], root=face, weights=WEIGHTS))
    assert done["v0"].outputs["painted"].sha256 == plain.outputs["painted"].sha256
    turbo = done["v1"]
    assert (turbo.strategy_used, turbo.data["base_steps"], turbo.data["refiner_steps"]) == (
        "sdxl-turbo",
        8,
        0,
    )
    assert turbo.warnings[0].message == "sdxl-turbo: 8 steps at guidance 2 instead of 30 at 4"

    styled = only(ask(face, [item(0)], root=face, weights=WEIGHTS | {"sdxl_lora": lora}))
    assert styled.outputs["painted"].sha256 != plain.outputs["painted"].sha256


def test_few_steps_alone_are_as_in_a_batch(face: Path, lora: str) -> None:
    weights = WEIGHTS | {"sdxl_lcm_lora": lora}
    items = [item(n, "sdxl-turbo") for n in range(4)]
    pictures = []
    for size in (1, 4):
        result = ask(face, items, root=face, weights=weights, batch_size=size)
        assert [i.status for i in result.items] == ["succeeded"] * 4
        pictures.append([read_picture(face / f"painted_{n}.png") for n in range(4)])
    assert max(abs(alone - batched).max() for alone, batched in zip(*pictures)) < 1e-4


def test_a_file_that_is_no_lora(face: Path) -> None:
    (face / "own.safetensors").write_bytes(b"<html>")
    error = ask(face, [item(0)], root=face, weights=WEIGHTS | {"sdxl_lora": "own.safetensors"}).error
    assert error and error.code == ErrorCode.WEIGHTS_UNUSABLE
