"""The report for people, as Markdown and as a page with pictures, worst first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from tests.quality.baseline import Fall
from tests.quality.concern import worst_first
from tests.quality.figures import Table
from tests.quality.observing import Observation
from tests.quality.tables import (
    Cells,
    confusion_cells,
    fall_lines,
    figure_tables,
    half_cells,
    lines,
    refusals,
    title_line,
)
from tests.quality.views import View

NOTES = (
    "An eye counts as opened when it was painted on, most judges who saw it closed see it open, and the "
    "judge of appearance agrees. Whether it is natural, only a person can say: look at the sheets.",
    "`made` and `reopened` are open eyes closed by warping their own lids; the truth is known to the pixel. "
    "The truth of a pair is another frame, laid on the photo by outline and nose, exposure aside.",
    "Numbers in brackets: of how many eyes, faces or photos.",
)

STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2em auto; max-width: 85em; padding: 0 1em }
table { border-collapse: collapse; font-size: 13px } td, th { border: 1px solid #ccc; padding: .2em .5em }
td { text-align: right } td:first-child { text-align: left } img { max-width: 100% } figure { margin: 2em 0 }
"""


@dataclass(frozen=True)
class Document:
    """What a report is made of. views: by photo and backend."""

    observations: Sequence[Observation]
    table: Table
    fallen: Sequence[Fall]
    notes: Sequence[str]
    views: Mapping[tuple[str, str], Sequence[View]]

    def views_of(self, observation: Observation) -> Sequence[View]:
        return self.views.get((observation.case.name, observation.result.backend), ())


def markdown(document: Document) -> str:
    """The whole report, pictures linked by path."""
    parts = ["# Quality", *NOTES, *document.notes]
    parts += ["## Below the baseline", _bullets(fall_lines(document.fallen))]
    for backend, cells in figure_tables(document.table).items():
        parts += [f"## {backend}", _markdown_table(cells)]
    parts += ["## The two halves of the persons", _markdown_table(half_cells(document.table))]
    parts += ["## Eye states by auto", _markdown_table(confusion_cells(document.observations))]
    parts += ["## Closed eyes left alone", _bullets(refusals(document.observations)), "## Worst first"]
    for o in worst_first(document.observations):
        parts += [f"### {title_line(o)}", _bullets(lines(o))]
        for view in document.views_of(o):
            parts += [f"![at fit]({_link(view.fit)}) ![at 100 %]({_link(view.detail)})"]
    return "\n\n".join(parts) + "\n"


def page(document: Document) -> str:
    """The same as HTML."""
    parts = [f"<p>{escape(note)}</p>" for note in (*NOTES, *document.notes)]
    parts += ["<h2>Below the baseline</h2>", _html_list(fall_lines(document.fallen))]
    for backend, cells in figure_tables(document.table).items():
        parts += [f"<h2>{escape(backend)}</h2>", _html_table(cells)]
    parts += ["<h2>The two halves of the persons</h2>", _html_table(half_cells(document.table))]
    parts += ["<h2>Eye states by auto</h2>", _html_table(confusion_cells(document.observations))]
    parts += ["<h2>Closed eyes left alone</h2>", _html_list(refusals(document.observations))]
    parts += ["<h2>Worst first</h2><p>Before, after, and the truth where there is one; eyes at 100 %.</p>"]
    for o in worst_first(document.observations):
        images = "".join(_image(path) for view in document.views_of(o) for path in (view.fit, view.detail))
        caption = f"<h3>{escape(title_line(o))}</h3>{_html_list(lines(o))}"
        parts.append(f"<figure>{images}<figcaption>{caption}</figcaption></figure>")
    head = f"<meta charset=utf-8><title>Quality</title><style>{STYLE}</style>"
    body = f"<h1>Quality</h1>{''.join(parts)}"
    return f"<!doctype html><html lang=en><head>{head}</head><body>{body}</body></html>\n"


def _bullets(items: Sequence[str]) -> str:
    return "\n".join(f"- {item}" for item in items) or "None."


def _markdown_table(cells: Cells) -> str:
    head, *rows = [f"| {' | '.join(row)} |" for row in cells]
    return "\n".join([head, "|---" * len(cells[0]) + "|", *rows])


def _html_table(cells: Cells) -> str:
    rows = ["".join(f"<{tag}>{escape(cell)}</{tag}>" for cell in row) for row, tag in _tagged(cells)]
    return f"<table>{''.join(f'<tr>{row}</tr>' for row in rows)}</table>"


def _tagged(cells: Cells) -> Iterator[tuple[list[str], str]]:
    yield from zip(cells, ["th", *["td"] * (len(cells) - 1)], strict=True)


def _html_list(items: Sequence[str]) -> str:
    rows = "".join(f"<li>{escape(item)}</li>" for item in items)
    return f"<ul>{rows}</ul>" if rows else "<p>None.</p>"


def _link(path: Path) -> str:
    return f"views/{path.name}"


def _image(path: Path) -> str:
    return f'<a href="{escape(_link(path))}"><img src="{escape(_link(path))}" alt="" loading="lazy"></a>'
