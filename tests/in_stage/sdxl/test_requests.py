"""Whole requests: pixels that stay, warnings, memory that runs out, weights that are none."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from contracts.envelope import Result
from contracts.error_codes import ErrorCode
from contracts.stage import Session
from gen.app.src.sdxl import models
from gen.app.src.sdxl.painter import Order, Paint, Painter
from imaging.crop_files import read_picture, write_mask
from tests.in_stage.sdxl.tiny_stage import OUTPUTS, ask, item, only, tiny_weights, write_face


@pytest.fixture
def face(tmp_path: Path) -> Path:
    write_face(tmp_path)
    return tmp_path


@pytest.mark.parametrize("base", ["inpainting", "plain"])
def test_pixels_outside_of_the_soft_mask_are_the_crops(face: Path, base: str) -> None:
    done = only(ask(face, [item(0)], weights={"sdxl_base": base, "sdxl_refiner": "refiner"}))
    assert done.status == "succeeded" and set(done.outputs) == set(OUTPUTS)
    crop, painted, alpha = (read_picture(face / f"{n}.png") for n in ("crop", "painted_0", "alpha_0"))
    assert alpha.max() == 1 and 0 < (alpha > 0).mean() < 0.5
    assert np.array_equal(painted[alpha == 0], crop[alpha == 0])
    assert np.abs(painted - crop)[alpha == 1].mean() > 0.01
    assert (done.data["base_steps"], done.data["refiner_steps"]) == (3, 2)
    assert {eye["side"] for eye in done.data["eyes"]} == {"left", "right"}


def test_without_the_refiners_weights_the_base_model_paints_alone(face: Path) -> None:
    done = only(ask(face, [item(0)], weights={"sdxl_base": "inpainting"}))
    assert (done.status, done.data["refiner_steps"]) == ("succeeded", 0)


def test_items_that_differ_in_steps_go_in_one_request(face: Path) -> None:
    result = ask(face, [item(0), item(1, num_inference_steps=2), item(2, refiner={"enabled": False})])
    steps = {i.item_id: (i.data["base_steps"], i.data["refiner_steps"]) for i in result.items}
    assert steps == {"v0": (3, 2), "v1": (2, 2), "v2": (3, 0)}


def test_two_requests_load_once(face: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loads: list[str] = []
    real = models.load

    def counted(paths, params, device):  # type: ignore[no-untyped-def]
        loads.append("load")
        return real(paths, params, device)

    monkeypatch.setattr(models, "load", counted)
    sessions: dict[str, Session] = {}
    assert ask(face, [], sessions).error is None  # nothing to paint: weights are tried
    first, second = (only(ask(face, [item(0)], sessions)) for _ in range(2))
    assert loads == ["load"]
    assert first.outputs["painted"].sha256 == second.outputs["painted"].sha256
    ask(face, [item(0)], sessions, weights={"sdxl_base": "plain"})
    assert len(loads) == 2


def test_weights_are_told_by_names_sizes_and_times_and_it_says_so(face: Path, tmp_path: Path) -> None:
    result = ask(face, [], weights={"sdxl_base": "plain"})
    assert result.versions.models == {"sdxl_base": models.fingerprint(tiny_weights() / "plain")}
    lora = tmp_path / "lora.safetensors"
    lora.write_bytes(b"a")
    before = models.fingerprint(lora)
    assert before.startswith("stat:")
    lora.write_bytes(b"ab")
    assert models.fingerprint(lora) != before


def test_a_name_that_is_no_text_has_a_fingerprint(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"\xff.json")).write_text("{}")
    assert models.fingerprint(tmp_path).startswith("stat:")


def test_what_a_prompt_has_too_much_is_told(face: Path) -> None:
    done = only(ask(face, [item(0, prompt="b" * 90 + " tail")]))
    (warning,) = [w for w in done.warnings if w.code == "PROMPT_CUT"]
    assert "77 tokens" in warning.message and warning.message.endswith("tail'")
    assert not only(ask(face, [item(0, prompt="short", num_inference_steps=8)])).warnings


def test_batches_halve_when_memory_runs_out_and_paint_the_same(
    face: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    items = [item(n) for n in range(4)]
    plain = ask(face, items, batch_size=1)
    sizes = small_memory(monkeypatch, most=1)
    squeezed = ask(face, items, batch_size=4)
    assert sizes == [4, 2, 1, 1, 1, 1]
    assert [w.message for w in squeezed.items[0].warnings if w.code == "MEMORY_SHORT"] == [
        "the memory ran out: 2 at once instead of 4",
        "the memory ran out: 1 at once instead of 2",
    ]
    assert hashes(squeezed) == hashes(plain)


def test_no_memory_at_all_is_an_error_that_may_pass(face: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = small_memory(monkeypatch, most=0)
    done = only(ask(face, [item(0)]))
    assert sizes == [1, 1]  # as it is, and with attention in slices
    assert done.error and (done.error.code, done.error.retryable) == (ErrorCode.OUT_OF_MEMORY, True)


def small_memory(monkeypatch: pytest.MonkeyPatch, most: int) -> list[int]:
    """Batches of more than `most` run out of memory. Returns the sizes that are tried."""
    sizes: list[int] = []
    real = Painter.paint

    def paint(self: Painter, orders: list[Order]) -> list[Paint]:
        sizes.append(len(orders))
        if len(orders) > most:
            raise torch.OutOfMemoryError
        return real(self, orders)

    monkeypatch.setattr(Painter, "paint", paint)
    return sizes


def hashes(result: Result) -> dict[str, str]:
    return {i.item_id: i.outputs["painted"].sha256 for i in result.items}


def test_a_mask_without_white(face: Path) -> None:
    write_mask(face / "mask.png", np.zeros(read_picture(face / "crop.png").shape[:2], np.uint8))
    done = only(ask(face, [item(0)]))
    assert done.error and done.error.code == ErrorCode.BAD_REQUEST
    assert "has no white" in done.error.message


def test_no_strength_is_told_and_the_refiner_just_rests(face: Path) -> None:
    done = only(ask(face, [item(0, strength=0.0)]))
    assert done.error and "lets not one step run" in done.error.message
    assert only(ask(face, [item(0, refiner={"strength": 0.0})])).data["refiner_steps"] == 0


def test_turbo_without_its_adapter_declines(face: Path) -> None:
    done = only(ask(face, [item(0, "sdxl-turbo")]))
    assert (done.status, done.refused[0].reason) == ("skipped", "the weights sdxl_lcm_lora are not there")


@pytest.mark.parametrize("precision", ["bfloat16", "float32"])
def test_other_precisions_and_low_memory(face: Path, precision: str) -> None:
    done = only(ask(face, [item(0)], precision=precision, low_memory=True))
    assert done.status == "succeeded"


def refusal(face: Path, root: Path, weights: dict[str, str]) -> tuple[str, str]:
    error = ask(face, [item(0)], root=root, weights=weights).error
    assert error is not None and "\n" not in error.message
    return error.code, error.message


def test_weights_that_are_no_weights(face: Path, tmp_path: Path) -> None:
    root = tmp_path / "bad"
    shutil.copytree(tiny_weights(), root)
    base = {"sdxl_base": "inpainting"}
    assert refusal(face, root, {"sdxl_base": "gone"})[0] == ErrorCode.WEIGHTS_MISSING
    assert "of the refiner" in refusal(face, root, {"sdxl_base": "refiner"})[1]
    assert "not weights of the SDXL refiner" in refusal(face, root, base | {"sdxl_refiner": "plain"})[1]
    assert "model_index.json is missing" in refusal(face, root, {"sdxl_base": "inpainting/tokenizer"})[1]

    unet = root / "inpainting/unet/diffusion_pytorch_model.safetensors"
    whole = unet.read_bytes()
    for content in (b"", b"<html>", whole[:100_000]):
        unet.write_bytes(content)
        assert refusal(face, root, base)[0] == ErrorCode.WEIGHTS_UNUSABLE
    shutil.copy(root / "plain/unet/diffusion_pytorch_model.safetensors", unet)
    assert refusal(face, root, base)[0] == ErrorCode.WEIGHTS_UNUSABLE  # 4 channels, 9 are said
    unet.unlink()
    unet.with_suffix(".bin").write_bytes(b"pickled")
    assert refusal(face, root, base)[0] == ErrorCode.WEIGHTS_UNUSABLE

    index = root / "plain/model_index.json"
    other = json.loads(index.read_text()) | {"_class_name": "FluxPipeline"}
    index.write_text(json.dumps(other))
    assert "FluxPipeline, not Stable Diffusion XL" in refusal(face, root, {"sdxl_base": "plain"})[1]


def test_weights_with_gaps_are_not_filled_with_noise(face: Path, tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    root = tmp_path / "gaps"
    shutil.copytree(tiny_weights(), root)
    unet = root / "inpainting/unet/diffusion_pytorch_model.safetensors"
    state = load_file(unet)
    state.pop("conv_out.weight")
    save_file(state, unet)
    assert refusal(face, root, {"sdxl_base": "inpainting"})[0] == ErrorCode.WEIGHTS_UNUSABLE


def test_half_precision_files_are_found_by_their_names(face: Path, tmp_path: Path) -> None:
    root = tmp_path / "half"
    shutil.copytree(tiny_weights(), root)
    for file in [*(root / "inpainting").rglob("*.safetensors")]:
        file.rename(file.with_suffix(".fp16.safetensors"))
    assert only(ask(face, [item(0)], root=root)).status == "succeeded"


def test_int8_without_its_package_is_told(face: Path) -> None:
    error = ask(face, [item(0)], quantize="int8").error
    assert error and error.code == ErrorCode.ENVIRONMENT_BROKEN and "torchao" in error.message
