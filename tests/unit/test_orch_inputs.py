"""Which photos a run is about, and what their results are called."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace as replaced

from contracts.error_codes import ErrorCode, StageError
from orch.app.src.donors.photos import DonorPhotos, donor_photos
from orch.app.src.inputs.own_outputs import names_by_run
from orch.app.src.inputs.photos import FoundPhotos, Photo, find_photos
from orch.app.src.outputs.names import OutputNames, checked_template, template_pattern
from orch.app.src.run_paths import RunPathManager, layout_for
from orch.app.src.settings import Settings


def make(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)


def find(folder: Path, *inputs: str) -> FoundPhotos:
    return find_photos(inputs, folder, folder / "Output_Images")


def names(found: FoundPhotos) -> list[str]:
    return [photo.name for photo in found.photos]


def test_a_folder_in_natural_order_with_its_subfolders(tmp_path: Path) -> None:
    make(tmp_path, "in/IMG_10.jpg", "in/IMG_9.JPG", "in/b/x.png", "in/notes.txt", "in/a.tif")
    found = find(tmp_path, "in")
    assert names(found) == ["a.tif", "IMG_9.JPG", "IMG_10.jpg", "b/x.png"]
    assert [photo.photo_id for photo in found.photos] == ["a_tif", "IMG_9_JPG", "IMG_10_jpg", "x_png"]


def test_photos_that_are_not_read_are_told_with_what_converts_them(tmp_path: Path) -> None:
    make(tmp_path, "in/a.jpg", "in/b.HEIC", "in/c.nef", "in/.d.heic", "phone/a.heic", "phone/b.heic")
    found = find(tmp_path, "in", "phone", "phone/*")
    assert names(found) == ["a.jpg"]
    (notice,) = found.notices
    assert "5 .heic, 1 .nef" in notice.message
    assert "HEIC: heif-convert" in notice.message and "camera raw: darktable-cli" in notice.message
    for problem in found.problems:
        assert problem.code == ErrorCode.INPUT_UNSUPPORTED
        assert "only 2 .heic" in problem.message and "heif-convert" in problem.hint
        assert ".nef" not in problem.message and "raw" not in problem.hint
    assert len(found.problems) == 2


def test_hidden_files_and_own_outputs_are_no_photos(tmp_path: Path) -> None:
    make(
        tmp_path,
        ".hidden.jpg",
        ".cache/x.jpg",
        ".ote-work-r/blend/x.png",
        "Output_Images/y.png",
        "final_restore_20250207_143022_original.png",
        "final_restore_20250207_143022_a_jpg_variation_01.png",
        "face_20250207_143022_shared.png",
        "gen/3_final_result_0_20250207_143022_original_retry_1.png",
        "face_of_my_sister.jpg",
        "final_restore.jpg",
    )
    assert names(find(tmp_path, ".")) == ["face_of_my_sister.jpg", "final_restore.jpg"]


def test_patterns_and_single_files(tmp_path: Path) -> None:
    make(tmp_path, "a/1.jpg", "a/b/2.jpg", "a/b/.3.jpg", "a/c.txt", "d[1].jpg")
    assert names(find(tmp_path, "a/*.jpg")) == ["1.jpg"]
    assert names(find(tmp_path, "a/**/*.jpg")) == ["1.jpg", "b/2.jpg"]
    assert names(find(tmp_path, "a/*")) == ["1.jpg"]
    assert names(find(tmp_path, "d[1].jpg")) == ["d[1].jpg"]
    assert names(find(tmp_path, "a/c.txt")) == ["c.txt"], "what is named is taken; the face stage judges it"


def test_a_single_photo_needs_no_id(tmp_path: Path) -> None:
    make(tmp_path, "a.jpg")
    assert find(tmp_path, "a.jpg").photos[0].photo_id == ""


def test_each_photo_once(tmp_path: Path) -> None:
    make(tmp_path, "a.jpg", "b.jpg")
    assert names(find(tmp_path, "b.jpg", ".", "*.jpg", str(tmp_path / "b.jpg"))) == ["b.jpg", "a.jpg"]


def test_same_names_from_different_folders_get_their_folders(tmp_path: Path) -> None:
    make(tmp_path, "x/a.jpg", "y/a.jpg", "y/b.jpg")
    found = find(tmp_path, "x", "y")
    assert names(found) == ["x/a.jpg", "y/a.jpg", "b.jpg"]


@pytest.mark.parametrize("given", ["none.jpg", "empty", "*.png", "none/*.jpg"])
def test_what_is_not_there_is_said_with_what_and_where(tmp_path: Path, given: str) -> None:
    make(tmp_path, "empty/notes.txt", "a.jpg")
    found = find(tmp_path, given, "a.jpg")
    assert names(found) == ["a.jpg"]
    problem = found.problems[0]
    assert (problem.code, problem.exit_code) == ("INPUT_001", 4)
    assert str(tmp_path / given) in problem.message
    assert problem.hint


def test_a_name_that_cannot_be_written_down_is_refused_alone(tmp_path: Path) -> None:
    make(tmp_path, "a.jpg")
    try:
        open(os.fsencode(tmp_path) + b"/\xff.jpg", "wb").close()
    except OSError:
        pytest.skip("this file system takes only UTF-8 names")
    found = find(tmp_path, ".")
    assert names(found) == ["a.jpg"]
    assert found.problems[0].code == "INPUT_005"


def final(names: OutputNames, photo: Photo, folder: Path, variation: str = "original") -> str:
    role = f"{photo.photo_id}_{variation}" if photo.photo_id else variation
    paths = RunPathManager(role, photo.path, False, "r", layout_for(folder, "r", False), photo.subfolder)
    return names.final(paths, photo, variation).relative_to(folder).as_posix()


def test_names_by_run_id(tmp_path: Path) -> None:
    photos = [Photo(tmp_path / "a.jpg", photo_id="a_jpg"), Photo(tmp_path / "a.png", photo_id="a_png")]
    given = OutputNames(None, "png", photos)
    assert [final(given, p, tmp_path) for p in photos] == [
        "final_restore_r_a_jpg_original.png",
        "final_restore_r_a_png_original.png",
    ]
    same = OutputNames(None, "same", photos)
    assert final(same, photos[0], tmp_path).endswith("a_jpg_original.jpg")


def test_templates(tmp_path: Path) -> None:
    photo = Photo(tmp_path / "in" / "IMG 1.jpeg")
    given = OutputNames("{stem}_eyes{ext}", "same", [photo])
    assert final(given, photo, tmp_path) == "IMG 1_eyes.jpeg"
    assert final(given, photo, tmp_path, "variation_02") == "IMG 1_eyes_variation_02.jpeg"
    named = OutputNames("{timestamp}-{variation}-{stem}{ext}", "webp", [photo])
    assert final(named, photo, tmp_path, "variation_02") == "r-variation_02-IMG 1.webp"


def test_templates_keep_photos_apart_that_differ_in_their_extension(tmp_path: Path) -> None:
    photos = [Photo(tmp_path / "a.jpg", photo_id="a_jpg"), Photo(tmp_path / "a.png", photo_id="a_png")]
    given = OutputNames("{stem}_eyes{ext}", "png", photos)
    assert [final(given, p, tmp_path) for p in photos] == ["a_jpg_eyes.png", "a_png_eyes.png"]


def test_an_input_is_never_replaced(tmp_path: Path) -> None:
    photo = Photo(tmp_path / "a.png")
    given = OutputNames("{stem}{ext}", "same", [photo])
    with pytest.raises(StageError, match="would replace a photo"):
        final(given, photo, tmp_path)
    (tmp_path / "link").symlink_to(tmp_path)
    with pytest.raises(StageError, match="would replace a photo"):
        final(given, photo, tmp_path / "link")


@pytest.mark.parametrize(
    ("template", "words"),
    [
        ("{stm}{ext}", "unknown key 'stm'; did you mean 'stem'"),
        ("{stem", "expected '}'"),
        ("../{stem}{ext}", "without folders"),
        (".{stem}{ext}", "not hidden"),
        ("{stem}.png", "must end with {ext}"),
        ("eyes{ext}", "needs {stem} or {run_id}"),
        ("{stem.__class__}{ext}", "unknown key"),
        ("{}{ext}", "unknown key"),
        ("{stem:d}{ext}", "{stem} takes no format"),
        ("{stem!r}{ext}", "{stem} takes no format"),
    ],
)
def test_templates_that_are_no_file_names_are_refused(template: str, words: str) -> None:
    with pytest.raises(StageError) as caught:
        checked_template(template)
    assert words in caught.value.message


def test_outputs_of_an_earlier_run_are_told_by_the_template(tmp_path: Path) -> None:
    pattern = template_pattern("{stem}_eyes{ext}")
    assert pattern is not None
    assert pattern.match("IMG 1_eyes.jpeg")
    assert not pattern.match("IMG 1.jpeg")
    assert template_pattern("{stem}{ext}") is None
    assert pattern.match("a\nb_eyes.jpeg")


def ids(found: FoundPhotos) -> list[tuple[str, str]]:
    return [(str(photo.subfolder), photo.photo_id) for photo in found.photos]


def test_photos_that_move_to_their_folders_meet_no_others_there(tmp_path: Path) -> None:
    make(tmp_path, "col/c/a/x.jpg", "col/a/x.jpg", "col/b/x.jpg")
    found = find(tmp_path, "col/c", "col/a", "col/b")
    assert ids(found) == [("c/a", "x_jpg"), ("a", "x_jpg"), ("b", "x_jpg")]


def test_photos_of_one_folder_whose_ids_are_alike_are_told_apart(tmp_path: Path) -> None:
    make(tmp_path, "q.jpg", "q_jpg")
    found = find(tmp_path, "q.jpg", "q_jpg")
    assert len(set(ids(found))) == 2


def test_an_id_that_is_the_stem_of_another_photo(tmp_path: Path) -> None:
    make(tmp_path, "a.jpg", "a.png", "a_jpg.png")
    found = find(tmp_path, ".").photos
    given = OutputNames("{stem}_eyes{ext}", "png", found)
    assert len({final(given, photo, tmp_path) for photo in found}) == 3


def test_a_folder_that_cannot_be_read_is_a_problem_by_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(tmp_path, "card/a.jpg", "card/lost+found/x.jpg", "card/z/b.jpg")
    listed = Path.iterdir

    def iterdir(path: Path) -> Iterator[Path]:
        if path.name == "lost+found":
            raise PermissionError(13, "Permission denied")
        return listed(path)

    monkeypatch.setattr(Path, "iterdir", iterdir)
    found = find(tmp_path, "card")
    assert names(found) == ["a.jpg", "z/b.jpg"]
    (problem,) = found.problems
    assert "lost+found cannot be read: Permission denied" in problem.message
    (alone,) = find(tmp_path, "card/lost+found").problems
    assert alone.message == problem.message


@pytest.mark.parametrize("given", ["~foo_nobody.jpg", "~foo_nobody*.jpg", "x" * 300 + ".jpg"])
def test_odd_names_that_are_not_there(tmp_path: Path, given: str) -> None:
    assert [problem.code for problem in find(tmp_path, given).problems] == ["INPUT_001"]


def test_a_tilde_that_names_nobody_is_part_of_the_name(tmp_path: Path) -> None:
    make(tmp_path, "~foo_nobody.jpg")
    assert names(find(tmp_path, "~foo_nobody.jpg")) == ["~foo_nobody.jpg"]


def test_two_asterisks_that_are_no_folder_are_one(tmp_path: Path) -> None:
    make(tmp_path, "in/a.jpg", "in/b/c.jpg")
    assert names(find(tmp_path, "in/**.jpg")) == ["a.jpg"]
    assert names(find(tmp_path, "in/**/*.jpg")) == ["a.jpg", "b/c.jpg"]


def test_own_outputs_are_told_by_time_or_id_and_a_notice_says_so(tmp_path: Path) -> None:
    output = "final_restore_20250207_143022_a\nb_jpg_original.jpg"
    make(tmp_path, "face_anna_original.jpg", output)
    found = find(tmp_path, ".")
    assert names(found) == ["face_anna_original.jpg"]
    (notice,) = found.notices
    assert notice.code == "LEFT_OUT" and notice.message.startswith("1 picture left out")
    assert names_by_run(["anna"]).match("face_anna_original")
    assert names_by_run(["r"]).match("3_final_result_0_r_a_jpg_original_retry_1")
    assert names_by_run().match("face_mask_L_0_20250207_143022_shared")
    assert not names_by_run(["an"]).match("face_anna_original")


def donors(*folders: Path) -> DonorPhotos:
    settings = Settings()
    generation = replaced(settings.generation, donor_folder=[str(folder) for folder in folders])
    return donor_photos(replaced(settings, generation=generation), develops=False)


def test_one_bad_name_among_donors_is_a_notice(tmp_path: Path) -> None:
    make(tmp_path, "a.jpg")
    try:
        open(os.fsencode(tmp_path) + b"/\xff.jpg", "wb").close()
    except OSError:
        pytest.skip("this file system takes only UTF-8 names")
    found = donors(tmp_path)
    assert [path.name for path in found.searched] == ["a.jpg"]
    assert [notice.code for notice in found.notices] == ["INPUT_005"]
    with pytest.raises(StageError, match=r"^--donor-folder: .*nowhere does not exist$"):
        donors(tmp_path, tmp_path / "nowhere")


def test_what_may_not_be_looked_at_is_not_said_to_be_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path) -> os.stat_result:
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr(Path, "lstat", refuse)
    (problem,) = find(tmp_path, "a.jpg").problems
    assert problem.line().startswith(
        f"{tmp_path}/a.jpg cannot be reached: Permission denied [INPUT_001]. check"
    )
