"""What was seen in photos, kept by content: a photo that was looked at once is not looked at again.

Files for each look in `Output_Json/.cache/faces`, and for each identification in `.cache/people`, shared by
all runs of that output folder. They may be removed while no run works there.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

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
        except (OSError, ValueError, ContractError):
            return None

    def put(self, key: str, document: T) -> None:
        """Keep it.

        Raises:
            StageError: it cannot be written.
        """
        text = json.dumps(to_dict(document), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        self._make(key, lambda path: path.write_text(text, encoding="utf-8"))

    def take(self, key: str, document: Path) -> None:
        """Keep a document that a stage wrote, as it is; its file is here then.

        Raises:
            StageError: it cannot be written.
        """
        self._make(key, lambda path: shutil.move(document, path))

    def lend(self, key: str, target: Path) -> None:
        """A copy of a document that is there, for stages to read.

        Raises:
            StageError: it cannot be written.
        """
        with atomic_path(target) as temporary:
            shutil.copyfile(self.path(key), temporary)

    def _make(self, key: str, write: Callable[[Path], object]) -> None:
        with atomic_path(self.path(key)) as temporary:
            write(temporary)


@dataclass(frozen=True)
class _Notes:
    """What is known of a look besides its document; as in Seen."""

    warnings: tuple[Notice, ...] = ()
    taken: float | None = None


class FaceCache:
    """Looks by key. folder: absolute; made when something is put into it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._documents = ContentCache(folder, FaceDocument)
        self._notes = ContentCache(folder / "notes", _Notes)

    def get(self, key: str) -> Seen | None:
        """What was seen; None where nothing was put under the key, or what is there is damaged."""
        document, notes = self._documents.get(key), self._notes.get(key)
        return Seen(document, notes.warnings, notes.taken) if document and notes else None

    def put(self, key: str, seen: Seen, written: Path, keeps: bool) -> None:
        """Keep a look.

        Args:
            written: its document as the stage wrote it.
            keeps: that file stays where it is, for a person.

        Raises:
            StageError: it cannot be written.
        """
        self._notes.put(key, _Notes(seen.warnings, seen.taken))
        if keeps:
            self._documents.put(key, seen.document)
        else:
            self._documents.take(key, written)

    def lend(self, key: str, target: Path) -> None:
        """The document of a look that is there, for stages to read.

        Raises:
            StageError: it cannot be written.
        """
        self._documents.lend(key, target)
