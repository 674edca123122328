"""The samples, from the command to the finished pictures.

Few commands, each asked many questions: a command costs seconds, a question nothing.
"""

from __future__ import annotations

import json
import shutil
from hashlib import sha256
from itertools import combinations
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from contracts.face import SIDES
from environments.places import CHECKOUT
from imaging.photo import read_photo
from tests.edit_regions import allowed, aperture, changed, faces_in, read_again
from tests.iris_colour import colour_difference, iris_colour
from tests.running import Answer, Finished, files_below, finish, outcomes, run

SAMPLES = CHECKOUT / "Input_Images"
BOTH, ONE, OPEN = (SAMPLES / f"portrait_{name}.jpg" for name in ("both_closed", "one_closed", "open"))
GLASSES = SAMPLES / "glasses_one_closed.jpg"
FACE = 0

VISIBLE = 2.0
"""Mean difference between the lids, 8-bit levels, that a person sees when switching between two pictures."""
SAME_COLOUR = 8.0
"""CIEDE2000; two irises of one person differ by this much with the light."""


def pixels(path: Path) -> NDArray[Any]:
    """Upright pixels in their own depth, (height, width, channels)."""
    return read_photo(path).pixels


def hashes(*paths: Path) -> list[str]:
    return [sha256(path.read_bytes()).hexdigest() for path in paths]


def assert_only_these_eyes_changed(photo: Path, picture: Path, sides: tuple[str, ...]) -> None:
    before, after = pixels(photo), pixels(picture)
    faces = faces_in(read_photo(photo).as_rgb8())
    differs = changed(before, after)
    mask = allowed(before.shape, faces, [(FACE, side) for side in SIDES if side in sides])
    assert not (differs & ~mask).any(), f"{(differs & ~mask).sum()} pixels outside changed"
    for side in SIDES:
        if side in sides:
            assert (differs & aperture(before.shape, faces[FACE], side)).any()


def opened_sides(finished: Finished, name: str, variation: str = "original") -> tuple[str, ...]:
    eyes = outcomes(finished.photo(name), variation)
    return tuple(side for (_, side), (outcome, _) in eyes.items() if outcome == "opened")


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    """The default run: no photo, no configuration named."""
    folder = tmp_path_factory.mktemp("plain")
    return finish(output=folder / "out", cwd=folder)


@pytest.fixture(scope="module")
def verbose(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    """Both eyes closed, two variations, everything kept."""
    folder = tmp_path_factory.mktemp("verbose")
    options = ["--num-variations", "2", "--verbose", "--run-id", "look"]
    return finish("--input", str(BOTH), *options, output=folder / "out", cwd=folder)


@pytest.fixture(scope="module")
def folder_run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Finished]:
    """A folder of photos of every kind, with --copy-unchanged."""
    folder = tmp_path_factory.mktemp("folder")
    photos = folder / "photos"
    photos.mkdir()
    for sample in (ONE, GLASSES, OPEN):
        shutil.copy(sample, photos)
    both = pixels(BOTH)
    noise = np.random.default_rng(7).integers(0, 257, both.shape, np.uint16)
    deep = np.minimum(both.astype(np.uint32) * 256 + noise, 65535).astype(np.uint16)
    cv2.imwrite(str(photos / "deep.png"), deep[..., ::-1])
    Image.fromarray(both).convert("L").save(photos / "grey.png")
    turned = Image.Exif()
    turned[0x0112] = 6  # shown after a quarter turn clockwise
    Image.fromarray(np.rot90(both)).save(photos / "turned.jpg", exif=turned, quality=97, subsampling=0)
    before = hashes(*sorted(photos.iterdir()))
    done = finish(
        "--input", "photos", "--no-find-donors", "--copy-unchanged", output=folder / "out", cwd=folder
    )
    assert hashes(*sorted(photos.iterdir())) == before
    return photos, done


@pytest.fixture(scope="module")
def winks(tmp_path_factory: pytest.TempPathFactory) -> tuple[Answer, Path]:
    """One eye closed, two variations, answers for programs."""
    folder = tmp_path_factory.mktemp("winks")
    options = ["--num-variations", "2", "--log-format", "json", "--run-id", "wink"]
    answer = run("--input", str(ONE), *options, "--output", "out", cwd=folder)
    assert answer.exit_code == 0, answer.text
    return answer, folder / "out"


def test_the_default_run_opens_both_eyes(plain: Finished) -> None:
    assert outcomes(plain.photo(BOTH.name)) == {
        (FACE, "left"): ("opened", "lid_lift"),
        (FACE, "right"): ("opened", "lid_lift"),
    }
    picture = plain.picture(BOTH.name)
    assert_only_these_eyes_changed(BOTH, picture, SIDES)
    (face,) = faces_in(pixels(picture))
    assert all(face.eye(side).state == "open" for side in SIDES)


