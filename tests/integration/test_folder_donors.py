"""A folder of many people, some open in one photo and closed in another: who lends eyes to whom."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.photos import LabelledPhoto, labelled_photos, needs_photos
from tests.running import Finished, finish

pytestmark = [needs_photos, pytest.mark.heavy]

ALSO_SEEN = {
    "man_surprised": "vid_d18",  # another frame of the same video
    "wink_36_dark-skinned_man": "vid_Obama_speaking",
}
"""Photos that show a person of a pair although the labels do not say so."""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    folder = tmp_path_factory.mktemp("mixed")
    for labelled in _photos():
        shutil.copy(labelled.path, folder)
    return finish("--input", str(folder), output=folder / "out", cwd=folder, patience_s=900.0)


def _photos() -> list[LabelledPhoto]:
    """Pairs and bursts, and as many people who are seen once."""
    photos = labelled_photos("pairs", "group", "wink")
    return photos + [p for p in labelled_photos("closed", "open") if p.pair or "cat" not in p.path.stem]


def _person(photo: str, face: int) -> tuple[str, int]:
    """Who it is: the pair, and in a group the place from the left."""
    stem = Path(photo).stem
    pairs = {p.path.stem: (p.pair, p.category) for p in _photos() if p.pair}
    pair, category = pairs.get(stem, (ALSO_SEEN.get(stem, stem), ""))
    return pair or stem, face if category == "group" else 0


def _plan(run: Finished) -> list[dict[str, Any]]:
    """Every donor that could have been taken, not only those that were."""
    (journal,) = (run.output / "Output_Json").glob("journal_*.jsonl")
    records = [json.loads(line) for line in journal.read_text(encoding="utf-8").splitlines()]
    (plan,) = (record["plan"] for record in records if record["kind"] == "donors")
    return list(plan)


def test_nobody_gets_a_strangers_eyes(run: Finished) -> None:
    lent = [
        (_person(entry["photo"], entry["face"]), _person(donor["photo"], donor["face"]))
        for entry in _plan(run)
        for donor in entry["donors"]
        if "stairs" not in entry["photo"]  # unlabelled
    ]
    assert len(lent) >= 14
    assert [pair for pair in lent if pair[0] != pair[1]] == []


def test_who_is_open_elsewhere_gets_their_own_eyes(run: Finished) -> None:
    """Or it is said why the painter would not take them."""
    elsewhere = {p.pair for p in labelled_photos("pairs", "group") if p.pair and "open" in p.path.stem}
    checked = 0
    for photo in run.report["photos"]:
        name = photo["photo"]
        for edit in (face for v in photo["variations"] for face in v["faces"]):
            if _person(name, 0)[0] in elsewhere - {"stairs"} and "wink" not in name:
                refusals = [r["reason"] for r in edit["refused"] if r["strategy"] == "donor"]
                assert edit["same_person"] == "confirmed" or refusals, (name, edit)
                checked += 1
    assert checked >= 14


def test_the_report_says_who_lent_the_eyes(run: Finished) -> None:
    edit = run.photo("vid_d13_closed.jpg")["variations"][0]["faces"][0]
    assert (edit["strategy_used"], edit["donor"]) == ("donor", "vid_d13_open.jpg")
    assert "vid_d13_open.jpg shows the same person" in run.photo("vid_d13_closed.jpg")["faces"][0]["choice"]
