"""`models list` and `models verify`: what is there, in words."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass

from contracts.exit_codes import ExitCode
from orch.app.src.models.catalogue import StageModel
from orch.app.src.models.licences import licence_line
from orch.app.src.models.store import ModelStore


@dataclass(frozen=True)
class ListedModel:
    """Weights, for programs.

    Attributes:
        state: "ok", "missing", "incomplete" or what else is wrong; "package": a Python package brings it.
        path: where it is or would be, None of a package.
        size: bytes, None where unknown.
        url: where it is to be had, "" where only the person can put it there.
    """

    name: str
    stage: str
    used_for: str
    state: str
    path: str | None
    size: int | None
    licence: str
    commercial_use: bool
    licence_url: str
    url: str
    in_repository: bool


def list_models(models: Iterable[StageModel], store: ModelStore, as_json: bool = False) -> int:
    """Print what each is for, its licence, whether it is there, and where."""
    if as_json:
        print(json.dumps([asdict(_listed(model, store)) for model in models], indent=1))
        return int(ExitCode.OK)
    for model in models:
        entry, size = model.entry, _size(model)
        print(f"{entry.name} ({model.stage}): {entry.used_for}{f', {size_in_words(size)}' if size else ''}")
        print(f"  {where(model, store)}")
        print(f"  {licence_line(model)}")
        if entry.url:
            print(f"  {entry.url}")
    return int(ExitCode.OK)


def _listed(model: StageModel, store: ModelStore) -> ListedModel:
    entry = model.entry
    package = entry.kind == "package"
    return ListedModel(
        name=entry.name,
        stage=model.stage,
        used_for=entry.used_for,
        state="package" if package else store.state(model),
        path=None if package else str(store.path(model)),
        size=_size(model) or None,
        licence=entry.licence,
        commercial_use=entry.commercial_use,
        licence_url=entry.licence_url,
        url=entry.url,
        in_repository=entry.in_repository,
    )


def _size(model: StageModel) -> int:
    """Bytes, 0 where unknown."""
    return model.entry.size or sum(file.size or 0 for file in model.entry.files)


def verify_models(models: Iterable[StageModel], store: ModelStore) -> int:
    """Compare what is there with sizes and checksums.

    Returns:
        ENVIRONMENT where something is broken, or missing that the repository carries.
    """
    broken = False
    for model in models:
        if model.entry.kind == "package":
            continue
        state = store.state(model, hashes=True)
        bad = state not in ("ok", "missing") or (state == "missing" and model.entry.in_repository)
        broken |= bad
        word = "BAD" if bad else "ok " if state == "ok" else "-  "
        unchecked = sum(not file.sha256 for file in model.entry.contents()) if state == "ok" else 0
        note = f" ({unchecked} files of no published checksum: they look whole)" if unchecked else ""
        print(f"{word} {model.name}: {state}{note}" + (f", {store.path(model)}" if bad else ""))
    return int(ExitCode.ENVIRONMENT if broken else ExitCode.OK)


def size_in_words(size: int) -> str:
    """ "32 kB", "4.8 MB" or "6.9 GB", of 1000 each. size: bytes."""
    for unit, factor in (("GB", 1e9), ("MB", 1e6)):
        if size >= factor:
            return f"{size / factor:.1f} {unit}"
    return f"{size / 1e3:.0f} kB"


def where(model: StageModel, store: ModelStore) -> str:
    """Whether it is there, and where."""
    entry = model.entry
    if entry.kind == "package":
        return f"comes as the Python package {entry.file}"
    state = store.state(model)
    found = {"ok": "there", "missing": "not there", "incomplete": "INCOMPLETE"}.get(state, state.upper())
    return f"{found}: {store.path(model)}" + ("; in the repository" if entry.in_repository else "")
