"""The pictures of the page: the right ones, in their own pixels, within bounds of size and memory."""

from __future__ import annotations

import base64
import gc
import tracemalloc
from dataclasses import replace
from pathlib import Path

import pytest
import pyvips
from PIL import Image

from orch.app.src.report import EyeVerdict
from orch.app.src.report_page.album import Album
from orch.app.src.report_page.budget import Budget
from orch.app.src.report_page.page import write_report_page
from orch.app.src.report_page.regions import MOST_EYES, eye_region, wanted_pixels
from orch.app.src.report_page.rows import rows
from tests.page_reports import (
    EYES,
    SIZE,
    album,
    cutter,
    edit,
    edited,
    everything,
    face,
    picture,
    plan,
    run_report,
)


def decoded(uri: str, folder: Path) -> Image.Image:
    path = folder / "shown"
    path.write_bytes(base64.b64decode(uri.partition(";base64,")[2]))
    return Image.open(path)


def test_eyes_are_shown_as_they_are_in_the_files(tmp_path: Path) -> None:
    photo = edited(tmp_path, "a.png")
    region = eye_region(photo.faces[0], photo.variations[0].faces[0], SIZE)
    assert region == (155, 135, 405, 265)
    pair = cutter(tmp_path)(photo, 1.0).pairs["original"][0]
    assert pair.percent == 100
    output = photo.variations[0].output
    assert output is not None
    for shown, path in ((pair.before, photo.path), (pair.after, output.path)):
        seen = decoded(shown.uri, tmp_path).convert("RGB")
        truth = Image.open(path).convert("RGB").crop(region)
        assert seen.size == truth.size == (shown.width, shown.height)
        differences = [abs(a - b) for a, b in zip(seen.tobytes(), truth.tobytes())]
        assert sum(differences) / len(differences) < 3


def test_a_face_with_one_edited_eye_shows_both(tmp_path: Path) -> None:
    one = edit(eyes=(EyeVerdict("left", "opened", region=EYES["left"]),))
    assert eye_region(face(), one, SIZE) == (155, 135, 405, 265)
    none = edit(eyes=(EyeVerdict("left", "refused", "no donor"),))
    assert eye_region(face(), none, SIZE) is None


def test_big_faces_are_scaled_down_and_an_enlarged_picture_is_matched(tmp_path: Path) -> None:
    photo = edited(tmp_path, "a.png")
    big = {"left": (500, 450, 650, 550), "right": (1700, 450, 1850, 550)}
    size = (2400, 1000)
    picture(Path(photo.path), size=size)
    output = photo.variations[0].output
    assert output is not None
    picture(Path(output.path), size=(3600, 1500))
    eyes = tuple(replace(eye, region=big[eye.side]) for eye in edit().eyes)
    variation = replace(photo.variations[0], faces=(edit(eyes=eyes),))
    wide = replace(face(), inter_ocular_distance=500.0, bbox=(200.0, 0.0, 2200.0, 950.0))
    shown = replace(photo, size=size, faces=(wide,), variations=(variation,))
    pair = cutter(tmp_path)(shown, 1.0).pairs["original"][0]
    assert pair.percent == round(100 * MOST_EYES[0] / 1800)
    assert (pair.before.width, pair.before.height) == (pair.after.width, pair.after.height)


def test_pictures_of_small_runs_have_full_size() -> None:
    assert Budget(photos=10).scale(wanted=100_000) == 1.0


def test_pictures_of_big_runs_stay_below_the_cap() -> None:
    wanted, most = 500_000, 10_000_000
    budget = Budget(1000, most)
    spent = 0.0
    for _ in range(1000):
        pixels = int(wanted * budget.scale(wanted) ** 2)
        size = int(pixels * 0.4)  # three times what is expected
        budget.spend(pixels, size)
        spent += size * 4 / 3
    assert 0.8 * most < spent < 2.5 * most


def test_wanted_pixels_are_those_of_the_pictures(tmp_path: Path) -> None:
    for photo in (*everything(tmp_path), plan(tmp_path, "p.png", face(0), face(1))):
        assert cutter(tmp_path)(photo, 1.0).pixels == wanted_pixels(photo)


def test_memory_does_not_grow_with_the_run(tmp_path: Path) -> None:
    photo = edited(tmp_path, "a.jpg", 2)

    def most(count: int) -> int:
        run = run_report(tmp_path, *[photo] * count)
        gc.collect()
        tracemalloc.start()
        with album(tmp_path, count) as pictures:
            write_report_page(tmp_path / "p.html", run, pictures)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak

    most(2)  # what is loaded once
    assert most(60) < 1.5 * most(20)
    assert (tmp_path / "p.html").stat().st_size > 60 * 3000


def test_pictures_that_were_cut_meanwhile_are_those_that_are_cut_at_the_end(tmp_path: Path) -> None:
    photos = everything(tmp_path)
    with album(tmp_path, len(photos)) as early, album(tmp_path, len(photos)) as late:
        for photo in reversed(photos):
            early.add(photo)
        shown = [row.pictures for row in rows(photos, {}, early)]
        assert shown == [row.pictures for row in rows(photos, {}, late)]
    assert any(pictures.pairs for pictures in shown)


def test_what_is_wrong_with_the_page_costs_no_picture(tmp_path: Path) -> None:
    def broken() -> None:
        raise OSError("no template")

    with Album(1, cutter(tmp_path), broken) as pictures:
        assert pictures.take(edited(tmp_path, "a.jpg")).thumbnail is not None


def test_a_picture_that_cannot_be_made_costs_its_photo_the_pictures_and_not_the_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*arguments: object) -> None:
        raise pyvips.Error("unable to call webpsave")

    monkeypatch.setattr("res.app.src.finish_session.preview", fails)
    with album(tmp_path) as pictures:
        shown = pictures.take(edited(tmp_path, "a.jpg"))
    assert shown.thumbnail is None
    assert "webpsave" in shown.problems[0]
