"""All weights that the stages can use, from their `models.json`."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from contracts.envelope import StageName
from contracts.error_codes import ErrorCode, StageError
from contracts.exit_codes import ExitCode
from contracts.model_manifest import ModelEntry, read_manifest
from orch.app.src.stage_registry import STAGES


@dataclass(frozen=True)
class StageModel:
    """One entry of a stage's models.json."""

    stage: StageName
    entry: ModelEntry

    @property
    def name(self) -> str:
        return self.entry.name

    @property
    def can_be_imported(self) -> bool:
        """Whether it belongs into the store: it is neither in the repository nor in a package."""
        return not self.entry.in_repository and self.entry.kind != "package"

    @property
    def can_be_pulled(self) -> bool:
        """Whether it can be fetched into the store."""
        return bool(self.entry.url) and self.can_be_imported


@cache
def catalogue() -> tuple[StageModel, ...]:
    """Weights of all stages; names are unique among all of them."""
    return tuple(
        StageModel(stage.name, entry)
        for stage in STAGES.values()
        for entry in read_manifest(stage.folder / "models.json").models
    )


def model_named(name: str, models: Iterable[StageModel]) -> StageModel:
    """The named weights.

    Raises:
        StageError: BAD_ARGUMENTS with the nearest right name.
    """
    by_name = {model.name: model for model in models}
    if name in by_name:
        return by_name[name]
    near = difflib.get_close_matches(name, by_name, 1)
    raise StageError(
        ErrorCode.BAD_ARGUMENTS,
        f"there are no weights named {name!r}",
        f"did you mean {near[0]!r}?" if near else f"known: {', '.join(by_name)}",
        ExitCode.USAGE,
    )


def profile(name: str, models: Iterable[StageModel]) -> list[StageModel]:
    """Weights of a profile: what all backends together need and can use.

    Args:
        name: "full", or "commercial" for the backends of which every needed part may be used
            commercially: of a backend that may not, the free parts are of no use either.
    """
    by_name = {model.name: model for model in models}
    wanted: dict[str, StageModel] = {}
    for stage in STAGES.values():
        for backend in stage.backends.values():
            needs = [by_name[need] for need in backend.needs if need in by_name]
            if name == "commercial" and not all(need.entry.commercial_use for need in needs):
                continue
            uses = [by_name[use] for use in backend.uses if use in by_name]
            free = [use for use in uses if name != "commercial" or use.entry.commercial_use]
            wanted |= {model.name: model for model in (*needs, *free) if model.can_be_pulled}
    return list(wanted.values())
