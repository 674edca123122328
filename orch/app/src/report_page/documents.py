"""What a run leaves beside its pictures: the report, a page for people, faces to choose from."""

from __future__ import annotations

from contracts.codec import to_dict
from contracts.files import write_json
from orch.app.src.report import RunDocuments, RunReport
from orch.app.src.report_page.album import Album
from orch.app.src.report_page.page import write_report_page, write_selection_page
from orch.app.src.run_paths import Layout
from orch.app.src.selecting.selection import selection_of, write_selection


def write_documents(run: RunReport, layout: Layout, album: Album) -> RunDocuments:
    """The report and its page; of a dry run the faces that were found, and their page.

    Raises:
        StageError: DISK_FULL, OUTPUT_NOT_WRITABLE; what was written before stays.
    """
    if run.options["dry_run"]:
        found = selection_of(run.run_id, run.photos)
        selection, page = layout.selection(run.run_id), layout.selection_page(run.run_id)
        write_selection(selection, found)
        write_selection_page(page, run, album, found)
        return RunDocuments(page=str(page), selection=str(selection))
    report, page = layout.report(run.run_id), layout.page(run.run_id)
    write_json(report, to_dict(run), lasting=True)  # first: the page can be made again from it
    write_report_page(page, run, album)
    return RunDocuments(str(report), str(page))
