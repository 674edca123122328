"""The page in a real browser: nothing overflows, nothing is fetched, everything works by keyboard."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from orch.app.src.calling.options import SelectOptions
from orch.app.src.selecting.command import select_command
from orch.app.src.selecting.selection import read_selection
from tests.chromium import Page, browser, needs_chromium
from tests.page_reports import documents_of, edited, face, failed, plan, run_report, unchanged

pytestmark = needs_chromium

LONG = "a name that a camera or a person made far too long, with_no_space_to_break_at_" + "x" * 120
HOSTILE = "<script>document.title='harmed'<.jpg"
WIDTHS = (360, 390, 1280)
NAME = "one => one.id || one.name || one.className || one.textContent"
TOO_WIDE = """[...document.querySelectorAll("body *")]
    .filter((one) => !one.closest(".scroll, .skip, svg"))
    .filter((one) => one.getBoundingClientRect().right > innerWidth + 0.5)
    .map((one) => `${one.tagName} ${one.className}`)"""
"""Elements that reach beyond the window, also where they are cut off there."""
SEEN = "[...document.querySelectorAll('article')].filter(a => !a.hidden).map(a => a.dataset.state)"
"""States of the photos that are shown."""


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with browser(tmp_path_factory.mktemp("profile")) as one:
        yield one


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("page")


@pytest.fixture(scope="module")
def report(folder: Path) -> Path:
    """The page of a run with everything on it."""
    photos = [
        replace(edited(folder, "a.jpg", 3), photo=LONG),
        edited(folder, HOSTILE, 2),
        unchanged(folder, "b.jpg"),
        failed(folder, f"{LONG}.jpg"),
    ]
    run = run_report(folder, *photos)
    return Path(str(documents_of(run, folder).page))


@pytest.fixture(scope="module")
def found(folder: Path) -> Path:
    """The page of a dry run."""
    photos = [
        plan(folder, "two.png", face(0), face(1), face(2, "open", "open")),
        plan(folder, "one.png", face(0, "closed", "open")),
        plan(folder, "none.png", face(0, "open", "open")),
        failed(folder, "bad.jpg"),
    ]
    options = {"inputs": ["in"], "output": None, "dry_run": True}
    run = run_report(folder, *photos, options=options, run_id="dry")
    return Path(str(documents_of(run, folder).page))


def shown(page: Page, path: Path, width: int = 1280, dark: bool = False) -> Page:
    page.open(path, width, 900, dark)
    return page


def focus(page: Page, selector: str) -> None:
    page.value(f"document.querySelector({json.dumps(selector)}).focus()")


def saved(page: Page, folder: Path, name: str) -> Path:
    """Press the button that saves, by keyboard, and wait for the file."""
    folder.mkdir(exist_ok=True)
    page.downloads_to(folder)
    focus(page, "#save")
    page.key("Enter")
    for _ in range(100):
        if (folder / name).is_file():
            return folder / name
        time.sleep(0.1)
    raise AssertionError(f"{name} was not saved")


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("which", ["report", "found"])
def test_nothing_overflows_and_nothing_is_fetched(
    page: Page, which: str, width: int, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    path: Path = request.getfixturevalue(which)
    shown(page, path, width, dark=width == 390)
    page.value("for (const one of document.querySelectorAll('details')) one.open = true")
    assert page.value("document.documentElement.scrollWidth") <= width
    assert page.value(TOO_WIDE) == []
    assert page.complaints() == []
    assert page.requested() == [path.as_uri()]
    assert page.value("document.title").startswith("Open The Eyes: ")
    broken = "[...document.images].filter(one => one.complete && !one.naturalWidth).length"
    assert page.value(broken) == 0
    page.screenshot(tmp_path / "page.png")
    assert (tmp_path / "page.png").stat().st_size > 10_000


def test_a_script_that_a_page_smuggles_in_does_not_run(page: Page, report: Path, tmp_path: Path) -> None:
    harmed = tmp_path / "harmed.html"
    text = report.read_text(encoding="utf-8")
    harmed.write_text(
        text.replace(
            "<main", '<script>document.title="harmed"</script><img src="http://example.invalid/"><main'
        )
    )
    shown(page, harmed)
    assert page.value("document.title") != "harmed"
    assert any("Content Security Policy" in told for told in page.complaints())
    page.events.clear()


def test_the_slider_moves_by_arrow_keys(page: Page, report: Path) -> None:
    shown(page, report)
    clip = "getComputedStyle(document.querySelector('.before')).clipPath"
    focus(page, ".slider input")
    assert page.value(clip) == "inset(0px 50% 0px 0px)"
    page.key("ArrowRight", 5)
    assert page.value(clip) == "inset(0px 45% 0px 0px)"
    page.key("Home")
    assert page.value(clip) == "inset(0px 100% 0px 0px)"
    label = page.value("document.activeElement.getAttribute('aria-label')")
    assert label.startswith("Before and after, face 0 of a name")


def test_before_and_after_lie_exactly_upon_each_other(page: Page, report: Path) -> None:
    boxes = (
        "['.before', '.after'].map(one => document.querySelector(one).getBoundingClientRect())"
        ".map(box => [box.x, box.y, box.width, box.height])"
    )
    for width, size in ((1280, 250), (360, None)):
        shown(page, report, width)
        before, after = page.value(boxes)
        assert before == after
        assert size is None or after[2] == size  # 100 %


def test_the_keyboard_reaches_everything_in_order(page: Page, report: Path) -> None:
    shown(page, report)
    reached = []
    for _ in range(14):
        page.key("Tab")
        reached.append(page.value(f"({NAME})(document.activeElement)"))
    assert reached[:2] == ["skip", "Settings and timings"]
    assert reached[2:8] == ["state", "state", "state", "search", "full", "save"]
    assert reached[8] == "pick0"
    outline = page.value("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"


def test_photos_are_filtered_by_state_and_name(page: Page, report: Path) -> None:
    shown(page, report)
    focus(page, "[value=edited]")
    page.key(" ")
    assert page.value(SEEN) == ["unchanged", "failed"]
    assert page.value("document.getElementById('count').textContent") == "2 of 4 shown"
    focus(page, "#search")
    page.type("B.JP")
    assert page.value(SEEN) == ["unchanged"]
    page.type("nothing")
    assert page.value(SEEN) == []
    assert page.value("document.getElementById('nothing').hidden") is False


def test_the_best_variations_are_picked_and_become_final_pictures(
    page: Page, report: Path, folder: Path, tmp_path: Path
) -> None:
    shown(page, report)
    focus(page, "[name=pick0]")
    page.key("ArrowDown", 2)
    focus(page, "[name=pick1]")
    page.key("ArrowUp")  # around to the last: none
    picks = saved(page, tmp_path / "downloads", "picks_r.json")
    assert [one["variation"] for one in json.loads(picks.read_text())["photos"]] == ["variation_02", None]
    told = page.value("document.getElementById('saved').textContent")
    assert "run_pipeline.py select picks_r.json --output" in told
    assert page.value("document.querySelector('textarea').value") == picks.read_text()
    assert select_command(SelectOptions(picks, None, folder / "out")) == 0
    assert [p.name for p in (folder / "out/final_selected_r").iterdir()] == ["final_restore_r_a_jpg.png"]


def test_unticked_faces_are_saved_as_the_program_reads_them(page: Page, found: Path, tmp_path: Path) -> None:
    shown(page, found, 390)
    focus(page, "[name=open][value='1']")
    page.key(" ")
    focus(page, "#p1 [name=open]")
    page.key(" ")
    selection = saved(page, tmp_path / "downloads", "selection_dry.json")
    before = read_selection(found.with_suffix(".json"))
    after = read_selection(selection)
    ticked = [[face.open for face in photo.faces] for photo in after.photos]
    assert ticked == [[True, False, False], [False], [False]]
    untouched = [replace(p, faces=tuple(replace(f, open=True) for f in p.faces)) for p in before.photos]
    assert untouched == [
        replace(p, faces=tuple(replace(f, open=True) for f in p.faces)) for p in after.photos
    ]
    assert selection.read_text().startswith('{\n "format": "1",\n "kind": "faces"')


def test_a_whole_photo_is_left_with_one_button(page: Page, found: Path, tmp_path: Path) -> None:
    shown(page, found)
    focus(page, ".leave")
    page.key("Enter")
    selection = read_selection(saved(page, tmp_path / "downloads", "selection_dry.json"))
    assert not any(face.open for face in selection.photos[0].faces)


def test_texts_have_contrast_in_light_and_in_dark(page: Page, report: Path) -> None:
    """WCAG AA: 4.5 to 1 for every text colour on the page's two backgrounds."""
    ratios = """(() => {
      const light = (text) => {
        const parts = text.match(/[\\d.]+/g).slice(0, 3).map((part) => part / 255)
          .map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2];
      };
      const behind = (one) => {
        for (let at = one; at; at = at.parentElement) {
          const colour = getComputedStyle(at).backgroundColor;
          if (!/, 0\\)$/.test(colour)) return colour;
        }
        return "rgb(255, 255, 255)";
      };
      return [...document.querySelectorAll("body *")]
        .filter((one) => [...one.childNodes].some((child) => child.nodeType === 3 && child.data.trim()))
        .filter((one) => !one.closest("svg, script, noscript"))
        .map((one) => {
          const [a, b] = [light(getComputedStyle(one).color), light(behind(one))];
          return [(Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), one.className + ":" + one.textContent];
        });
    })()"""
    for dark in (False, True):
        shown(page, report, dark=dark)
        found = page.value(ratios)
        assert len(found) > 30
        assert [told for ratio, told in found if ratio < 4.5] == []
