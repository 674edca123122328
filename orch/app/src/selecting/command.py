"""`run_pipeline.py select FILE`: the variations that a person picked become final pictures.

All copies are made before anything is removed, each appears whole or not at all, and doing it again
changes nothing.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from contracts.codec import ContractError, from_dict
from contracts.error_codes import ErrorCode, StageError
from contracts.exit_codes import ExitCode
from contracts.files import atomic_path, output_error, read_json, sha256_file
from orch.app.src.calling.options import SelectOptions
from orch.app.src.outputs.leftovers import clear_selected
from orch.app.src.outputs.workspace import run_lock
from orch.app.src.report import RunReport
from orch.app.src.run_ids import checked_run_id
from orch.app.src.run_paths import Layout, layout_for
from orch.app.src.selecting.finals import Final, mismatch, planned_finals
from orch.app.src.selecting.picks import read_picks


def select_command(options: SelectOptions) -> int:
    """Do it and tell it, one line a photo.

    Raises:
        StageError: BAD_SELECTION, BAD_RUN_ID, SELECTION_MISMATCH, RUN_IN_PROGRESS, DISK_FULL,
            OUTPUT_NOT_WRITABLE.
    """
    picks = read_picks(options.file)
    run_id = checked_run_id(options.run_id or picks.run_id)
    layout = layout_for(options.output, run_id, verbose=False)
    report = _report(layout, run_id)
    with run_lock(layout.documents, run_id):
        finals = planned_finals(picks, report, layout)
        clear_selected(layout.selected(run_id))
        for final in finals:
            print(_told(final), flush=True)
            _make(final)
        removed = sum(_removed(final) for final in finals) if options.remove_others else 0
    made = sum(final.sha256 is not None for final in finals)
    print(f"{made} final picture{'' if made == 1 else 's'} in {layout.selected(run_id)}")
    if removed:
        print(f"{removed} other{'' if removed == 1 else 's'} removed")
    return int(ExitCode.OK)


def _report(layout: Layout, run_id: str) -> RunReport:
    path = layout.report(run_id)
    if not path.is_file():
        raise StageError(
            ErrorCode.SELECTION_MISMATCH,
            f"there is no report of run {run_id!r}: {path}",
            "name the folder that the run was given with --output, or the run with --run",
            ExitCode.USAGE,
        )
    try:
        return from_dict(RunReport, read_json(path), path.name)
    except ContractError as error:
        raise mismatch(f"{error}: the report is of another version of this program") from error


def _told(final: Final) -> str:
    name = final.pick.photo
    if final.sha256 is None:
        return f"{name}: none, the photo stays as it is"
    already = "" if final.source else " (already there)"
    return f"{name}: {final.pick.variation} -> {final.target}{already}"


def _make(final: Final) -> None:
    if final.target is None:
        return
    if final.sha256 is None:
        _unlink(final.target)
    elif final.source:
        with atomic_path(final.target, lasting=True) as temporary:
            shutil.copyfile(final.source, temporary)
            if sha256_file(temporary) != final.sha256:
                raise mismatch(f"{final.source} changed while it was copied")


def _removed(final: Final) -> int:
    """Remove what the run wrote for the photo, as long as it is what the run wrote."""
    count = 0
    for file in final.written:
        path = Path(file.path)
        if path == final.target or not path.is_file():
            continue
        if sha256_file(path) == file.sha256:
            _unlink(path)
            count += 1
        else:
            print(f"kept {path}: it was changed after the run")
    return count


def _unlink(path: Path) -> None:
    try:
        path.unlink()
    except OSError as error:
        raise output_error(path, error) from error
