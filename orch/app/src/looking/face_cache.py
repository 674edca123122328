"""What was seen in photos, kept by content: a photo that was looked at once is not looked at again.

A file for each look in `Output_Json/.cache/faces`, and for each identification in `.cache/people`, shared
by all runs of that output folder. They may be removed at any time.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeAlias, TypeVar

from contracts.codec import ContractError, from_dict, to_dict
from contracts.envelope import Notice
from contracts.face import FaceDocument
from contracts.files import atomic_path

T = TypeVar("T")


@dataclass(frozen=True)
class Seen:
    """A face document, what the stage remarked, and when the photo was taken (seconds since 1970)."""

    document: FaceDocument
    warnings: tuple[Notice, ...] = ()
    taken: float | None = None


@dataclass(frozen=True)
class ContentCache(Generic[T]):
    """Documents of one kind by key. folder: absolute; made when something is put into it."""

    folder: Path
    kind: type[T]

    def path(self, key: str) -> Path:
        return self.folder / key[:2] / f"{key}.json"

    def get(self, key: str) -> T | None:
        """The document; None where nothing was put under the key, or what is there is damaged."""
        try:
            return from_dict(self.kind, json.loads(self.path(key).read_text(encoding="utf-8")))
        except (FileNotFoundError, ValueError, ContractError):
            return None

    def put(self, key: str, document: T) -> None:
        """Keep it.

        Raises:
            StageError: it cannot be written.
        """
        with atomic_path(self.path(key)) as temporary:
            temporary.write_text(_compact(to_dict(document)), encoding="utf-8")


FaceCache: TypeAlias = ContentCache[Seen]


def write_compact(path: Path, document: FaceDocument) -> None:
    """A face document for stages to read; atomic, but without line breaks: meshes are long."""
    with atomic_path(path) as temporary:
        temporary.write_text(_compact(to_dict(document)), encoding="utf-8")


def _compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
