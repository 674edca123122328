"""The selection of faces: written by a dry run, edited by a person, obeyed strictly."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from contracts.error_codes import ErrorCode, StageError
from contracts.files import write_json
from orch.app.src.report import RunReport
from orch.app.src.selecting.marks import Marks
from orch.app.src.selecting.selection import read_selection, selection_of, write_selection
from tests.page_reports import face as found_face
from tests.page_reports import failed, plan
from tests.unit.orch_fakes import World, face, run


def dry(world: World, folder: Path) -> Path:
    """A dry run; returns its selection."""
    report = run(world, folder, dry_run=True, run_id="dry")
    assert report.exit_code == 0
    return folder / "out/Output_Json/selection_dry.json"


def edited(path: Path, change: Callable[[dict[str, Any]], object]) -> Path:
    document = json.loads(path.read_text())
    change(document)
    write_json(path, document)
    return path


def untick(photo: int, face_index: int) -> Callable[[dict[str, Any]], object]:
    def change(document: dict[str, Any]) -> None:
        document["photos"][photo]["faces"][face_index]["open"] = False

    return change


def opened(report: RunReport) -> list[tuple[str, int]]:
    return [
        (photo.photo, edit.face_index)
        for photo in report.photos
        for variation in photo.variations
        for edit in variation.faces
        if edit.opened()
    ]


def codes(report: RunReport) -> list[str]:
    return [notice.code for photo in report.photos for notice in photo.warnings]


WORLD = {"a.jpg": (face(0), face(1)), "b.jpg": (face(0, "closed", "open"), face(1, "open", "open"))}


def test_a_dry_run_tells_every_face_and_ticks_those_to_open(tmp_path: Path) -> None:
    document = read_selection(dry(World(WORLD), tmp_path))
    assert [photo.photo for photo in document.photos] == ["a.jpg", "b.jpg"]
    assert [[face.open for face in photo.faces] for photo in document.photos] == [[True, True], [True, False]]
    assert document.photos[1].faces[0].left_eye == "closed"
    assert "right eye: it is open" in document.photos[1].faces[0].note


def test_photos_that_failed_are_not_to_be_chosen_from(tmp_path: Path) -> None:
    document = selection_of("r", [failed(tmp_path, "bad.jpg"), plan(tmp_path, "good.png")])
    assert [photo.photo for photo in document.photos] == ["good.png"]


def test_what_is_written_is_read(tmp_path: Path) -> None:
    document = selection_of("r", [plan(tmp_path, 'q"u\n\u202e.png', found_face(0), found_face(1, "open"))])
    write_selection(tmp_path / "s.json", document)
    assert read_selection(tmp_path / "s.json") == document


def test_unticked_faces_stay_closed_and_are_reported_so(tmp_path: Path) -> None:
    world = World(WORLD)
    selection = edited(dry(world, tmp_path), untick(0, 1))
    report = run(world, tmp_path, selection=selection)
    assert opened(report) == [("a.jpg", 0), ("b.jpg", 0)]
    assert report.photos[0].faces[1].left_eye.reason == "left closed by selection"
    assert codes(report) == []


def test_a_photo_with_nothing_ticked_is_left_alone(tmp_path: Path) -> None:
    world = World(WORLD)
    selection = edited(dry(world, tmp_path), lambda d: (untick(0, 0)(d), untick(0, 1)(d)))
    report = run(world, tmp_path, selection=selection)
    assert report.photos[0].status == "unchanged"
    assert opened(report) == [("b.jpg", 0)]


def test_ticking_an_open_eye_does_not_make_it_closed(tmp_path: Path) -> None:
    world = World(WORLD)
    selection = edited(dry(world, tmp_path), lambda d: d["photos"][1]["faces"][1].update(open=True))
    assert opened(run(world, tmp_path, selection=selection)) == [("a.jpg", 0), ("a.jpg", 1), ("b.jpg", 0)]


def test_photos_that_the_file_does_not_name_are_treated_as_usual(tmp_path: Path) -> None:
    world = World(WORLD)
    selection = edited(dry(world, tmp_path), lambda d: d["photos"].pop(0))
    report = run(world, tmp_path, selection=selection)
    assert opened(report) == [("a.jpg", 0), ("a.jpg", 1), ("b.jpg", 0)]
    assert codes(report) == ["SELECTION_PHOTO_UNKNOWN"]


def test_faces_that_the_file_does_not_name_are_treated_as_usual(tmp_path: Path) -> None:
    world = World(WORLD)
    selection = edited(dry(world, tmp_path), lambda d: d["photos"][0]["faces"].pop(1))
    report = run(world, tmp_path, selection=selection)
    assert ("a.jpg", 1) in opened(report)
    assert codes(report) == ["SELECTION_FACE_UNKNOWN"]


def marks_for(folder: Path, *faces: Any) -> tuple[Marks, Path]:
    """Marks of a photo whose faces are all unticked, and the photo."""
    photo = plan(folder, "a.png", *faces)
    document = selection_of("r", [photo])
    entry = document.photos[0]
    closed = replace(entry, faces=tuple(replace(one, open=False) for one in entry.faces))
    write_selection(folder / "s.json", replace(document, photos=(closed,)))
    return Marks(folder / "s.json"), Path(photo.path)


def test_a_photo_that_changed_is_told(tmp_path: Path) -> None:
    marks, photo = marks_for(tmp_path)
    assert marks.of(photo).notices == ()
    photo.write_bytes(b"something else")
    assert [notice.code for notice in marks.of(photo).notices] == ["SELECTION_PHOTO_CHANGED"]
    assert "has changed since s.json" in marks.of(photo).notices[0].message


def test_a_folder_that_was_moved_is_known_by_its_content(tmp_path: Path) -> None:
    marks, photo = marks_for(tmp_path)
    moved = tmp_path / "elsewhere.png"
    shutil.move(photo, moved)
    assert marks.of(moved).entry is not None
    assert marks.of(moved).notices == ()


def test_faces_are_found_by_their_place_also_in_a_scaled_photo(tmp_path: Path) -> None:
    marks, photo = marks_for(tmp_path, found_face(0))
    said = marks.of(photo)
    same = face(3, bbox=(148.0, 103.0, 412.0, 358.0))
    assert said.refusal(same, (600, 400)) == "left closed by selection"
    assert said.refusal(replace(same, bbox=(74.0, 51.0, 206.0, 179.0)), (300, 200)) != ""
    neighbour = face(0, bbox=(350.0, 100.0, 590.0, 360.0))
    assert said.refusal(neighbour, (600, 400)) == ""
    assert [n.code for n in said.unknown_faces((same, neighbour), (600, 400))] == ["SELECTION_FACE_UNKNOWN"]


def broken(text: str) -> Callable[[Path], object]:
    return lambda path: path.write_text(text)


def changed(**values: Any) -> Callable[[Path], object]:
    return lambda path: edited(path, lambda document: document.update(values))


def face_changed(**values: Any) -> Callable[[Path], object]:
    return lambda path: edited(path, lambda d: d["photos"][0]["faces"][0].update(values))


@pytest.mark.parametrize(
    ("harm", "told"),
    [
        (lambda path: path.unlink(), "cannot be read"),
        (broken("{"), "line 1, column 2"),
        (broken("[1]"), "expected an object"),
        (lambda path: path.write_bytes(b"\xff\xfe{"), "UTF-8"),
        (broken("[" * 100_000), "is not JSON"),
        (changed(kind="picks"), "give it to the command select"),
        (changed(kind="else"), "'else' is none of"),
        (changed(format="2"), "'2' is none of '1'"),
        (changed(photoes=[]), "did you mean 'photos'?"),
        (face_changed(open="yes"), "photos[0].faces[0].open: expected bool"),
        (face_changed(open=0), "photos[0].faces[0].open: expected bool"),
        (face_changed(opn=True), "did you mean 'open'?"),
        (face_changed(bbox=[1, 2, 3]), "expected 4 values"),
        (lambda path: edited(path, lambda d: d["photos"][0].update(size=[0, 5])), "size must be positive"),
        (
            lambda path: edited(path, lambda d: d["photos"][0]["faces"].append(d["photos"][0]["faces"][0])),
            "same",
        ),
    ],
)
def test_a_file_that_is_wrong_is_refused_with_its_place(
    tmp_path: Path, harm: Callable[[Path], object], told: str
) -> None:
    world = World(WORLD)
    selection = dry(world, tmp_path)
    harm(selection)
    world.requests.clear()
    with pytest.raises(StageError) as caught:
        run(world, tmp_path, selection=selection)
    assert caught.value.code == ErrorCode.BAD_SELECTION
    assert caught.value.exit_code == 2
    assert told in caught.value.message and "\n" not in caught.value.message
    assert world.requests == []


def test_a_file_saved_by_an_editor_with_a_mark_is_read(tmp_path: Path) -> None:
    selection = dry(World(WORLD), tmp_path)
    selection.write_bytes(b"\xef\xbb\xbf" + selection.read_bytes())
    assert len(read_selection(selection).photos) == 2


def test_another_selection_is_another_run_for_resume(tmp_path: Path) -> None:
    world = World(WORLD)
    selection = dry(world, tmp_path)
    run(world, tmp_path, run_id="r", selection=selection)
    edited(selection, untick(0, 1))
    again = run(world, tmp_path, run_id="r", resume=True, selection=selection)
    assert opened(again) == [("a.jpg", 0), ("b.jpg", 0)]
