"""File names as in the original design, wherever the folders are."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.error_codes import StageError
from contracts.files import resolve
from environments.places import CHECKOUT
from orch.app.src.open_the_eyes import RunPathManager
from orch.app.src.run_ids import checked_run_id, photo_id, variation_id
from orch.app.src.run_paths import Layout, layout_for

STAMP = "20250207_143022"


def relative(path: Path) -> str:
    return path.relative_to(CHECKOUT).as_posix()


def test_names_of_the_original_design() -> None:
    paths = RunPathManager("shared", "Input_Images/photo.jpg", True, STAMP)
    assert relative(paths.get_face_json()) == f"Output_Json/face_{STAMP}_shared.json"
    assert relative(paths.get_crop_json()) == f"Output_Json/crop_{STAMP}_shared.json"
    assert relative(paths.get_face_crop(0)) == f"Output_Images/crop/face_crop_0_{STAMP}_shared.png"
    assert relative(paths.get_face_mask(0)) == f"Output_Images/crop/face_mask_0_{STAMP}_shared.png"
    assert relative(paths.get_face_mask(0, "left")) == f"Output_Images/crop/face_mask_L_0_{STAMP}_shared.png"
    assert relative(paths.get_face_mask(0, "right")) == f"Output_Images/crop/face_mask_R_0_{STAMP}_shared.png"
    eye = relative(paths.get_generated_eye(1, "variation_01"))
    assert eye == f"Output_Images/gen/3_final_result_1_{STAMP}_variation_01.png"


def test_names_of_a_variation() -> None:
    paths = RunPathManager("original", "photo.jpg", True, STAMP)
    gen = "Output_Images/gen"
    assert paths.run_id == f"{STAMP}_original"
    assert relative(paths.get_prepared(0)) == f"{gen}/0_prepared_0_{STAMP}_original.png"
    assert relative(paths.get_base_output(0)) == f"{gen}/1_base_output_0_{STAMP}_original.png"
    assert relative(paths.get_refined(0)) == f"{gen}/2_refined_0_{STAMP}_original.png"
    assert relative(paths.get_generated_eye(0)) == f"{gen}/3_final_result_0_{STAMP}_original.png"
    assert relative(paths.get_blended()) == f"Output_Images/blend/final_result_{STAMP}_original.png"
    assert relative(paths.get_restored()) == f"Output_Images/res/final_restore_{STAMP}_original.png"
    assert relative(paths.get_final_output()) == f"Output_Images/final_restore_{STAMP}_original.png"


def test_retries_do_not_overwrite_the_first_try() -> None:
    paths = RunPathManager("original", "photo.jpg", True, STAMP)
    assert paths.get_blended(1) != paths.get_blended()
    assert paths.get_generated_eye(0, attempt=1) != paths.get_generated_eye(0)


def test_output_moves_everything(tmp_path: Path) -> None:
    layout = layout_for(tmp_path, "r", verbose=False)
    paths = RunPathManager("shared", "p.jpg", False, "r", layout)
    everything = [
        paths.get_face_json(),
        paths.get_blended(),
        paths.get_final_output(),
        layout.report("r"),
        layout.variation("variation_01"),
        layout.log("face", "r"),
    ]
    assert all(path.is_relative_to(tmp_path) for path in everything)


def test_intermediates_are_private_unless_verbose(tmp_path: Path) -> None:
    quiet, verbose = (layout_for(tmp_path, "r", verbose) for verbose in (False, True))
    for get in ("get_face_json", "get_blended", "get_restored", "get_verification_json"):
        assert getattr(RunPathManager("shared", "p", False, "r", quiet), get)().is_relative_to(quiet.work)
    debug = RunPathManager("shared", "p", False, "r", quiet).get_face_debug()
    assert debug == tmp_path / "face" / "face_r_shared.png"
    assert quiet.work.name.startswith(".ote-")
    assert not quiet.keeps_intermediates
    assert verbose.keeps_intermediates
    assert RunPathManager("x", "p", True, "r", verbose).get_face_json().parent == tmp_path / "Output_Json"


def test_subfolders_are_mirrored(tmp_path: Path) -> None:
    layout = layout_for(tmp_path, "r", verbose=True)
    paths = RunPathManager("a_jpg_original", "p", True, "r", layout, "2024/day 1")
    assert paths.get_final_output() == tmp_path / "2024/day 1" / "final_restore_r_a_jpg_original.png"
    assert paths.get_face_json() == tmp_path / "Output_Json" / "2024/day 1" / "face_r_a_jpg_original.json"


def test_variations_of_a_named_photo() -> None:
    shared = RunPathManager("IMG_7_jpg_shared", "p", True, STAMP)
    assert shared.for_variation("original").run_id == f"{STAMP}_IMG_7_jpg_original"


@pytest.mark.parametrize("verbose", [False, True])
def test_references_resolve_to_the_path(tmp_path: Path, verbose: bool) -> None:
    layout = layout_for(tmp_path, "r", verbose)
    paths = RunPathManager("shared", "p", verbose, "r", layout.for_photo(3), "sub")
    for path in (paths.get_face_json(), paths.get_blended(), layout.variation("variation_01")):
        assert resolve(layout.roots(), layout.reference(path)) == path
    with pytest.raises(ValueError, match="below none of the roots"):
        layout.reference(Path("/elsewhere/x.png"))


def test_a_photo_has_its_own_work_folder(tmp_path: Path) -> None:
    layout = layout_for(tmp_path, "r", verbose=False)
    assert layout.for_photo(1).work != layout.for_photo(2).work
    assert isinstance(layout.for_photo(1), Layout)
    kept = layout_for(tmp_path, "r", verbose=True)
    assert kept.for_photo(1) == kept


@pytest.mark.parametrize(
    "run_id", ["", ".", "..", "a/b", "a\\b", "../a", "-x", "a..b", "a\nb", "a b", "x" * 81, "a\0"]
)
def test_run_ids_that_are_no_names_are_refused(run_id: str) -> None:
    with pytest.raises(StageError) as caught:
        checked_run_id(run_id)
    assert caught.value.code == "RUN_001"


@pytest.mark.parametrize("run_id", ["custom_run_001", "20250207_143022", "a-b.c", "Hochzeit_Jörg"])
def test_run_ids_that_are_names_stay(run_id: str) -> None:
    assert checked_run_id(run_id) == run_id


def test_photos_that_differ_in_their_extension_only_stay_distinct() -> None:
    names = ["a.jpg", "a.png", "a.JPG", "a_jpg.png", "a.jpg.png", "a"]
    assert len({photo_id(name) for name in names}) == len(names)


@given(
    st.lists(
        st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1), unique=True
    )
)
def test_photo_ids_fit_into_a_file_name(stems: list[str]) -> None:
    ids = [photo_id(f"{stem * 40}.jpg") for stem in stems]
    assert len(set(ids)) == len(ids)
    for identifier in ids:
        longest = RunPathManager(f"{identifier}_variation_99", "p", True, "x" * 80).get_alpha(99, 2)
        assert len(longest.name.encode()) <= 255


def test_variation_ids() -> None:
    assert [variation_id(n) for n in (0, 1, 12)] == ["original", "variation_01", "variation_12"]
