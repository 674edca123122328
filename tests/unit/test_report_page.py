"""The page of a run: complete, harmless whatever photos are called, and of bounded size."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from hypothesis import strategies as st

from contracts.envelope import ErrorInfo, Notice, Refusal
from contracts.error_codes import StageError
from orch.app.src.report import PhotoReport, RunReport
from orch.app.src.report_page.page import TEMPLATES, write_report_page
from orch.app.src.report_page.words import eyes, number, seconds, visible
from tests.page_reports import (
    album,
    documents_of,
    edit,
    edited,
    everything,
    face,
    failed,
    picture,
    plan,
    run_report,
    unchanged,
)

VOID = {"meta", "img", "input", "rect"}


@dataclass
class Parsed(HTMLParser):
    """A page as its elements, (name, attributes, text)."""

    elements: list[tuple[str, dict[str, str], list[str]]] = field(default_factory=list)
    open: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}, []))
        if tag not in VOID:
            self.open.append(len(self.elements) - 1)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}, []))

    def handle_endtag(self, tag: str) -> None:
        assert self.elements[self.open.pop()][0] == tag, f"{tag} closes another element"

    def handle_data(self, data: str) -> None:
        for index in self.open[-1:]:
            self.elements[index][2].append(data)

    def all(self, tag: str, **attributes: str) -> list[tuple[dict[str, str], str]]:
        return [
            (given, " ".join("".join(text).split()))
            for name, given, text in self.elements
            if name == tag and attributes.items() <= given.items()
        ]


def page_of(folder: Path, *photos: PhotoReport, **changes: Any) -> Parsed:
    documents = documents_of(run_report(folder, *photos, **changes), folder)
    assert documents.page is not None
    return parsed(Path(documents.page))


def parsed(path: Path) -> Parsed:
    page = Parsed()
    page.feed(path.read_text(encoding="utf-8"))
    page.close()
    assert page.open == []
    return page


def dry(folder: Path, *photos: PhotoReport) -> Parsed:
    return page_of(folder, *photos, options={"inputs": ["my photos"], "output": None, "dry_run": True})


def test_a_run_leaves_a_report_and_its_page(tmp_path: Path) -> None:
    documents = documents_of(run_report(tmp_path, *everything(tmp_path)), tmp_path)
    names = sorted(p.name for p in (tmp_path / "out/Output_Json").iterdir())
    assert names == ["report_r.html", "report_r.json"]
    assert documents.selection is None


def test_every_photo_has_its_state_and_its_reason(tmp_path: Path) -> None:
    page = page_of(tmp_path, *everything(tmp_path))
    states = [given["data-state"] for given, _ in page.all("article")]
    assert states == ["edited", "unchanged", "failed", "partial"]
    said = [text for _, text in page.all("p")]
    assert "no closed eyes" in said
    assert "c.jpg is damaged [INPUT_003]. copy it" in said
    shown = [given["value"] for given, _ in page.all("input", name="state")]
    assert shown == ["failed", "partial", "edited", "unchanged"], "what needs a look comes first"


def test_every_edit_has_both_pictures_and_its_figures(tmp_path: Path) -> None:
    page = page_of(tmp_path, *everything(tmp_path))
    assert len(page.all("input", type="range")) == 3
    assert len(page.all("img", alt="Before")) == len(page.all("img", alt="After")) == 3
    headings = [text for _, text in page.all("h3")]
    assert headings == ["Face 0: both eyes opened by lid_lift"] * 3
    definitions = [text for _, text in page.all("dd")]
    assert "default" in definitions  # where the iris comes from
    assert "closed → open" in [text for _, text in page.all("td")]


def test_faces_left_alone_are_unfolded_where_the_reason_is_news(tmp_path: Path) -> None:
    undetermined = unchanged(tmp_path, "b.jpg")
    open_eyed = replace(undetermined, photo="o.jpg", faces=(face(0, "open", "open"),))
    page = page_of(tmp_path, undetermined, open_eyed)
    assert ["open" in given for given, _ in page.all("details", **{"class": "alone"})] == [True, False]


def test_why_a_better_way_was_not_taken_is_seen(tmp_path: Path) -> None:
    photo = edited(tmp_path, "a.jpg")
    refused = (Refusal("donor", "the donor's eyes look far aside"),)
    variation = replace(photo.variations[0], faces=(edit(refused=refused),))
    page = page_of(tmp_path, replace(photo, variations=(variation,)))
    assert "not by donor: the donor's eyes look far aside" in [text for _, text in page.all("p")]


def test_the_settings_that_a_person_changed_are_told(tmp_path: Path) -> None:
    run = run_report(tmp_path, unchanged(tmp_path, "b.jpg"))
    assert "processing.threshold" not in [text for _, text in page_of(tmp_path).all("dt")]
    run.settings["processing"]["threshold"] = 300.0
    with album(tmp_path) as pictures:
        write_report_page(tmp_path / "p.html", run, pictures)
    assert "processing.threshold" in [text for _, text in parsed(tmp_path / "p.html").all("dt")]


def test_what_went_wrong_is_told_at_the_top(tmp_path: Path) -> None:
    page = page_of(
        tmp_path,
        problems=(ErrorInfo("INPUT_001", "photo x does not exist"),),
        notices=(Notice("NOTE", "something to know"),),
        stopped=ErrorInfo("RUN_130", "interrupted"),
        not_done=("y.jpg",),
    )
    told = " | ".join(text for _, text in page.all("li"))
    for words in (
        "photo x does not exist [INPUT_001]",
        "something to know",
        "stopped: interrupted",
        "1 photo not",
    ):
        assert words in told


def test_nothing_of_the_page_comes_from_elsewhere(tmp_path: Path) -> None:
    page = page_of(tmp_path, *everything(tmp_path))
    policy = page.all("meta", **{"http-equiv": "Content-Security-Policy"})[0][0]["content"]
    assert policy.startswith("default-src 'none'; img-src data:;")
    assert "unsafe" not in policy and "http" not in policy
    for _, given, _ in page.elements:
        assert not {"href", "src"} & given.keys() or given.get("href", given.get("src", "")).startswith(
            ("data:image/jpeg;base64,", "data:image/webp;base64,", "#")
        )
        assert "style" not in given
        assert not any(name.startswith("on") for name in given)


HOSTILE = (
    "<script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    "'\"><img src=x onerror=alert(1)>",
    "a' onmouseover='alert(1)",
    "{{ 7 * 7 }}{% raw %}",
    "</title></style></textarea><!--",
    "line\nbreak\r.jpg",
    "photo\u202egpj.exe",
    "\u2066\u2068\u200f\u0000\u001b[31m",
    "&lt;&amp;&#39;",
    "😀 Ünïcödé 写真",
)


def texts() -> st.SearchStrategy[str]:
    plain = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
    return st.lists(st.one_of(st.sampled_from(HOSTILE), plain), min_size=1, max_size=3).map("".join)


@dataclass(frozen=True)
class Tame:
    """A page with every kind of element, and the photos on it."""

    folder: Path
    page: Parsed
    photo: PhotoReport


@pytest.fixture(scope="module")
def tame(tmp_path_factory: pytest.TempPathFactory) -> Tame:
    folder = tmp_path_factory.mktemp("tame")
    photo = named(edited(folder, "a.jpg"), "a.jpg", "why", "d.jpg")
    with album(folder) as pictures:
        write_report_page(folder / "tame.html", run_report(folder, photo, failed(folder, "c.jpg")), pictures)
    return Tame(folder, parsed(folder / "tame.html"), photo)


def named(photo: PhotoReport, name: str, reason: str, donor: str) -> PhotoReport:
    return replace(
        photo,
        photo=name,
        reason=reason,
        variations=(replace(photo.variations[0], faces=(edit(donor=donor),)),),
        warnings=(Notice("X", reason),),
    )


@hypothesis.given(name=texts(), path=texts(), reason=texts(), run_id=texts(), donor=texts())
@hypothesis.settings(max_examples=40)
def test_names_do_no_harm(tame: Tame, name: str, path: str, reason: str, run_id: str, donor: str) -> None:
    wild = named(tame.photo, name, reason, donor)
    lost = PhotoReport(name, path, "failed", error=ErrorInfo("X", reason, name))
    options = {"inputs": [path], "output": path, "dry_run": False}
    file = tame.folder / "wild.html"
    with album(tame.folder) as pictures:
        write_report_page(file, run_report(tame.folder, wild, lost, run_id=run_id, options=options), pictures)
    page = parsed(file)
    assert [tag for tag, _, _ in page.elements if tag in ("script", "style")] == ["style", "script"]
    assert page.all("script") == tame.page.all("script")
    shapes = {(tag, tuple(given)) for tag, given, _ in tame.page.elements}
    assert {(tag, tuple(given)) for tag, given, _ in page.elements} <= shapes
    assert not UNSEEN.search(file.read_bytes().decode())
    assert json.loads(page.all("article")[0][0]["data-photo"])["photo"] == name
    assert json.loads(page.all("body")[0][0]["data-head"])["run_id"] == run_id


UNSEEN = re.compile("[\x00-\x09\x0b-\x1f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""Control characters, and those that change the direction of writing."""


