"""The heavy backends through the whole pipeline, in environments of their own, with tiny random weights.

Random weights open no eye, and the look afterwards says so. What is pasted and where is therefore asked
in a run of the same stages in which that one look believes everything.
"""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from contracts.blend import EyePaste
from contracts.face import Face, Side
from environments.places import CHECKOUT
from environments.reexec import child_environment
from environments.store import environment_python
from imaging.photo import read_photo
from orch.app.src.options import RunOptions
from orch.app.src.report import EyeVerdict, RunReport
from orch.app.src.run import execute
from orch.app.src.surroundings import surroundings
from tests.edit_regions import allowed, changed, faces_in
from tests.running import Finished, finish, outcomes

pytestmark = pytest.mark.heavy

SAMPLE = CHECKOUT / "Input_Images" / "portrait_both_closed.jpg"
PATIENCE_S = 900.0


def make_weights(stage: str, recipe: str, module: str, target: Path) -> Path:
    """Tiny weights, made where the packages for it are."""
    python = environment_python(CHECKOUT / stage, recipe)
    command = [str(python), "-m", module, str(target)]
    subprocess.run(command, cwd=CHECKOUT, env=child_environment(), check=True, timeout=PATIENCE_S)
    return target


@pytest.fixture(scope="module")
def codeformer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("codeformer")
    return make_weights("res", "codeformer", "tests.tiny_models.codeformer", folder / "codeformer.pth")


def write_config(folder: Path, **sections: Any) -> str:
    path = folder / "config.json"
    path.write_text(json.dumps(sections))
    return str(path)


def chosen(report: dict[str, Any]) -> dict[str, str]:
    return {b["stage"]: b["backend"] for b in report["backends"] if b["chosen"]}


@pytest.fixture(scope="module")
def restored(codeformer: Path, tmp_path_factory: pytest.TempPathFactory) -> Finished:
    """Painted by lid_lift, and then restored."""
    folder = tmp_path_factory.mktemp("restored")
    config = write_config(folder, restoration={"model_path": str(codeformer)})
    options = ["--input", str(SAMPLE), "--config", config, "--restore", "on"]
    return finish(*options, output=folder / "out", cwd=folder, patience_s=PATIENCE_S)


def test_restoring_is_settled_before_the_first_photo_and_told(restored: Finished) -> None:
    assert chosen(restored.report)["res"] == "codeformer"
    assert restored.report["stages"]["res"]["backend"] == "codeformer"
    assert restored.report["stages"]["res"]["items"] >= 1


def test_no_pixel_outside_the_restored_face_changes(restored: Finished) -> None:
    before, after = read_photo(SAMPLE), read_photo(restored.picture(SAMPLE.name))
    faces = faces_in(before.as_rgb8())
    eyes = [eye for eye, (outcome, _) in outcomes(restored.photo(SAMPLE.name)).items() if outcome == "opened"]
    assert eyes
    mask = allowed(before.pixels.shape, faces, eyes)
    for x1, y1, x2, y2 in restored_regions(restored.photo(SAMPLE.name)):
        mask[y1:y2, x1:x2] = True
    differs = changed(before.pixels, after.pixels)
    assert differs.any() and not (differs & ~mask).any()


def restored_regions(photo: dict[str, Any]) -> list[tuple[int, int, int, int]]:
    (variation,) = photo["variations"]
    return [face["region"] for face in variation["restored_faces"] if face["region"]]


def believe(before: Face, after: Face | None, side: Side, paste: EyePaste | None) -> EyeVerdict:
    """A look that takes every painted eye for open."""
    return EyeVerdict(side, "opened", region=paste.region if paste else None)


def run_believing(
    monkeypatch: pytest.MonkeyPatch, folder: Path, config: str, **options: Any
) -> RunReport:
    """A run in this process, with real stages."""
    monkeypatch.setattr("orch.app.src.painting.verdict", believe)
    given = RunOptions(
        config=Path(config), inputs=(str(SAMPLE),), base=folder, output=folder / "out", **options
    )
    return execute(given, surroundings(quiet=True), time.monotonic())
