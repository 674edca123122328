"""`models import`: weights that the person has already, recognised, checked, and put in their place."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from contracts.error_codes import ErrorCode, StageError
from contracts.exit_codes import ExitCode
from contracts.files import output_error, sha256_file
from contracts.model_manifest import ModelEntry
from contracts.weight_files import looks_whole
from orch.app.src.models.catalogue import StageModel
from orch.app.src.models.placing import place, place_archive
from orch.app.src.models.store import ModelStore

PICKLES = (".pth", ".pt", ".ckpt", ".bin", ".pkl", ".pickle")
"""Formats that can run code when they are loaded: only known content is taken in."""


def import_model(given: Path, models: Sequence[StageModel], store: ModelStore) -> StageModel:
    """Put a file, an archive or a folder of weights into the store; the original stays where it is.

    Args:
        models: what it may be; one alone where the person named it.

    Returns:
        What it was recognised as.

    Raises:
        StageError: INPUT_MISSING, WEIGHTS_CHECKSUM where it is nothing known, or not what was named.
    """
    if not given.exists():
        raise StageError(
            ErrorCode.INPUT_MISSING, f"there is no {given}", "check the path", ExitCode.UNREADABLE_INPUT
        )
    model = _recognised(given, [m for m in models if m.can_be_imported])
    partial = store.partial_folder(model)
    copy = partial / "import"
    try:
        if given.is_file() and model.entry.kind == "archive":
            place_archive(model, store, given)
        elif given.is_dir():
            for file in model.entry.files:
                _copy(given / file.path, copy / file.path)
            place(model, store, copy)
        else:
            _copy(given, copy / given.name)
            place(model, store, copy / given.name)
    except OSError as error:
        shutil.rmtree(copy, ignore_errors=True)  # a copy of gigabytes on a disk that is full
        raise output_error(store.written, error) from error
    shutil.rmtree(partial, ignore_errors=True)
    return model


def _recognised(given: Path, models: Sequence[StageModel]) -> StageModel:
    if given.is_dir():
        found = [m for m in models if m.entry.files and _holds(given, m.entry)]
    else:
        found = [m for m in models if m.entry.size in (None, given.stat().st_size)]
        digest = sha256_file(given) if found else ""  # takes a while; a wrong size tells at once
        found = [m for m in found if m.entry.sha256 == digest] or [
            m for m in found if _named(given, m, by_person=len(models) == 1)
        ]
    if found:
        return found[0]
    raise _unknown(given, models)


def _named(given: Path, model: StageModel, by_person: bool) -> bool:
    """Whether a file of no published checksum has the right name or ending, and cannot run code."""
    entry = model.entry
    if entry.kind != "file" or entry.sha256 is not None or given.suffix.lower() in PICKLES:
        return False
    if not looks_whole(given):
        return False
    file = Path(entry.file)
    return given.suffix.lower() == file.suffix if by_person else given.name == file.name


def _holds(folder: Path, entry: ModelEntry) -> bool:
    """Whether a folder has all files of an entry; those of unknown hash count by names, sizes and looks."""
    return all(file.state(folder, hashes=False) == "ok" for file in entry.files) and all(
        file.state(folder) == "ok" for file in entry.files
    )


def _unknown(given: Path, models: Sequence[StageModel]) -> StageError:
    """Why nothing fits, with the nearest by name."""
    namesakes = [m for m in models if Path(m.entry.file).name == given.name or len(models) == 1]
    if not namesakes:
        reason = f"{given} is none of the weights that are known"
    elif given.is_dir():
        entry = namesakes[0].entry
        bad = {file.path: file.state(given) for file in entry.files}
        wrong = [f"{path} ({state})" for path, state in bad.items() if state != "ok"]
        reason = f"{given} is not {entry.name}: {', '.join(wrong[:3]) or 'a file was expected, not a folder'}"
    else:
        reason = f"{given} is not {namesakes[0].name}: it is damaged, or its size or sha256 differs"
    if given.suffix.lower() in PICKLES:
        hint = "files of this kind can run code when they are loaded, so only known ones are taken in"
    else:
        hint = "models list tells what is known; weights of your own are named in the configuration"
    return StageError(ErrorCode.WEIGHTS_CHECKSUM, reason, hint, ExitCode.ENVIRONMENT)


def _copy(source: Path, target: Path) -> None:
    """A file of its own, not a hard link: what is written to the original must not reach the store."""
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