def test_hidden_characters_are_spelt_out() -> None:
    assert visible("a\nb\u202ec\x07") == "a\\nb\\u202ec\\u0007"
    assert visible("👩\u200d👧 ok") == "👩\u200d👧 ok"
    assert visible(3) == 3


def test_a_dry_run_offers_faces_to_choose(tmp_path: Path) -> None:
    photos = [
        plan(tmp_path, "a.png", face(0), face(1, "open", "open"), face(2, "closed", "open")),
        plan(tmp_path, "b.png", face(0, "open", "open")),
        failed(tmp_path, "c.png"),
    ]
    page = dry(tmp_path, *photos)
    assert any("2026-11-21 08:00, 12.5 s" in text for _, text in page.all("p"))
    assert any("Untick the faces that shall stay" in text for _, text in page.all("p"))
    assert [given["data-state"] for given, _ in page.all("article")] == [
        "to-choose",
        "nothing-to-open",
        "failed",
    ]
    assert [given["value"] for given, _ in page.all("input", name="open")] == ["0", "2"]
    assert all("checked" in given for given, _ in page.all("input", name="open"))
    assert len(page.all("button", **{"class": "leave"})) == 1
    body = page.all("body")[0][0]
    assert body["data-command"].endswith("--input 'my photos' --selection selection_r.json")
    saved = json.loads((tmp_path / "out/Output_Json/selection_r.json").read_text())
    entries = [json.loads(given["data-photo"]) for given, _ in page.all("article")]
    assert entries[:2] == saved["photos"]
    assert "faces" not in entries[2]
    assert {**json.loads(body["data-head"]), "photos": entries[:2]} == saved


