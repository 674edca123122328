"""CodeFormer and GFPGAN on torch: real files of random weights are loaded and run, all others refused.

A face takes each network some 10 s on one core, so that every network runs as seldom as possible.
"""

from __future__ import annotations

import importlib.util
import os
import pickle
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from contracts.envelope import Item, Request
from contracts.error_codes import StageError
from contracts.exit_codes import ExitCode
from contracts.stage import Job
from imaging.photo import read_photo
from imaging.torch_device import chosen_device
from res.app.src.backends import codeformer, gfpgan
from res.app.src.spandrel_models import load_network
from res.app.src.torch_faces import TorchFaces
from tests.synthetic_faces import textured_picture, textured_unit
from tests.tiny_models import codeformer as tiny
from tests.unit.res_fakes import FakeNetwork, Stage, data_of, open_face

CPU = torch.device("cpu")
FACE = textured_unit((512, 512))


@pytest.fixture(scope="module")
def codeformer_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _saved(tmp_path_factory, tiny.codeformer)


@pytest.fixture(scope="module")
def gfpgan_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _saved(tmp_path_factory, tiny.gfpgan)


def _saved(folders: pytest.TempPathFactory, make: Callable[[], torch.nn.Module]) -> Path:
    torch.manual_seed(0)
    path = folders.mktemp("weights") / f"{make.__name__}.pth"
    tiny.save(make(), path)
    return path


def test_codeformer_restores_and_fidelity_counts(codeformer_file: Path) -> None:
    network = TorchFaces(load_network(codeformer_file, "CodeFormer"), codeformer.restore, CPU)
    most, least = (network.restore(FACE, fidelity) for fidelity in (0.0, 1.0))
    for picture in (most, least):
        assert picture.shape == (512, 512, 3) and picture.dtype == np.float32
        assert picture.min() >= 0 and picture.max() <= 1 and picture.std() > 0.01
    assert np.abs(most - least).max() > 0.01
    assert network.packages()["torch"].startswith("2.")


def test_gfpgan_restores_and_does_so_alike_again(gfpgan_file: Path) -> None:
    network = TorchFaces(load_network(gfpgan_file, "GFPGAN"), gfpgan.restore, CPU)
    first = network.restore(FACE, 0.7)
    assert first.shape == (512, 512, 3) and first.std() > 0.01
    torch.manual_seed(99)
    assert np.array_equal(network.restore(FACE, 0.7), first)


def test_what_random_weights_paint_is_not_pasted(codeformer_file: Path, tmp_path: Path) -> None:
    """The whole stage on real weights' layout: the guard trips, the picture stays to the last bit."""
    stage = Stage(tmp_path, FakeNetwork(lambda face: face))
    before = textured_picture((420, 360))
    stage.photo(before, (open_face((150.0, 140.0), 80.0),))
    session = codeformer.open_session("cpu")
    item = Item(
        "original",
        photo="all:in.png",
        inputs={"face_json": "all:faces.json"},
        outputs={"image": "all:out.png"},
        params={"faces": [0]},
    )
    roots = {"all": str(tmp_path), "weights": str(codeformer_file.parent)}
    weights = {"weights": {"codeformer": f"weights:{codeformer_file.name}"}}
    (result,) = session.run(Job(Request("r", "run", "res", "codeformer", (item,), roots, params=weights)))
    (face,) = data_of(result).faces
    assert face.outcome == "kept" and "colour of the" in face.reason
    assert np.array_equal(read_photo(tmp_path / "out.png").pixels, before)
    assert len(session.versions().models["codeformer"]) == 64


def test_safetensors_are_read_too(codeformer_file: Path, tmp_path: Path) -> None:
    state = torch.load(codeformer_file, weights_only=True)["params_ema"]
    path = tmp_path / "codeformer.safetensors"
    save_file({name: tensor.contiguous() for name, tensor in state.items()}, path)
    loaded = load_network(path, "CodeFormer").state_dict()
    assert all(torch.equal(loaded[name], tensor.float()) for name, tensor in state.items())


def refused(path: Path, architecture: str = "CodeFormer") -> str:
    """The one line that says why a file is refused."""
    with pytest.raises(StageError) as raised:
        load_network(path, architecture)
    error = raised.value
    assert (error.code, error.exit_code) == ("MODEL_005", ExitCode.ENVIRONMENT)
    assert str(path) in error.message and "\n" not in error.line()
    return error.message


