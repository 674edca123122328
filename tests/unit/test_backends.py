"""Which backends a run chooses: what is asked for, or the best that is there, with reasons."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from contracts.error_codes import StageError
from environments import EnvironmentBroken
from orch.app.src.backends.choice import BackendChoice
from orch.app.src.backends.settling import settle_backends
from orch.app.src.settings import settings_of
from tests.unit.backend_fakes import CONTENT, TABLE, machine

GPU = "NVIDIA H200"
ALL = ("buffalo_l", "sdxl_base", "sdxl_refiner", "codeformer", "gfpgan", "llm")
LIGHT = [
    ("face", "facemesh"), ("crop", "opencv"), ("gen", "embedded"), ("blend", "opencv"),
    ("preenh", "rules"), ("res", "none"),
]  # fmt: skip


@pytest.fixture(autouse=True)
def heavy_backends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orch.app.src.backends.choice.STAGES", TABLE)
    monkeypatch.setattr("orch.app.src.models.store.STAGES", TABLE)


def settle(
    folder: Path, *there: str, settings: dict[str, Any] | None = None, **changes: Any
) -> BackendChoice:
    builds = changes.pop("builds", True)
    made = settings_of(settings or {})
    gpu = changes.pop("gpu", "")
    equipment = machine(folder, *there, gpu=lambda: gpu, **changes)
    return settle_backends(made, equipment, num_variations=1, builds=builds)


def why(choice: BackendChoice, stage: str, backend: str) -> str:
    return next(r.why for r in choice.reports if (r.stage, r.backend) == (stage, backend))


def refused(folder: Path, *there: str, **options: Any) -> StageError:
    with pytest.raises(StageError) as caught:
        settle(folder, *there, **options)
    assert caught.value.exit_code == 3
    return caught.value


def test_without_weights_everything_is_light_and_says_why(tmp_path: Path) -> None:
    choice = settle(tmp_path)
    assert choice.started == LIGHT
    assert choice.notices == []
    assert f"sdxl_base are missing: {tmp_path}" in why(choice, "gen", "sdxl")
    assert why(choice, "res", "none") == "auto: codeformer and gfpgan cannot be used here"
    assert {(r.stage, r.backend) for r in choice.reports if r.chosen} == set(LIGHT)


def test_with_all_weights_and_a_gpu_everything_is_heavy(tmp_path: Path) -> None:
    choice = settle(tmp_path, *ALL, gpu=GPU)
    assert choice.started == [
        ("face", "insightface"), ("crop", "opencv"), ("gen", "sdxl"), ("gen", "embedded"),
        ("blend", "opencv"), ("preenh", "llama"), ("res", "codeformer"),
    ]  # fmt: skip
    store = tmp_path / "store"
    assert choice.weights["gen", "sdxl"] == {
        "sdxl_base": store / "gen/sdxl_base",
        "sdxl_refiner": store / "gen/sdxl_refiner",
    }
    assert choice.weights["gen", "embedded"] == {}


def test_what_a_backend_can_do_without_is_left_out(tmp_path: Path) -> None:
    choice = settle(tmp_path, "sdxl_base", gpu=GPU)
    assert list(choice.weights["gen", "sdxl"]) == ["sdxl_base"]


@pytest.mark.parametrize(
    ("gpu", "settings"), [("", {}), (GPU, {"processing": {"device": "cpu"}})], ids=["no GPU", "device cpu"]
)
def test_auto_wants_a_gpu_for_sdxl(tmp_path: Path, gpu: str, settings: dict[str, Any]) -> None:
    choice = settle(tmp_path, "sdxl_base", gpu=gpu, settings=settings)
    assert not choice.has("gen", "sdxl")
    assert "no GPU that may be used" in why(choice, "gen", "sdxl")


@pytest.mark.parametrize("model", ["sdxl", "sdxl-turbo"])
def test_sdxl_that_is_asked_for_runs_without_a_gpu_and_says_it_is_slow(tmp_path: Path, model: str) -> None:
    choice = settle(tmp_path, "sdxl_base", "sdxl_lcm_lora", settings={"generation": {"model": model}})
    assert choice.has("gen", "sdxl") and not choice.has("gen", "embedded")
    assert [notice.code for notice in choice.notices] == ["SLOW_DEVICE"]


@pytest.mark.parametrize(
    ("settings", "pull"),
    [
        ({"generation": {"model": "sdxl"}}, "sdxl_base"),
        ({"generation": {"model": "sdxl-turbo"}}, "sdxl_base"),
        ({"restoration": {"enabled": True}}, "codeformer"),
        ({"restoration": {"enabled": True, "model": "gfpgan"}}, "gfpgan"),
        ({"processing": {"detector": "insightface"}}, "buffalo_l"),
    ],
)
def test_what_is_asked_for_must_be_there(tmp_path: Path, settings: dict[str, Any], pull: str) -> None:
    error = refused(tmp_path, settings=settings)
    assert error.code == "MODEL_001"
    assert f"the weights {pull} are missing" in error.message
    assert error.hint == f"python3 run_pipeline.py models pull {pull}"


@pytest.mark.parametrize(
    ("content", "problem"), [(CONTENT[:5], "wrong size"), (CONTENT[::-1], "wrong checksum")]
)
def test_a_broken_file_in_the_store_is_seen_before_the_first_photo(
    tmp_path: Path, content: bytes, problem: str
) -> None:
    made = machine(tmp_path, "codeformer")
    made.store.path(next(m for m in made.models if m.name == "codeformer")).write_bytes(content)
    with pytest.raises(StageError, match=rf"codeformer are broken \({problem}\)"):
        settle_backends(settings_of({"restoration": {"enabled": True}}), made)


def test_sdxl_turbo_needs_what_makes_it_fast(tmp_path: Path) -> None:
    error = refused(tmp_path, "sdxl_base", settings={"generation": {"model": "sdxl-turbo"}})
    assert "the weights sdxl_lcm_lora are missing" in error.message


def test_a_path_of_ones_own_beats_the_store(tmp_path: Path) -> None:
    own = tmp_path / "mine.pth"
    own.write_bytes(b"weights")
    choice = settle(tmp_path, "codeformer", settings={"restoration": {"model_path": str(own)}})
    assert choice.weights["res", "codeformer"] == {"codeformer": own}


def test_weights_that_a_person_names_and_that_are_missing_are_told(tmp_path: Path) -> None:
    choice = settle(tmp_path, settings={"restoration": {"model_path": "/nowhere.pth"}})
    assert choice.has("res", "none")
    assert [notice.message for notice in choice.notices] == [
        "res: codeformer is not used, the weights codeformer are missing: /nowhere.pth"
    ]


@pytest.mark.parametrize(
    ("make", "problem"),
    [
        (lambda path: None, "missing"),
        (lambda path: path.mkdir(), "a folder, and a file is needed"),
        (lambda path: path.touch(), "an empty file"),
        (lambda path: path.write_bytes(b"<html>"), "no GGUF file, whatever the name says"),
    ],
)
def test_a_path_of_ones_own_must_be_right(tmp_path: Path, make: Any, problem: str) -> None:
    own = tmp_path / "mine.gguf"
    make(own)
    error = refused(tmp_path, settings={"models": {"llm": str(own)}})
    assert f"the weights llm are {problem}: {own}" in error.message
    assert "models.llm" in error.hint


@pytest.mark.parametrize(("name", "fits"), [("sdxl.safetensors", True), ("sdxl.ckpt", False)])
def test_sdxl_may_be_one_safetensors_file(tmp_path: Path, name: str, fits: bool) -> None:
    own = tmp_path / name
    own.write_bytes(b"weights")
    settings = {"generation": {"model": "sdxl"}, "models": {"sdxl_base": str(own)}}
    if fits:
        assert settle(tmp_path, settings=settings).weights["gen", "sdxl"] == {"sdxl_base": own}
    else:
        assert "a folder or one .safetensors file" in refused(tmp_path, settings=settings).message


def test_weights_that_are_named_must_be_right_also_where_they_are_not_needed(tmp_path: Path) -> None:
    settings = {"generation": {"model": "sdxl"}, "models": {"sdxl_refiner": str(tmp_path / "gone")}}
    assert "sdxl_refiner are missing" in refused(tmp_path, "sdxl_base", settings=settings).message


def test_commercial_only_takes_what_is_allowed(tmp_path: Path) -> None:
    choice = settle(tmp_path, *ALL, gpu=GPU, settings={"models": {"license": "commercial"}})
    assert choice.has("face", "facemesh") and choice.has("gen", "sdxl")
    assert choice.has("res", "gfpgan"), "the next restorer that may be used"
    assert "may not be used commercially (codeformer licence)" in why(choice, "res", "codeformer")


def test_commercial_only_refuses_what_is_asked_for_and_not_allowed(tmp_path: Path) -> None:
    settings = {"models": {"license": "commercial"}, "restoration": {"enabled": True}}
    error = refused(tmp_path, *ALL, settings=settings)
    assert error.code == "MODEL_004"
    assert "restoration by codeformer is asked for, and codeformer may not be used" in error.message


def test_the_environments_of_what_is_chosen_are_made_and_no_others(tmp_path: Path) -> None:
    made: list[str] = []
    choice = settle(tmp_path, "codeformer", make=lambda folder, recipe: made.append(recipe))
    assert choice.has("res", "codeformer")
    assert made == ["facemesh", "opencv", "embedded", "opencv", "codeformer"]
    made.clear()
    settle(tmp_path, "codeformer", make=lambda folder, recipe: made.append(recipe), builds=False)
    assert made == []


def no_compiler(folder: Path, recipe: str) -> None:
    if recipe in ("llama", "codeformer"):
        raise EnvironmentBroken("there is no C++ compiler")


def test_an_environment_that_cannot_be_made_falls_back_and_says_so(tmp_path: Path) -> None:
    own = tmp_path / "mine.gguf"
    own.write_bytes(b"GGUF and more")
    choice = settle(tmp_path, "codeformer", settings={"models": {"llm": str(own)}}, make=no_compiler)
    assert choice.has("preenh", "rules") and choice.has("res", "none")
    said = [notice.message for notice in choice.notices]
    assert said == [
        f"{what} is not used, its environment cannot be made: there is no C++ compiler"
        for what in ("preenh: llama", "res: codeformer")
    ]


def test_an_environment_that_is_asked_for_and_cannot_be_made_ends_the_run(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentBroken):
        settle(tmp_path, "codeformer", settings={"restoration": {"enabled": True}}, make=no_compiler)


def test_cuda_that_is_asked_for_must_be_there(tmp_path: Path) -> None:
    error = refused(tmp_path, settings={"processing": {"device": "cuda"}})
    assert error.code == "DEVICE_001"


def test_the_language_model_of_a_package_is_named_by_its_name(tmp_path: Path) -> None:
    choice = settle(tmp_path, settings={"models": {"llm": "smollm2"}})
    assert choice.has("preenh", "smollm2")
    assert choice.weights["preenh", "smollm2"] == {}


def test_restoration_that_is_off_starts_nothing(tmp_path: Path) -> None:
    choice = settle(tmp_path, *ALL, settings={"restoration": {"enabled": False}})
    assert "res" not in dict(choice.started)
