"""`models list` and `models verify`: the weights of all stages, from their manifests."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from contracts.exit_codes import ExitCode
from contracts.model_manifest import ModelEntry, ModelState, read_manifest
from orch.app.src.stage_registry import STAGES


@dataclass(frozen=True)
class StageModel:
    """One entry of a stage's models.json, and where its file belongs."""

    stage: str
    entry: ModelEntry
    folder: Path

    def state(self) -> ModelState:
        """As on disk, hash included."""
        return self.entry.state(self.folder)


def stage_models() -> Iterator[StageModel]:
    """Weights of all stages that have a manifest."""
    for stage in STAGES.values():
        manifest = stage.folder / "models.json"
        if manifest.is_file():
            for entry in read_manifest(manifest).models:
                yield StageModel(stage.name, entry, stage.folder)


def list_models() -> int:
    """Print what each is for, its licence and whether it is there."""
    for model in stage_models():
        entry = model.entry
        there = "there" if (model.folder / entry.file).exists() else "not there"
        use = "commercial use allowed" if entry.commercial_use else "non-commercial only"
        size = f", {entry.size / 1e6:.1f} MB" if entry.size else ""
        print(f"{entry.name} ({model.stage}): {entry.used_for}{size}")
        print(f"  {there}: {model.folder / entry.file}")
        print(f"  {entry.licence}, {use}{'; in the repository' if entry.in_repository else ''}")
        if entry.url:
            print(f"  {entry.url}")
    return int(ExitCode.OK)


def verify_models() -> int:
    """Compare what is there with size and sha256; ENVIRONMENT where something is broken or missing that
    the repository carries."""
    broken = False
    for model in stage_models():
        state = model.state()
        bad = state not in ("ok", "missing") or (state == "missing" and model.entry.in_repository)
        broken |= bad
        print(f"{'BAD' if bad else 'ok ' if state == 'ok' else '-  '} {model.entry.name}: {state}")
    return int(ExitCode.ENVIRONMENT if broken else ExitCode.OK)