def test_the_wrong_network_is_named(codeformer_file: Path, gfpgan_file: Path, tmp_path: Path) -> None:
    assert "it holds weights of CodeFormer, not of GFPGAN" in refused(codeformer_file, "GFPGAN")
    assert "it holds weights of GFPGAN, not of CodeFormer" in refused(gfpgan_file)
    unknown = tmp_path / "unknown.pth"
    torch.save({"params": {"layer.weight": torch.zeros(3)}}, unknown)
    assert "it holds weights of no known network" in refused(unknown)
    odd = tmp_path / "odd.pth"
    state = torch.load(codeformer_file, weights_only=True)["params_ema"]
    torch.save({"params_ema": state | {"quantize.embedding.weight": torch.zeros(5, 7)}}, odd)
    assert "its weights do not fit CodeFormer" in refused(odd)
    torch.save({"params_ema": {k: v for k, v in state.items() if k != "feat_emb.bias"}}, odd)
    assert "its weights do not fit CodeFormer" in refused(odd)


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_files_that_are_no_weights(codeformer_file: Path, tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"weights{suffix}"
    for content in (b"", b"<html>not found</html>", bytes(1000), codeformer_file.read_bytes()[:5_000_000]):
        path.write_bytes(content)
        refused(path)
    for value in ([torch.zeros(3)], torch.zeros(3), {3: torch.zeros(3)}, {}):
        torch.save(value, path.with_suffix(".pth"))
        refused(path.with_suffix(".pth"))


class Bomb:
    """Runs a command where a pickle of it is loaded."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[object, ...]:
        return os.mkdir, (str(self.mark),)


@pytest.mark.parametrize("how", ["torch", "pickle"])
def test_a_file_that_would_run_code_is_refused_and_does_not(tmp_path: Path, how: str) -> None:
    mark, path = tmp_path / "it_ran", tmp_path / "bomb.pth"
    content = {"params_ema": Bomb(mark)}
    if how == "torch":
        torch.save(content, path)
    else:
        path.write_bytes(pickle.dumps(content))
    assert "made to run code" in refused(path)
    assert not mark.exists()


def test_too_little_memory_is_told_and_retryable() -> None:
    def out_of_memory(network: torch.nn.Module, faces: torch.Tensor, fidelity: float) -> torch.Tensor:
        raise torch.OutOfMemoryError

    with pytest.raises(StageError) as raised:
        TorchFaces(torch.nn.Identity(), out_of_memory, CPU).restore(FACE, 0.5)
    assert (raised.value.code, raised.value.retryable) == ("MEMORY_001", True)


def test_what_is_no_number_is_no_picture() -> None:
    def broken(network: torch.nn.Module, faces: torch.Tensor, fidelity: float) -> torch.Tensor:
        return faces * float("nan")

    with pytest.raises(StageError, match="answered no picture"):
        TorchFaces(torch.nn.Identity(), broken, CPU).restore(FACE, 0.5)


def test_the_colours_go_in_and_come_out_as_they_are() -> None:
    def same(network: torch.nn.Module, faces: torch.Tensor, fidelity: float) -> torch.Tensor:
        assert faces.shape == (1, 3, 512, 512) and faces.min() >= -1
        assert torch.allclose(faces[0, 0, 10, 20], torch.tensor(FACE[10, 20, 0]) * 2 - 1)
        return faces

    restored = TorchFaces(torch.nn.Identity(), same, CPU).restore(FACE, 0.5)
    assert np.abs(restored - FACE).max() < 1e-6


def test_no_gpu_is_told() -> None:
    assert chosen_device("cpu") == CPU
    if torch.cuda.is_available():
        pytest.skip("there is a GPU")
    assert chosen_device("auto") == CPU
    with pytest.raises(StageError) as raised:
        codeformer.open_session("cuda")
    assert raised.value.code == "DEVICE_001"


def test_the_stand_in_for_torchvision_does_not_stay(codeformer_file: Path) -> None:
    load_network(codeformer_file, "CodeFormer")
    if importlib.util.find_spec("torchvision") is None:
        assert not [name for name in sys.modules if name.startswith("torchvision")]
