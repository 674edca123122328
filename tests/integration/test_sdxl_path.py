"""SDXL through all six stages, with random weights, in its own environment.

Whether random paint passes for open eyes is chance. What is pasted, and where, is therefore asked again in
a run of the same stages in which the look afterwards believes everything.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from contracts.blend import EyePaste
from contracts.face import Face, Side
from environments.places import CHECKOUT
from imaging.photo import Photo, read_photo
from orch.app.src.calling.options import RunOptions
from orch.app.src.report import EyeVerdict
from orch.app.src.running.run import execute
from orch.app.src.running.surroundings import surroundings
from tests.edit_regions import Mask, allowed, changed, faces_in
from tests.integration.test_heavy_path import (
    PATIENCE_S,
    SAMPLE,
    chosen,
    make_weights,
    restored_regions,
    write_config,
)
from tests.running import Finished, finish, outcomes, read_report

pytestmark = pytest.mark.heavy

STEPS = {"num_inference_steps": 2, "guidance_scale": 3.0}


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The section `models` of a configuration."""
    folder = make_weights("gen", "sdxl", "tests.tiny_models.sdxl", tmp_path_factory.mktemp("sdxl"))
    return {"sdxl_base": str(folder / "inpainting"), "sdxl_refiner": str(folder / "refiner")}


@pytest.fixture(scope="module")
def codeformer(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("codeformer") / "codeformer.pth"
    return str(make_weights("res", "codeformer", "tests.tiny_models.codeformer", path))


@pytest.fixture(scope="module")
def doubted(models: dict[str, str], codeformer: str, tmp_path_factory: pytest.TempPathFactory) -> Finished:
    """The command as a person gives it."""
    folder = tmp_path_factory.mktemp("doubted")
    config = write_config(folder, models=models, generation=STEPS, restoration={"model_path": codeformer})
    options = ["--input", str(SAMPLE), "--config", config, "--backend", "sdxl", "--restore", "on"]
    return finish(*options, output=folder / "out", cwd=folder, patience_s=PATIENCE_S)


def test_the_command_paints_and_looks_again(doubted: Finished) -> None:
    backends = chosen(doubted.report)
    assert (backends["gen"], backends["res"]) == ("sdxl", "codeformer")
    photo = doubted.photo(SAMPLE.name)
    assert {strategy for _, strategy in outcomes(photo).values()} <= {"sdxl", None}
    assert doubted.report["stages"]["gen"]["items"] >= 1


def test_eyes_that_are_not_said_to_be_opened_stay_as_they_were(doubted: Finished) -> None:
    """Whatever the look made of random paint."""
    photo = doubted.photo(SAMPLE.name)
    before = read_photo(SAMPLE)
    mask = _may_change(before, photo)
    for path in doubted.output.rglob("final_*.png"):
        assert not (changed(before.pixels, read_photo(path).pixels) & ~mask).any()


def _may_change(before: Photo, photo: dict[str, Any]) -> Mask:
    """Inside of the opened eyes and the restored faces that a report names."""
    eyes = [eye for eye, (outcome, _) in outcomes(photo).items() if outcome == "opened"]
    mask = allowed(before.pixels.shape, faces_in(before.as_rgb8()), eyes)
    for x1, y1, x2, y2 in restored_regions(photo):
        mask[y1:y2, x1:x2] = True
    return mask


def believe(before: Face, after: Face | None, side: Side, paste: EyePaste | None) -> EyeVerdict:
    """A look that takes every painted eye for open."""
    return EyeVerdict(side, "opened", region=paste.region if paste else None)


@pytest.mark.parametrize("restore", [False, True])
def test_only_edited_eyes_and_restored_faces_change(
    models: dict[str, str], codeformer: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, restore: bool
) -> None:
    monkeypatch.setattr("orch.app.src.opening.painting.verdict", believe)
    sections: dict[str, Any] = {"models": models, "generation": STEPS | {"model": "sdxl"}}
    sections["restoration"] = {"enabled": restore, "model_path": codeformer}
    config = Path(write_config(tmp_path, **sections))
    options = RunOptions(config=config, inputs=(str(SAMPLE),), base=CHECKOUT, output=tmp_path / "out")
    execute(options, surroundings(quiet=True), time.monotonic())

    report = read_report(tmp_path / "out")
    (photo,) = report["photos"]
    assert [outcome for outcome, _ in outcomes(photo).values()] == ["opened", "opened"]
    assert (chosen(report).get("res") == "codeformer") == restore
    (final,) = (tmp_path / "out").rglob("final_*.png")
    before, after = read_photo(SAMPLE), read_photo(final)
    differs = changed(before.pixels, after.pixels)
    assert differs.any() and not (differs & ~_may_change(before, photo)).any()
