"""What a run leaves for people beside its report."""

from __future__ import annotations

from pathlib import Path

from orch.app.src.report import RunReport
from orch.app.src.report_page.page import write_report_page, write_selection_page
from orch.app.src.run_paths import Layout
from orch.app.src.selection import selection_of, write_selection


def write_pages(run: RunReport, layout: Layout) -> Path:
    """The page of a run; of a dry run the page and the file to choose faces from. Returns the page.

    Raises:
        StageError: DISK_FULL, OUTPUT_NOT_WRITABLE.
    """
    if not run.options["dry_run"]:
        page = layout.page(run.run_id)
        write_report_page(page, run)
        return page
    document = selection_of(run.run_id, run.photos)
    write_selection(layout.selection(run.run_id), document)
    page = layout.selection_page(run.run_id)
    write_selection_page(page, run, document)
    return page