def test_a_photo_that_is_gone_is_told_and_the_rest_is_shown(tmp_path: Path) -> None:
    gone, changed, whole = (edited(tmp_path, name) for name in ("a.jpg", "b.jpg", "c.jpg"))
    Path(gone.path).unlink()
    picture(Path(changed.path), size=(50, 50))
    output = whole.variations[0].output
    assert output is not None
    Path(output.path).write_bytes(b"broken")
    page = page_of(tmp_path, gone, changed, whole)
    told = " | ".join(text for _, text in page.all("li"))
    assert "a.jpg does not exist" in told
    assert "the photo is not what it was" in told
    assert f"{output.path} is not a photo" in told
    assert len(page.all("img", alt="The photo")) == 1


def test_a_page_that_cannot_be_written_leaves_no_half(tmp_path: Path) -> None:
    run: RunReport = run_report(tmp_path, *everything(tmp_path))
    (tmp_path / "page.html").mkdir()
    with pytest.raises(StageError) as caught, album(tmp_path) as pictures:
        write_report_page(tmp_path / "page.html", run, pictures)
    assert caught.value.code == "OUTPUT_001"
    assert not list(tmp_path.glob(".ote-*"))


def test_values_as_words() -> None:
    assert [number(v, 1) for v in (None, 1.26, -0.01)] == ["–", "1.3", "0.0"]
    assert [seconds(v) for v in (0.42, 7.12, 125, 3900)] == ["0.42 s", "7.1 s", "125 s", "1 h 5 min"]
    assert eyes(face()) == "both eyes closed"
    assert eyes(face(0, "open", "undetermined")) == "left eye open; right eye undetermined: downcast"


def test_style_and_script_hold_nothing_that_ends_them() -> None:
    for name in ("page.css", "page.js"):
        assert "</" not in (TEMPLATES / name).read_text(encoding="utf-8")


def test_report_and_page_are_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    monkeypatch.setattr("contracts.files.os.fsync", synced.append)
    documents_of(run_report(tmp_path, failed(tmp_path, "a.jpg")), tmp_path)
    assert len(synced) == 2
