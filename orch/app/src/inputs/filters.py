"""Photos that a person leaves out of a run: by name, and by when they were written."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from fnmatch import fnmatchcase

from contracts.envelope import Notice
from orch.app.src.inputs.photos import FoundPhotos, Photo

_AGE = re.compile(r"(\d+)([smhdw])\Z")
_UNIT = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


@dataclass(frozen=True)
class InputFilter:
    """What stays.

    Attributes:
        skip: patterns of names, of mirrored paths, or absolute paths, that are left out.
        since: seconds since 1970 before which a file was last written to be left out, None for all.
    """

    skip: Sequence[str] = ()
    since: float | None = None

    def __call__(self, found: FoundPhotos) -> FoundPhotos:
        """The photos that stay; a notice tells how many do not."""
        kept = [photo for photo in found.photos if not self._skipped(photo)]
        recent = [photo for photo in kept if self._recent(photo)]
        notices = list(found.notices)
        for count, option in (
            (len(found.photos) - len(kept), "--skip"),
            (len(kept) - len(recent), "--since"),
        ):
            if count:
                photos = "1 photo" if count == 1 else f"{count} photos"
                notices.append(Notice("LEFT_OUT", f"{photos} left out by {option}"))
        return replace(found, photos=tuple(recent), notices=tuple(notices))

    def _skipped(self, photo: Photo) -> bool:
        names = (photo.path.name, photo.name, str(photo.path))
        return any(fnmatchcase(name, pattern) for name in names for pattern in self.skip)

    def _recent(self, photo: Photo) -> bool:
        if self.since is None:
            return True
        try:
            return photo.path.stat().st_mtime >= self.since
        except OSError:  # what cannot be looked at is told of later, not left out
            return True


def moment(text: str, now: datetime) -> float:
    """Seconds since 1970 of "2026-11-01", "2026-11-01T18:30" or an age: "90m", "12h", "3d", "2w".

    Raises:
        ValueError: it is neither.
    """
    if age := _AGE.match(text):
        return (now - timedelta(**{_UNIT[age[2]]: int(age[1])})).timestamp()
    return datetime.fromisoformat(text).timestamp()