def test_nothing_but_picture_and_report_is_left(plain: Finished) -> None:
    run_id = plain.report["run_id"]
    remembered = "Output_Json/.cache/"
    assert [name for name in files_below(plain.output) if not name.startswith(remembered)] == [
        f"Output_Json/journal_{run_id}.jsonl",
        f"Output_Json/report_{run_id}.html",
        f"Output_Json/report_{run_id}.json",
        f"final_restore_{run_id}_original.png",
    ]


def test_the_same_seed_gives_the_same_picture(plain: Finished, verbose: Finished) -> None:
    """Also when variations are made beside it and everything is kept."""
    assert (pixels(plain.picture(BOTH.name)) == pixels(verbose.picture(BOTH.name))).all()


def test_variations_are_named_as_ever_and_visibly_different(verbose: Finished) -> None:
    names = ["original", "variation_01", "variation_02"]
    paths = [verbose.picture(BOTH.name, name) for name in names]
    assert [path.name for path in paths] == [f"final_restore_look_{name}.png" for name in names]
    (face,) = faces_in(pixels(BOTH))
    pictures = [pixels(path) for path in paths]
    for path, picture in zip(paths, pictures, strict=True):
        assert_only_these_eyes_changed(BOTH, path, SIDES)
        face_after = read_again(picture, face)
        assert all(face_after.eye(side).state == "open" for side in SIDES), path.name
    for one, other in combinations(pictures, 2):
        for side in SIDES:
            eye = aperture(one.shape, read_again(one, face), side)
            assert np.abs(one[eye].astype(int) - other[eye]).mean() > VISIBLE


def test_a_verbose_run_keeps_the_trees_of_the_reference(verbose: Finished) -> None:
    files = files_below(verbose.output)
    runs = ["look_original", "look_variation_01", "look_variation_02"]
    expected = {
        "Output_Json/face_look_shared.json",
        "Output_Json/crop_look_shared.json",
        "Output_Json/crop_0_look_shared.json",
        "Output_Json/report_look.json",
        "face/face_look_shared.png",
        "crop/face_crop_0_look_shared.png",
        "crop/face_mask_0_look_shared.png",
        "crop/face_mask_L_0_look_shared.png",
        "crop/face_mask_R_0_look_shared.png",
        *(f"config/prompt_variations_look/variation_{number:02}.json" for number in (1, 2)),
        *(f"gen/0_prepared_0_{run_id}.png" for run_id in runs),
        *(f"gen/1_base_output_0_{run_id}.png" for run_id in runs),
        *(f"gen/2_refined_0_{run_id}.png" for run_id in runs),
        *(f"gen/3_final_result_0_{run_id}.png" for run_id in runs),
        *(f"blend/final_result_{run_id}.png" for run_id in runs),
        *(f"final_restore_{run_id}.png" for run_id in runs),
    }
    assert expected - set(files) == set()
    assert not [name for name in files if Path(name).name.startswith(".")]


def test_one_closed_eye_takes_the_other_as_its_model(folder_run: tuple[Path, Finished]) -> None:
    photos, finished = folder_run
    assert outcomes(finished.photo(ONE.name)) == {(FACE, "right"): ("opened", "mirror")}
    assert_only_these_eyes_changed(photos / ONE.name, finished.picture(ONE.name), ("right",))


def test_behind_glasses_it_opens_or_says_why_not(folder_run: tuple[Path, Finished]) -> None:
    photos, finished = folder_run
    report = finished.photo(GLASSES.name)
    if report["status"] == "edited":
        assert opened_sides(finished, GLASSES.name) == ("left",)
        assert_only_these_eyes_changed(photos / GLASSES.name, finished.picture(GLASSES.name), ("left",))
        return
    assert report["status"] == "unchanged"
    (face,) = report["variations"][0]["faces"]
    assert all(eye["reason"] for eye in face["eyes"] if eye["outcome"] != "opened")


def test_sixteen_bits_stay_sixteen_bits(folder_run: tuple[Path, Finished]) -> None:
    photos, finished = folder_run
    picture = finished.picture("deep.png")
    assert_only_these_eyes_changed(photos / "deep.png", picture, SIDES)
    before, after = pixels(photos / "deep.png"), pixels(picture)
    assert before.dtype == after.dtype == np.uint16
    fresh = after[changed(before, after)]
    assert len(np.unique(fresh % 257)) > 200, "the painted pixels hold 8-bit values only"


def test_grey_stays_grey(folder_run: tuple[Path, Finished]) -> None:
    photos, finished = folder_run
    picture = finished.picture("grey.png")
    with Image.open(picture) as image:
        assert image.mode == "L"
    assert_only_these_eyes_changed(photos / "grey.png", picture, SIDES)


