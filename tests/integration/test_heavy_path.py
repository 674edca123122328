"""The heavy backends through the whole pipeline, in environments of their own, with small weights."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from environments.places import CHECKOUT
from environments.reexec import child_environment
from environments.store import environment_python
from imaging.photo import read_photo
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


def test_prompts_are_varied_by_a_language_model(tmp_path: Path) -> None:
    config = write_config(tmp_path, models={"llm": "smollm2"})
    options = ["--input", str(SAMPLE), "--config", config, "--num-variations", "2"]
    done = finish(*options, output=tmp_path / "out", cwd=tmp_path, patience_s=PATIENCE_S)
    assert chosen(done.report)["preenh"] == "smollm2"
    made = sorted((tmp_path / "out/config").glob("prompt_variations_*/variation_*.json"))
    prompts = [json.loads(path.read_text())["generation"]["prompt"] for path in made]
    assert len(set(prompts)) == 2
    assert all("eyes" in prompt.lower() for prompt in prompts)
