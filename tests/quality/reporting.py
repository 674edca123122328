"""The report's files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tests.quality.baseline import Fall
from tests.quality.concern import worst_first
from tests.quality.documents import Document, markdown, page
from tests.quality.figures import Table
from tests.quality.made_cases import MADE, REOPENED
from tests.quality.plan import AUTO, Examination
from tests.quality.views import write_sheets, write_views


def write_report(seen: Examination, table: Table, fallen: Sequence[Fall], folder: Path) -> list[Path]:
    """report.md, report.html, and sheets of what `auto` made of real photos first, then of made ones."""
    judged = worst_first(seen.observations)
    views = {
        (o.case.name, o.result.backend): write_views(o, seen.judges.readings, folder / "views")
        for o in judged
    }
    document = Document(seen.observations, table, fallen, seen.notes, views)
    (folder / "report.md").write_text(markdown(document), encoding="utf-8")
    (folder / "report.html").write_text(page(document), encoding="utf-8")
    edited = [o for o in judged if o.result.backend == AUTO and o.result.picture]
    order = sorted(edited, key=lambda o: {MADE: 2, REOPENED: 1}.get(o.case.category, 0))
    shown = [view for o in order for view in views[o.case.name, o.result.backend]]
    return [folder / "report.md", folder / "report.html", *write_sheets(shown, folder)]
