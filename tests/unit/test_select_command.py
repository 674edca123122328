"""`select`: picked variations become final pictures; nothing is lost, nothing outside is touched."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from contracts.codec import to_dict
from contracts.error_codes import ErrorCode, StageError
from contracts.files import sha256_file, write_json
from orch.app.src.calling.options import SelectOptions
from orch.app.src.cli import parse
from orch.app.src.inputs.photos import find_photos
from orch.app.src.outputs.workspace import run_lock
from orch.app.src.report import PhotoReport, RunReport
from orch.app.src.run_ids import variation_id
from orch.app.src.selecting.command import select_command
from orch.app.src.selecting.picks import PICKS_ABOUT, Pick, PicksDocument
from orch.app.src.settings import Settings
from tests.page_reports import edited, layout, picture, run_report


def written(folder: Path, run: RunReport) -> RunReport:
    write_json(layout(folder).report(run.run_id), to_dict(run))
    return run


def two_photos(folder: Path, template: str | None = None) -> RunReport:
    """A run over a.jpg and sub/b.jpg, each in two variations."""
    photos = [edited(folder, name, 2, template) for name in ("a.jpg", "sub/b.jpg")]
    settings = Settings().as_json()
    settings["output"]["name_template"] = f"{template}{{ext}}" if template else None
    return written(folder, run_report(folder, *photos, settings=settings))


def pick(photo: PhotoReport, number: int | None) -> Pick:
    if number is None:
        return Pick(photo.photo, photo.path, None, None)
    output = photo.variations[number].output
    assert output is not None
    return Pick(photo.photo, photo.path, variation_id(number), output.sha256)


def saved(folder: Path, *picks: Pick, run_id: str = "r") -> Path:
    path = folder / "picks.json"
    write_json(path, to_dict(PicksDocument("1", "picks", PICKS_ABOUT, run_id, picks)))
    return path


def select(folder: Path, *picks: Pick, remove_others: bool = False) -> None:
    options = SelectOptions(saved(folder, *picks), None, folder / "out", remove_others)
    assert select_command(options) == 0


def pictures(folder: Path) -> dict[str, str]:
    """Name below the output folder -> content."""
    out = folder / "out"
    return {str(p.relative_to(out)): sha256_file(p) for p in sorted(out.rglob("*.png"))}


def refused(folder: Path, *picks: Pick) -> str:
    before = pictures(folder)
    with pytest.raises(StageError) as caught:
        select(folder, *picks, remove_others=True)
    assert caught.value.code == ErrorCode.SELECTION_MISMATCH
    assert caught.value.exit_code == 2
    assert pictures(folder) == before
    return caught.value.message


def test_picks_are_copied_under_their_final_names(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    a, b = two_photos(tmp_path).photos
    before = pictures(tmp_path)
    select(tmp_path, pick(a, 1), pick(b, 0))
    new = {name: content for name, content in pictures(tmp_path).items() if name not in before}
    assert new == {
        "final_selected_r/final_restore_r_a_jpg.png": pick(a, 1).sha256,
        "final_selected_r/sub/final_restore_r_b_jpg.png": pick(b, 0).sha256,
    }
    assert before.items() <= pictures(tmp_path).items()
    told = capsys.readouterr().out
    assert (
        "a.jpg: variation_01 -> " in told and f"2 final pictures in {tmp_path}/out/final_selected_r" in told
    )


@pytest.mark.parametrize(
    ("template", "final"),
    [("{stem}_eyes", "a_eyes.png"), ("eyes of {stem}", "eyes of a.png"), ("{stem}", "a.png")],
)
def test_the_template_gives_the_name_without_a_variation(tmp_path: Path, template: str, final: str) -> None:
    a, _ = two_photos(tmp_path, template).photos
    select(tmp_path, pick(a, 1))
    assert (tmp_path / "out/final_selected_r" / final).is_file()


def test_doing_it_again_changes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    a, _ = two_photos(tmp_path).photos
    select(tmp_path, pick(a, 1))
    final = tmp_path / "out/final_selected_r/final_restore_r_a_jpg.png"
    before, when = pictures(tmp_path), final.stat().st_mtime_ns
    select(tmp_path, pick(a, 1))
    assert (pictures(tmp_path), final.stat().st_mtime_ns) == (before, when)
    assert "already there" in capsys.readouterr().out


def test_what_a_killed_call_left_half_written_goes(tmp_path: Path) -> None:
    a, _ = two_photos(tmp_path).photos
    left = tmp_path / "out/final_selected_r/sub/.ote-0123456789ab.png"
    left.parent.mkdir(parents=True)
    left.write_text("half")
    select(tmp_path, pick(a, 1))
    assert not left.exists()


def test_another_choice_replaces_the_first(tmp_path: Path) -> None:
    a, _ = two_photos(tmp_path).photos
    select(tmp_path, pick(a, 1))
    select(tmp_path, pick(a, 0))
    assert pictures(tmp_path)["final_selected_r/final_restore_r_a_jpg.png"] == pick(a, 0).sha256
    select(tmp_path, pick(a, None))
    assert not list((tmp_path / "out/final_selected_r").rglob("*.png"))


def test_others_are_removed_only_on_request_and_only_of_picked_photos(tmp_path: Path) -> None:
    a, b = two_photos(tmp_path).photos
    select(tmp_path, pick(a, 1), remove_others=True)
    left = pictures(tmp_path)
    assert left["final_selected_r/final_restore_r_a_jpg.png"] == pick(a, 1).sha256
    assert [name for name in left if "_a_jpg" in name] == ["final_selected_r/final_restore_r_a_jpg.png"]
    assert {pick(b, 0).sha256, pick(b, 1).sha256} <= set(left.values())
    select(tmp_path, pick(a, 1), remove_others=True)
    assert pictures(tmp_path) == left


def test_what_was_removed_cannot_be_picked_any_more(tmp_path: Path) -> None:
    a, _ = two_photos(tmp_path).photos
    select(tmp_path, pick(a, 1), remove_others=True)
    assert "is gone" in refused(tmp_path, pick(a, 0))


def test_a_file_that_somebody_changed_is_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    a, _ = two_photos(tmp_path).photos
    mine = tmp_path / "out/final_restore_r_a_jpg_original.png"
    picture(mine, seed=77)
    select(tmp_path, pick(a, 1), remove_others=True)
    assert mine.is_file()
    assert f"kept {mine}" in capsys.readouterr().out


def test_a_picture_that_is_not_what_the_run_wrote_is_refused(tmp_path: Path) -> None:
    a, b = two_photos(tmp_path).photos
    picture(tmp_path / "out/final_restore_r_a_jpg_original.png", seed=77)
    assert "not what the run wrote" in refused(tmp_path, pick(b, 0), pick(a, 0))


def test_a_foreign_file_in_the_final_place_is_not_replaced(tmp_path: Path) -> None:
    a, _ = two_photos(tmp_path).photos
    picture(tmp_path / "out/final_selected_r/final_restore_r_a_jpg.png", seed=77)
    assert "move it away first" in refused(tmp_path, pick(a, 0))
    assert "move it away first" in refused(tmp_path, pick(a, None))


def test_picks_must_be_of_this_run(tmp_path: Path) -> None:
    a, _ = two_photos(tmp_path).photos
    assert "not in the report" in refused(tmp_path, replace(pick(a, 0), path="/else.jpg"))
    assert "has no picture 'variation_07'" in refused(tmp_path, replace(pick(a, 0), variation="variation_07"))
    assert "made again" in refused(tmp_path, replace(pick(a, 0), sha256="0" * 64))


@pytest.mark.parametrize("link", [False, True])
def test_files_outside_of_the_runs_folder_are_refused(tmp_path: Path, link: bool) -> None:
    photo = edited(tmp_path, "a.jpg")
    output = photo.variations[0].output
    assert output is not None
    secret = picture(tmp_path / "private.png", seed=5)
    path = secret
    if link:
        path = tmp_path / "out/link.png"
        path.symlink_to(secret)
    harmful = replace(output, path=str(path), sha256=sha256_file(secret))
    harmed = replace(photo, variations=(replace(photo.variations[0], output=harmful),))
    written(tmp_path, run_report(tmp_path, harmed))
    assert "is not in the run's folder" in refused(tmp_path, pick(harmed, 0))
    assert "is not in the run's folder" in refused(tmp_path, pick(harmed, None))
    assert secret.is_file()


def test_a_folder_of_final_pictures_that_leads_out_is_refused(tmp_path: Path) -> None:
    a, _ = two_photos(tmp_path).photos
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "out/final_selected_r").symlink_to(tmp_path / "elsewhere")
    assert "is not in the run's folder" in refused(tmp_path, pick(a, 0))
    assert not list((tmp_path / "elsewhere").iterdir())


def test_two_photos_never_become_one_file(tmp_path: Path) -> None:
    a = edited(tmp_path, "a.jpg")
    twin = replace(a, photo="b.jpg", path=str(picture(tmp_path / "in/b.jpg", seed=3)))
    written(tmp_path, run_report(tmp_path, a, twin))
    assert "2 photos would all become" in refused(tmp_path, pick(a, 0), pick(twin, 0))


def test_a_run_without_a_report_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(StageError) as caught:
        select_command(SelectOptions(saved(tmp_path, run_id="other"), None, tmp_path / "out"))
    assert caught.value.code == ErrorCode.SELECTION_MISMATCH
    assert "--output" in caught.value.hint


@pytest.mark.parametrize("run_id", ["../r", "a/b", ""])
def test_run_ids_in_the_file_are_not_paths(tmp_path: Path, run_id: str) -> None:
    with pytest.raises(StageError) as caught:
        select_command(SelectOptions(saved(tmp_path, run_id=run_id), None, tmp_path / "out"))
    assert caught.value.code == ErrorCode.BAD_RUN_ID


def test_a_run_that_is_working_is_not_disturbed(tmp_path: Path) -> None:
    a, _ = two_photos(tmp_path).photos
    with run_lock(layout(tmp_path).documents, "r"), pytest.raises(StageError) as caught:
        select(tmp_path, pick(a, 0))
    assert caught.value.code == ErrorCode.RUN_IN_PROGRESS


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{", "line 1"),
        ('{"kind": "faces"}', "give it to --selection"),
        ('{"format": "1", "kind": "picks", "about": {}, "run_id": "r"}', "missing key 'photos'"),
        (
            '{"format": "1", "kind": "picks", "about": {}, "run_id": "r", '
            '"photos": [{"photo": "a", "path": "a", "variation": "original", "sha256": null}]}',
            "go together",
        ),
    ],
)
def test_a_file_that_is_wrong_is_refused(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "picks.json").write_text(text)
    with pytest.raises(StageError) as caught:
        select_command(SelectOptions(tmp_path / "picks.json"))
    assert caught.value.code == ErrorCode.BAD_SELECTION
    assert told in caught.value.message


def test_final_pictures_are_no_input_of_the_next_run(tmp_path: Path) -> None:
    picture(tmp_path / "final_selected_r/sub/a.png")
    picture(tmp_path / "mine/b.png")
    found = find_photos([str(tmp_path)], tmp_path, outputs=tmp_path)
    assert [photo.path.name for photo in found.photos] == ["b.png"]
    elsewhere = find_photos([str(tmp_path)], tmp_path, outputs=tmp_path / "out")
    assert len(elsewhere.photos) == 2


def test_the_command_line(tmp_path: Path) -> None:
    small = parse(["select", "p.json", "--run", "x", "--output", "o", "--remove-others"], tmp_path).small
    assert small is not None
    assert small.select == SelectOptions(tmp_path / "p.json", "x", tmp_path / "o", True)
