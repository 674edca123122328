"""What a stage's `models.json` says: weights, where they come from, their hash and their licence.

{"models": [{"name": "codeformer", "used_for": "restoring faces", "file": "codeformer.pth",
             "size": 376637898, "sha256": "...", "url": "https://...", "licence": "S-Lab License 1.0",
             "licence_url": "https://...", "commercial_use": false},
            {"name": "sdxl_refiner", "used_for": "...", "kind": "folder", "file": "sdxl-refiner-1.0",
             "revision": "5d4c...", "url": "https://.../resolve/5d4c...", "licence": "...",
             "commercial_use": true, "files": [{"path": "model_index.json"}, {"path": "unet/config.json"}]}]}

Weights that the repository carries lie at `<stage>/<file>`, all others at `<store>/<stage>/<file>`.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal

from contracts.codec import ContractError, from_dict
from contracts.files import sha256_file
from contracts.weight_files import looks_whole

SHA256 = re.compile(r"[0-9a-f]{64}\Z")

ModelKind = Literal["file", "folder", "archive", "package"]
ModelState = Literal["ok", "missing", "incomplete", "wrong size", "wrong checksum", "damaged"]


@dataclass(frozen=True)
class ModelFile:
    """One file of a model of several. path: relative, below the model's folder. size: bytes.

    Where size or sha256 is None, nobody has published it: the pinned revision stands for the content, and
    the file has to look whole by itself.
    """

    path: str
    size: int | None = None
    sha256: str | None = None

    def __post_init__(self) -> None:
        _check_path(self.path)
        _check_hash(self.path, self.sha256)

    def state(self, folder: Path, hashes: bool = True) -> ModelState:
        """Compare with size and, where `hashes`, with sha256; without one, see whether it looks whole."""
        path = folder / self.path
        if not path.is_file():
            return "missing"
        if self.size is not None and path.stat().st_size != self.size:
            return "wrong size"
        if hashes and self.sha256 is not None and sha256_file(path) != self.sha256:
            return "wrong checksum"
        if self.sha256 is None and not looks_whole(path):
            return "damaged"
        return "ok"


@dataclass(frozen=True)
class ModelEntry:
    """One set of weights.

    Attributes:
        name: as in `Backend.needs`, in a request's `weights` and in reports.
        used_for: one line for a person.
        file: relative path of the file or folder; of a package, its name.
        licence: SPDX identifier, or the licence's own name.
        commercial_use: whether the licence allows it.
        kind: "file"; "folder", downloaded file by file; "archive", a zip at `url` that is unpacked to the
            folder `file`; "package", a Python package that brings the weights into an environment.
        size: bytes of the file or archive; of a folder, of all its files together; None where unknown.
        sha256: of the file or archive, lower-case hex.
        revision: pinned revision of a repository of files; part of `url`.
        url: where it is to be had; of a folder, what its files' paths are joined to. A file without one is
            whatever the person puts there, and needs no hash.
        licence_url: where the licence's text is.
        files: of a folder or archive, what belongs in it.
        in_repository: the checkout carries it, nothing is ever downloaded.
    """

    name: str
    used_for: str
    file: str
    licence: str
    commercial_use: bool
    kind: ModelKind = "file"
    size: int | None = None
    sha256: str | None = None
    revision: str | None = None
    url: str = ""
    licence_url: str = ""
    files: tuple[ModelFile, ...] = ()
    in_repository: bool = False

    def __post_init__(self) -> None:
        _check_path(self.name)
        if "/" in self.name:
            raise ValueError(f"{self.name!r} is a path, not a name")
        if self.kind != "package":
            _check_path(self.file)
        _check_hash(self.name, self.sha256)
        fetched = self.kind != "package" and (self.url or self.in_repository or self.kind != "file")
        if fetched and self.sha256 is None and self.revision is None:
            raise ValueError(f"{self.name}: sha256 or revision must be given, or it cannot be verified")
        if self.revision and self.url and self.revision not in self.url:
            raise ValueError(f"{self.name}: the url must name the pinned revision")
        if self.kind == "folder" and not self.files:
            raise ValueError(f"{self.name}: a folder lists its files")
        if self.kind not in ("folder", "archive") and self.files:
            raise ValueError(f"{self.name}: only a folder or an archive has files")

    def contents(self) -> tuple[ModelFile, ...]:
        """Files that must be there, relative to the folder that holds `file`; none of a package."""
        if self.kind == "package":
            return ()
        if self.kind == "file":
            return (ModelFile(self.file, self.size, self.sha256),)
        return tuple(ModelFile(f"{self.file}/{f.path}", f.size, f.sha256) for f in self.files)

    def state(self, folder: Path, hashes: bool = True) -> ModelState:
        """Compare what is in `folder` with sizes and, where `hashes`, with checksums.

        A folder of which some files are missing is "incomplete". What has no published hash counts as
        "ok" when it looks whole.
        """
        if not (folder / self.file).exists():
            return "missing"
        for file in self.contents():
            state = file.state(folder, hashes)
            if state != "ok":
                return "incomplete" if state == "missing" else state
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


def _check_path(path: str) -> None:
    """What is joined to a folder has to name something in it, on Windows too."""
    parts = PurePosixPath(path).parts
    if not parts or parts[0] == "/" or ".." in parts or "\\" in path or ":" in path:
        raise ValueError(f"{path!r} is not a relative path without '..'")


def _check_hash(name: str, sha256: str | None) -> None:
    if sha256 is not None and not SHA256.match(sha256):
        raise ValueError(f"{name}: sha256 must be 64 lower-case hex digits")
