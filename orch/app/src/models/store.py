"""The model store: which weights are there, and where.

<store>/<stage>/<file>            weights, whole and checked
<store>/.partial/<name>/...       half-done downloads: resumed, never used
<store>/licences.json             licences that the person accepted
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from contracts.envelope import StageName
from contracts.model_manifest import ModelState
from orch.app.src.models.catalogue import StageModel
from orch.app.src.models.places import searched_folders, written_folder
from orch.app.src.stage_registry import STAGES


@dataclass(frozen=True)
class ModelStore:
    """Folders with weights.

    Attributes:
        searched: the first that has a model wins.
        written: where new ones go.
    """

    searched: tuple[Path, ...]
    written: Path

    def folder(self, model: StageModel) -> Path:
        """The folder that holds the model's `file`, or will hold it."""
        if model.entry.in_repository:
            return STAGES[model.stage].folder
        for root in self.searched:
            if (root / model.stage / model.entry.file).exists():
                return root / model.stage
        return self.new_folder(model.stage)

    def path(self, model: StageModel) -> Path:
        """Where the file or folder is, or will be."""
        return self.folder(model) / model.entry.file

    def state(self, model: StageModel, hashes: bool = False) -> ModelState:
        """As on disk: names and sizes, which takes milliseconds, or with `hashes` the content too."""
        return model.entry.state(self.folder(model), hashes)

    def new_folder(self, stage: StageName) -> Path:
        """Where new weights of a stage go."""
        return self.written / stage

    def partial_folder(self, model: StageModel) -> Path:
        """Where a download is put together; on the disk of the final place."""
        return self.written / ".partial" / model.name


def model_store(environ: Mapping[str, str]) -> ModelStore:
    """The store of this checkout and user.

    Raises:
        StageError: there is no folder that weights can be written to.
    """
    return ModelStore(searched_folders(environ), written_folder(environ))
