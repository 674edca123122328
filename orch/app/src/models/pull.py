"""`models pull`: licence, space, download, check, and only then the final name."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from contracts.error_codes import ErrorCode, StageError
from contracts.exit_codes import ExitCode
from contracts.files import output_error
from contracts.model_manifest import ModelFile
from environments.lock import locked
from orch.app.src.models.catalogue import StageModel
from orch.app.src.models.licences import Ask, ensure_accepted
from orch.app.src.models.placing import check, place, place_archive
from orch.app.src.models.store import ModelStore
from orch.app.src.models.transfer import Source, discard, download

RESERVE_BYTES = 200_000_000
"""Left free on the disk: a full system disk harms more than a missing model."""
FreeBytes = Callable[[Path], int]


class Display(Protocol):
    """Shows how a download goes; a context manager around all of them."""

    def file(self, name: str, size: int | None) -> AbstractContextManager[Callable[[int], None]]:
        """Around one file; gives what is told the bytes that are there."""

    def say(self, text: str) -> None: ...


def pull(
    models: Sequence[StageModel],
    store: ModelStore,
    display: Display,
    accept_licence: bool,
    ask: Ask | None = None,
    free_bytes: FreeBytes | None = None,
    pause: Callable[[float], None] = time.sleep,
) -> None:
    """Fetch what is not there yet, or not as published. One that fails ends it; what was finished stays.

    Raises:
        StageError: licence, space, network, checksum: as the line says.
    """
    for model in models:
        if not model.can_be_pulled:
            raise _cannot(model)
    missing = [model for model in models if store.state(model, hashes=True) != "ok"]
    for model in models:
        if model not in missing:
            display.say(f"{model.name}: there already, {store.path(model)}{_unsure(model)}")
    if not missing:
        return
    for model in missing:
        _check_wins(model, store)
    try:
        store.written.mkdir(parents=True, exist_ok=True)
        ensure_accepted(missing, store.written, accept_licence, ask)
        _check_space(missing, store, free_bytes or (lambda folder: shutil.disk_usage(folder).free))
        for model in missing:
            _fetch_once(model, store, display, pause)
            display.say(f"{model.name}: ready, {store.path(model)}")
    except OSError as error:
        raise output_error(store.written, error) from error


def sources(model: StageModel) -> list[tuple[ModelFile, Source]]:
    """What is to be fetched: files relative to the partial folder, and where they come from."""
    entry = model.entry
    if entry.kind == "folder":
        return [
            (f, Source(f"{entry.url}/{f.path}", f.size, bool(f.sha256 or entry.revision)))
            for f in entry.files
        ]
    name = entry.url.rpartition("/")[2]
    return [(ModelFile(name, entry.size, entry.sha256), Source(entry.url, entry.size, bool(entry.sha256)))]


def by_hand(model: StageModel, store: ModelStore) -> str:
    """What to fetch on another machine, and where to put it here."""
    entry = model.entry
    if entry.kind == "folder":
        what = f"the {len(entry.files)} files of {entry.name} below {entry.url}"
        return f"fetch {what} elsewhere and put the folder at {store.path(model)}"
    return f"fetch {entry.url} elsewhere, then: python3 run_pipeline.py models import FILE"


def _check_wins(model: StageModel, store: ModelStore) -> None:
    """Refuse to fetch what nobody would use, because something broken in an earlier folder wins over it."""
    there = store.path(model)
    for root in store.searched[: store.searched.index(store.written)]:
        if there.is_relative_to(root) and there.exists():
            raise StageError(
                ErrorCode.OUTPUT_NOT_WRITABLE,
                f"{there} is broken ({store.state(model, hashes=True)}), and {root} cannot be written to",
                "remove it, or name another folder in OTE_MODELS",
                ExitCode.RESOURCE,
            )


def _unsure(model: StageModel) -> str:
    """What to do where weights do not load although nothing is seen to be wrong with them."""
    if all(file.sha256 for file in model.entry.contents()):
        return ""
    return "; not all of it has a published checksum: to fetch it anew, remove it first"


def _fetch_once(
    model: StageModel, store: ModelStore, display: Display, pause: Callable[[float], None]
) -> None:
    """Fetch while no other process does; it may have done it."""
    lock = store.written / f".lock-{model.name}"
    with locked(lock, lambda: display.say(f"{model.name}: another process fetches it; waiting ...")):
        if store.state(model, hashes=True) != "ok":
            _fetch(model, store, display, pause)


def _fetch(model: StageModel, store: ModelStore, display: Display, pause: Callable[[float], None]) -> None:
    folder = store.partial_folder(model)
    try:
        for file, source in sources(model):
            if file.state(folder) == "ok":  # since an earlier attempt: only whole files get their name
                continue
            _fetch_file(file, source, folder, model, display, pause)
    except StageError as error:
        if error.code == ErrorCode.DOWNLOAD_FAILED:
            error.hint = f"{error.hint + '; or ' if error.hint else ''}{by_hand(model, store)}"
        raise
    whole = folder / sources(model)[0][0].path
    if model.entry.kind == "archive":
        place_archive(model, store, whole)
    else:
        place(model, store, folder if model.entry.kind == "folder" else whole)
    shutil.rmtree(folder, ignore_errors=True)


def _fetch_file(
    file: ModelFile,
    source: Source,
    folder: Path,
    model: StageModel,
    display: Display,
    pause: Callable[[float], None],
) -> None:
    target = folder / file.path
    name = f"{model.name}/{file.path}" if model.entry.kind == "folder" else file.path
    with display.file(name, file.size) as on_bytes:
        part = download(source, target, on_bytes, pause)
    os.replace(part, target)
    discard(part)
    try:
        check(file, folder, model)
    except StageError:
        target.unlink()
        raise


def _check_space(models: Iterable[StageModel], store: ModelStore, free_bytes: FreeBytes) -> None:
    needed = sum(_bytes_to_come(model, store) for model in models)
    free = free_bytes(store.written)
    if needed + RESERVE_BYTES > free:
        raise StageError(
            ErrorCode.DISK_FULL,
            f"{needed / 1e9:.1f} GB are to be fetched, and {store.written} has {free / 1e9:.1f} GB free",
            "free some space, or name another folder in OTE_MODELS",
            ExitCode.RESOURCE,
        )


def _bytes_to_come(model: StageModel, store: ModelStore) -> int:
    """Without what is half done; an archive is there twice while it is unpacked. Unknown sizes count 0."""
    entry = model.entry
    size = entry.size or sum(file.size or 0 for file in entry.files)
    unpacked = sum(file.size or 0 for file in entry.files) or size
    partial = store.partial_folder(model)
    there = sum(path.stat().st_size for path in partial.rglob("*") if path.is_file())
    return max(0, size - there) + (unpacked if entry.kind == "archive" else 0)


def _cannot(model: StageModel) -> StageError:
    if model.entry.in_repository:
        reason, hint = "is in the repository", "there is nothing to fetch"
    else:
        reason = "has no address that it could be fetched from"
        hint = f"it comes as the Python package {model.entry.file}" if model.entry.kind == "package" else ""
    return StageError(ErrorCode.BAD_ARGUMENTS, f"{model.name} {reason}", hint, ExitCode.USAGE)