def test_a_turned_photo_comes_out_upright(folder_run: tuple[Path, Finished]) -> None:
    photos, finished = folder_run
    picture = finished.picture("turned.jpg")
    with Image.open(picture) as image:
        assert image.getexif().get(0x0112, 1) == 1
        assert image.size == (560, 700)
    assert_only_these_eyes_changed(photos / "turned.jpg", picture, SIDES)


def test_open_eyes_give_a_copy_byte_by_byte(folder_run: tuple[Path, Finished]) -> None:
    photos, finished = folder_run
    report = finished.photo(OPEN.name)
    assert report["status"] == "unchanged"
    copy = Path(report["copied_to"]["path"])
    assert copy.read_bytes() == (photos / OPEN.name).read_bytes()


def test_a_folder_leaves_one_picture_a_photo(folder_run: tuple[Path, Finished]) -> None:
    photos, finished = folder_run
    pictures = [name for name in files_below(finished.output) if not name.startswith("Output_Json/")]
    edited = [photo for photo in finished.report["photos"] if photo["status"] == "edited"]
    copied = [photo for photo in finished.report["photos"] if photo["copied_to"]]
    assert len(pictures) == len(edited) + len(copied) == len(list(photos.iterdir()))


def test_a_donor_gives_its_eyes(tmp_path: Path) -> None:
    inputs = hashes(BOTH, OPEN)
    done = finish("--input", str(BOTH), "--donor", str(OPEN), output=tmp_path / "out", cwd=tmp_path)
    assert hashes(BOTH, OPEN) == inputs
    assert set(outcomes(done.photo(BOTH.name)).values()) == {("opened", "donor")}
    picture = done.picture(BOTH.name)
    assert_only_these_eyes_changed(BOTH, picture, SIDES)
    (face,) = faces_in(pixels(BOTH))
    truth, before, after = pixels(OPEN), pixels(BOTH), pixels(picture)
    for side in SIDES:
        eye = aperture(truth.shape, read_again(truth, face), side)
        assert _distance(after, truth, eye) < 0.6 * _distance(before, truth, eye)


def _distance(one: NDArray[Any], other: NDArray[Any], where: NDArray[np.bool_]) -> float:
    """Root mean square over the pixels named."""
    return float(np.sqrt(np.mean((one[where].astype(float) - other[where]) ** 2)))


def test_for_programs_standard_output_is_json_lines_only(winks: tuple[Answer, Path]) -> None:
    answer, output = winks
    events = [json.loads(line) for line in answer.stdout.splitlines()]
    assert [event["event"] for event in events] == ["started", "pass", "look", "pass", "photo", "run"]
    names = ["original", "variation_01", "variation_02"]
    assert events[-1]["outputs"] == [str(output / f"final_restore_wink_{name}.png") for name in names]
    assert events[-1]["exit_code"] == 0


def test_variations_never_change_a_known_iris_colour(winks: tuple[Answer, Path]) -> None:
    _, output = winks
    (face,) = faces_in(pixels(ONE))
    own = iris_colour(pixels(ONE), np.asarray(face.mesh), "left")
    irises = []
    for path in sorted(output.glob("final_restore_*.png")):
        picture = pixels(path)
        assert_only_these_eyes_changed(ONE, path, ("right",))
        irises.append(iris_colour(picture, np.asarray(read_again(picture, face).mesh), "right"))
    assert len(irises) == 3
    assert max(colour_difference(own, iris) for iris in irises) < SAME_COLOUR
    assert max(colour_difference(a, b) for a, b in combinations(irises, 2)) < SAME_COLOUR


def test_a_dry_run_writes_only_what_there_is_to_choose_from(tmp_path: Path) -> None:
    answer = run("--input", str(ONE), "--dry-run", "--output", "out", cwd=tmp_path)
    assert answer.exit_code == 0, answer.text
    assert "mirror" in answer.text
    left = [path.name for path in (tmp_path / "out" / "Output_Json").iterdir() if path.name != ".cache"]
    assert {Path(name).suffix for name in left} == {".html", ".json"}
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["Output_Json"]


def test_from_python(plain: Finished, tmp_path: Path) -> None:
    from orch.app.src.open_the_eyes import main

    results = main(input_path=BOTH, output=tmp_path / "out", run_id="python")
    (path,) = results["output_paths"]
    assert Path(path) == tmp_path / "out" / "final_restore_python_original.png"
    assert results["total_time"] > 0
    assert results["report"]["exit_code"] == 0
    assert (pixels(Path(path)) == pixels(plain.picture(BOTH.name))).all()
