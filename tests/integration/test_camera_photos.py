"""HEIC and camera raw among other photos, from the folder to the finished pictures."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from contracts.exit_codes import ExitCode
from environments.places import CHECKOUT
from environments.reexec import child_environment
from environments.store import environment_python
from imaging.photo import read_photo
from orch.app.src.inputs.developing import FOLDER, RECIPE
from tests.raw_files import linear16, write_dng
from tests.running import Answer, finish, outcomes, read_report, run

SAMPLES = CHECKOUT / "Input_Images"
TURNED = 6
"""EXIF orientation of pictures that lie: a quarter turn clockwise makes them upright."""

WRITE_HEIC = """
import sys, pillow_heif
from PIL import Image
exif = Image.Exif()
exif[274] = 6
exif.get_ifd(34665)[36867] = "2026:02:07 14:30:22"
pillow_heif.from_pillow(Image.open(sys.argv[1])).save(sys.argv[2], quality=95, exif=exif.tobytes())
"""

pytestmark = pytest.mark.heavy


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a HEIC and a DNG with closed eyes, a JPEG that lends some, and a cut HEIC."""
    folder = tmp_path_factory.mktemp("camera") / "in"
    folder.mkdir()
    python = environment_python(FOLDER, RECIPE)
    lying = Image.open(SAMPLES / "portrait_both_closed.jpg").convert("RGB").rotate(90, expand=True)
    lying.save(folder.parent / "lying.png")
    command = [str(python), "-c", WRITE_HEIC, str(folder.parent / "lying.png"), str(folder / "IMG_1.HEIC")]
    subprocess.run(command, env=child_environment(), check=True)
    write_dng(folder / "DSC_2.dng", linear16(np.asarray(lying) / 255.0), TURNED)
    shutil.copy(SAMPLES / "portrait_open.jpg", folder)
    (folder / "cut.heic").write_bytes((folder / "IMG_1.HEIC").read_bytes()[:20_000])
    return folder


@pytest.fixture(scope="module")
def done(photos: Path) -> tuple[Answer, Path, dict[str, Any]]:
    output = photos.parent / "out"
    arguments = ("--output-format", "same", "--name-template", "{stem}_eyes{ext}", "--verbose")
    answer = run("--input", "in", "--output", "out", *arguments, cwd=photos.parent)
    return answer, output, read_report(output)


def test_eyes_are_opened_and_the_cut_one_is_named(done: tuple[Answer, Path, dict[str, Any]]) -> None:
    answer, output, report = done
    assert answer.exit_code == ExitCode.SOME_FAILED, answer.text
    by_name = {photo["photo"]: photo for photo in report["photos"]}
    for name in ("IMG_1.HEIC", "DSC_2.dng"):
        assert by_name[name]["status"] == "edited"
        assert {state for state, _ in outcomes(by_name[name]).values()} == {"opened"}
        assert by_name[name]["path"].endswith(f"in/{name}")
    assert by_name["cut.heic"]["error"]["code"] == "INPUT_003"
    assert sorted(path.name for path in output.glob("*.png")) == ["DSC_2_eyes.png", "IMG_1_eyes.png"]
    (page,) = output.rglob("report_*.html")
    text = page.read_text(encoding="utf-8")
    assert "IMG_1.HEIC" in text and "not shown" not in text and "the photo is not what it was" not in text


