"""What goes wrong in one item, one file or one tensor leaves the others alone."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import numpy as np
import pytest
import torch

from contracts.error_codes import ErrorCode, StageError
from contracts.stage import Session
from gen.app.src.sdxl.codec import LatentCodec
from gen.app.src.sdxl.painter import Order, Paint, Painter
from imaging.torch_device import ran_out_of_memory
from tests.in_stage.sdxl.tiny_stage import ask, item, only, write_face


@pytest.fixture
def face(tmp_path: Path) -> Path:
    write_face(tmp_path)
    return tmp_path


@pytest.mark.parametrize("size", [1, 2, 4])
def test_one_item_fails_alone(face: Path, monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    real = Painter.paint

    def paint(self: Painter, orders: list[Order]) -> list[Paint]:
        if any(order.seed == 0 for order in orders):
            raise StageError(ErrorCode.GENERATION_FAILED, "not a number")
        return real(self, orders)

    monkeypatch.setattr(Painter, "paint", paint)
    result = ask(face, [item(n, num_inference_steps=1) for n in range(4)], batch_size=size)
    status = {i.item_id: i.status for i in result.items}
    assert status == {"v0": "failed", "v1": "succeeded", "v2": "succeeded", "v3": "succeeded"}


def test_a_picture_that_finds_no_room_is_told_of_its_own_item(
    face: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.replace

    def replace(source: Path, target: Path) -> None:
        if Path(target).name == "painted_1.png":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(source, target)

    monkeypatch.setattr(os, "replace", replace)
    result = ask(face, [item(n, num_inference_steps=1) for n in range(3)], batch_size=3)
    told = {i.item_id: i.error.code if i.error else i.status for i in result.items}
    assert told == {"v0": "succeeded", "v1": ErrorCode.DISK_FULL, "v2": "succeeded"}


def test_memory_that_runs_out_while_encoding_is_relieved_and_stays_told(
    face: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = LatentCodec.encode

    def encode(self: LatentCodec, picture: np.ndarray) -> torch.Tensor:
        if not self._vae.use_tiling:
            raise torch.OutOfMemoryError
        return real(self, picture)

    monkeypatch.setattr(LatentCodec, "encode", encode)
    sessions: dict[str, Session] = {}
    for _ in range(2):  # tiles are for good, so the second picture, too, is another than without
        done = only(ask(face, [item(0, num_inference_steps=8)], sessions))
        assert done.status == "succeeded"
        assert [w.message for w in done.warnings] == [
            "the memory ran out: attention is computed in slices, pictures in tiles"
        ]


NO_MEMORY = [
    torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"),
    MemoryError(),
    RuntimeError("[enforce fail at alloc_cpu.cpp:117] DefaultCPUAllocator: can't allocate memory: you tried"),
    RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate 4 bytes."),
    RuntimeError("CUDA error: out of memory\nCUDA kernel errors might be asynchronously reported"),
    RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
    RuntimeError("cuDNN error: CUDNN_STATUS_ALLOC_FAILED"),
]


@pytest.mark.parametrize("error", NO_MEMORY)
def test_torch_has_many_words_for_no_memory(error: Exception) -> None:
    assert ran_out_of_memory(error)


def test_other_faults_are_not_taken_for_it() -> None:
    assert not ran_out_of_memory(RuntimeError("CUDA error: device-side assert triggered"))
    assert not ran_out_of_memory(ValueError("can't allocate memory"))


def test_a_real_allocation_that_fails_is_known() -> None:
    with pytest.raises(RuntimeError) as raised:
        torch.empty(1 << 60)
    assert ran_out_of_memory(raised.value)
