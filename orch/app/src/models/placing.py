"""The last step of fetching and importing: checked, then under the name that runs look for."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from contracts.error_codes import ErrorCode, StageError
from contracts.exit_codes import ExitCode
from contracts.model_manifest import ModelFile
from orch.app.src.models.catalogue import StageModel
from orch.app.src.models.store import ModelStore
from orch.app.src.models.unpack import unpack


def place(model: StageModel, store: ModelStore, whole: Path) -> None:
    """Give a checked file or folder, on the disk of the store, its final name."""
    final = store.new_folder(model.stage) / model.entry.file
    final.parent.mkdir(parents=True, exist_ok=True)
    if final.is_dir() and not final.is_symlink():
        shutil.rmtree(final)
    elif whole.is_dir():  # which takes the place of no file, and of no link: what that leads to stays
        final.unlink(missing_ok=True)
    os.replace(whole, final)


def place_archive(model: StageModel, store: ModelStore, archive: Path) -> None:
    """Unpack a checked archive, check its files and give the folder its final name."""
    folder = store.partial_folder(model) / "unpacked"
    shutil.rmtree(folder, ignore_errors=True)
    unpack(archive, model.entry, folder)
    for file in model.entry.files:
        check(file, folder, model)
    place(model, store, folder)


def check(file: ModelFile, folder: Path, model: StageModel) -> None:
    """Compare a file with what the manifest says.

    Raises:
        StageError: WEIGHTS_CHECKSUM.
    """
    state = file.state(folder)
    if state != "ok":
        raise StageError(
            ErrorCode.WEIGHTS_CHECKSUM,
            f"{model.name}: {file.path} has the {state}" if "wrong" in state else f"{file.path} is {state}",
            f"it was removed; fetch it again with models pull {model.name}",
            ExitCode.ENVIRONMENT,
        )
