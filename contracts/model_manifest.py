"""What a stage's `models.json` says: weights, where they come from, their hash and their licence.

{"models": [{"name": "face_detection_full_range", "used_for": "finding faces",
             "file": "app/models/face_detection_full_range.onnx", "size": 1234,
             "sha256": "...", "url": "https://...", "licence": "Apache-2.0",
             "commercial_use": true, "in_repository": true}]}
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from contracts.codec import ContractError, from_dict
from contracts.files import sha256_file

SHA256 = re.compile(r"[0-9a-f]{64}\Z")

ModelState = Literal["ok", "missing", "wrong size", "wrong checksum"]


@dataclass(frozen=True)
class ModelEntry:
    """One set of weights.

    Attributes:
        name: as in `Backend.needs`, in results' `versions.models` and in reports.
        used_for: one line for a person.
        file: path below the stage's folder; a folder for a model of several files.
        licence: SPDX identifier, or the licence's own name.
        commercial_use: whether the licence allows it.
        size: bytes; None for a folder.
        sha256: of the file, lower-case hex; None for a folder.
        revision: pinned revision of a repository of several files.
        url: where it is to be had.
        in_repository: the checkout carries it, nothing is ever downloaded.
    """

    name: str
    used_for: str
    file: str
    licence: str
    commercial_use: bool
    size: int | None = None
    sha256: str | None = None
    revision: str | None = None
    url: str = ""
    in_repository: bool = False

    def __post_init__(self) -> None:
        if self.sha256 is not None and not SHA256.match(self.sha256):
            raise ValueError(f"{self.name}: sha256 must be 64 lower-case hex digits")
        if self.sha256 is None and self.revision is None:
            raise ValueError(f"{self.name}: sha256 or revision must be given, or it cannot be verified")

    def state(self, stage_folder: Path) -> ModelState:
        """Compare the file under `stage_folder` with size and sha256, in that order.

        A pinned folder without a hash counts as "ok" when it is there.
        """
        path = stage_folder / self.file
        if not path.exists():
            return "missing"
        if self.size is not None and path.stat().st_size != self.size:
            return "wrong size"
        if self.sha256 is not None and sha256_file(path) != self.sha256:
            return "wrong checksum"
        return "ok"


@dataclass(frozen=True)
class ModelManifest:
    """A whole `models.json`."""

    models: tuple[ModelEntry, ...] = ()

    def entry(self, name: str) -> ModelEntry:
        """The named entry.

        Raises:
            KeyError: there is none.
        """
        for model in self.models:
            if model.name == name:
                return model
        raise KeyError(name)


def read_manifest(path: Path) -> ModelManifest:
    """Read a `models.json` strictly.

    Raises:
        ContractError: not JSON, unknown keys, wrong types or an entry that cannot be verified.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise ContractError(f"{path}: not JSON: {error}") from error
    return from_dict(ModelManifest, document, path.name)