@pytest.mark.parametrize(("name", "depth"), [("IMG_1.HEIC", 8), ("DSC_2.dng", 16)])
def test_outside_of_the_eyes_every_pixel_is_the_developed_photos(
    done: tuple[Answer, Path, dict[str, Any]], name: str, depth: int
) -> None:
    _, output, report = done
    (photo,) = (photo for photo in report["photos"] if photo["photo"] == name)
    stem, suffix = name.split(".")
    (kept,) = output.glob(f"developed/developed_{stem}_{suffix}_*.png")
    before, after = read_photo(kept), read_photo(output / f"{stem}_eyes.png")
    assert before.bit_depth == after.bit_depth == depth
    assert before.size == after.size == Image.open(SAMPLES / "portrait_both_closed.jpg").size
    changed = np.any(before.pixels != after.pixels, axis=2)
    assert changed.any()
    for face in photo["variations"][0]["faces"]:
        for eye in face["eyes"]:
            x1, y1, x2, y2 = eye["region"]
            changed[y1:y2, x1:x2] = False
    assert not changed.any()
    exif = Image.Exif()
    exif.load(after.metadata.exif or b"")
    assert exif.get(274, 1) == 1


def test_originals_stay_and_a_second_call_does_nothing_again(
    photos: Path, done: tuple[Answer, Path, dict[str, Any]]
) -> None:
    before = {path.name: path.read_bytes() for path in photos.iterdir()}
    arguments = ("--output-format", "same", "--name-template", "{stem}_eyes{ext}", "--verbose")
    answer = run(
        "--input", "in", "--output", "out", *arguments, "--resume", "--log-format", "json", cwd=photos.parent
    )
    events = [json.loads(line) for line in answer.stdout.splitlines()]
    resumed = {e["photo"]: e["resumed"] for e in events if e["event"] == "photo"}
    assert resumed == {"IMG_1.HEIC": True, "DSC_2.dng": True, "portrait_open.jpg": True, "cut.heic": False}
    assert {path.name: path.read_bytes() for path in photos.iterdir()} == before


def test_a_dry_run_leaves_no_developed_pictures(photos: Path) -> None:
    answer = run("--input", "in", "--output", "dry", "--dry-run", "--skip", "cut.heic", cwd=photos.parent)
    assert answer.exit_code == 0, answer.text
    assert list((photos.parent / "dry").rglob("*.png")) == []


def test_a_heic_lends_its_eyes(photos: Path, tmp_path: Path) -> None:
    python = environment_python(FOLDER, RECIPE)
    lying = Image.open(SAMPLES / "portrait_open.jpg").convert("RGB").rotate(90, expand=True)
    lying.save(tmp_path / "lying.png")
    command = [str(python), "-c", WRITE_HEIC, str(tmp_path / "lying.png"), str(tmp_path / "open.heic")]
    subprocess.run(command, env=child_environment(), check=True)
    closed, donor = photos / "IMG_1.HEIC", tmp_path / "open.heic"
    finished = finish("--input", str(closed), "--donor", str(donor), output=tmp_path / "out", cwd=tmp_path)
    assert {by for _, by in outcomes(finished.photo("IMG_1.HEIC")).values()} == {"donor"}
    (face,) = finished.photo("IMG_1.HEIC")["variations"][0]["faces"]
    assert face["donor"] == "open.heic"
    assert [path for path in (tmp_path / "out").iterdir() if path.name.startswith(".ote-")] == []


def test_without_the_environment_one_line_says_what_to_do(photos: Path, tmp_path: Path) -> None:
    """The environments of the default path alone are there."""
    venvs = tmp_path / "venvs"
    venvs.mkdir()
    camera = environment_python(FOLDER, RECIPE).parents[1]
    for made in camera.parent.iterdir():
        if made != camera and not made.name.startswith("."):
            (venvs / made.name).symlink_to(made)
    variables = {"OTE_VENVS": str(venvs)}
    named = run("--input", "IMG_1.HEIC", "--output", str(tmp_path), cwd=photos, variables=variables)
    assert named.exit_code == ExitCode.UNREADABLE_INPUT
    (line,) = named.lines_with("INPUT_005")
    assert "IMG_1.HEIC" in line and "`python3 run_pipeline.py setup --camera`" in line
    folder = run("--input", ".", "--output", str(tmp_path), cwd=photos, variables=variables)
    assert folder.exit_code == 0
    assert "2 .heic" in folder.text and "setup --camera" in folder.text
