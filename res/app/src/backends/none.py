"""Backend `none`: restores nothing and says why, so that a run without weights stays honest."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from pathlib import Path

from contracts.envelope import ItemResult, Notice, Versions
from contracts.error_codes import ErrorCode
from contracts.model_manifest import read_manifest
from contracts.stage import Job, Session

STAGE_FOLDER = Path(__file__).resolve().parents[3]
MANIFEST = STAGE_FOLDER / "models.json"
NEEDED = ("codeformer", "facexlib_detection", "facexlib_parsing")
"""What a restoration by CodeFormer loads, by their names in `models.json`."""


class NoRestoration:
    """Answers every item "skipped": the picture stays as it was blended."""

    def __init__(self, notice: Notice) -> None:
        self._notice = notice

    def run(self, job: Job) -> Iterator[ItemResult]:
        for item in job.request.items:
            yield ItemResult(item.item_id, "skipped", warnings=(self._notice,))

    def versions(self) -> Versions:
        return Versions(python=platform.python_version())


def reason(stage_folder: Path = STAGE_FOLDER) -> Notice:
    """Why nothing is restored, said so that nobody fetches weights in vain."""
    manifest = read_manifest(MANIFEST)
    files = [stage_folder / manifest.entry(name).file for name in NEEDED]
    missing = [path for path in files if not path.is_file()]
    if not missing:
        return Notice(
            ErrorCode.RESTORATION_FAILED,
            "faces are not restored: the weights are there, but this version has no backend that uses them; "
            "the picture stays as blended",
        )
    return Notice(
        ErrorCode.WEIGHTS_MISSING,
        "faces are not restored: this version has no backend for it, and no weights are there "
        f"({', '.join(path.name for path in missing)}; see res/models.json); the picture stays as blended",
    )


def open_session(device: str) -> Session:
    """`device` is not used: there is nothing to compute on one."""
    return NoRestoration(reason())
