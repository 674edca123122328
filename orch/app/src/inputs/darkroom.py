"""HEIC and camera raw, which no stage reads: developed into PNGs while they are worked on.

The PNGs lie in the run's work folder. Some stay for the next who asks; those of a folder of raw files would
not all fit on a disk, so those that nobody has asked for the longest go, and are made again when needed.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path

from contracts.envelope import Notice
from contracts.error_codes import StageError
from imaging.photo_identity import PhotoLimits, developed_format

MOST_BYTES = 2_000_000_000
"""Of developed pictures that nobody works on: 100 of a phone's 12 megapixels, 20 of a camera's 24."""
NO_LIMITS = PhotoLimits(float("inf"), float("inf"))

Develop = Callable[[Path], "Developed"]
"""Makes a PNG of a photo; see `developing.Developer`."""
Working = Callable[[], AbstractContextManager[None]]


@dataclass(frozen=True)
class Developed:
    """A picture that stages read: the photo itself, or what was made of it."""

    path: Path
    notices: tuple[Notice, ...] = ()


@dataclass
class _Print:
    """A developed picture, None until it is made. users: how many work with it now."""

    picture: Developed | None = None
    users: int = 0
    being_made: threading.Lock = field(default_factory=threading.Lock)


class Darkroom:
    """Pictures that stages can read, of any photo; used by many threads.

    Args:
        develop: None where nothing that develops photos is installed.
        at_once: photos that are developed side by side.
        most_bytes: of pictures that nobody works on; infinite for a run that keeps its intermediates.
    """

    def __init__(
        self, develop: Develop | None = None, at_once: int = 1, most_bytes: float = MOST_BYTES
    ) -> None:
        self._develop = develop
        self._places = threading.BoundedSemaphore(at_once)
        self._most_bytes = most_bytes
        self._lock = threading.Lock()
        self._prints: dict[Path, _Print] = {}  # the one asked for last is the last one

    @contextmanager
    def developed(self, photo: Path, working: Working = nullcontext) -> Iterator[Developed]:
        """A picture of the photo, for as long as the context lasts.

        A photo that needs no developing comes back as it is, and so does one that cannot be developed because
        nothing that can is installed: stages say what to do.

        Args:
            working: goes around the developing, for its progress and time.

        Raises:
            StageError: what is wrong with the photo, or that nothing can be written.
        """
        if self._develop is None or not _needs_it(photo):
            yield Developed(photo)
            return
        taken = self._taken(photo)
        try:
            with taken.being_made:
                if taken.picture is None:
                    with self._places, working():
                        taken.picture = self._develop(photo)
            yield taken.picture
        finally:
            with self._lock:
                taken.users -= 1
                self._make_room()

    def _taken(self, photo: Path) -> _Print:
        with self._lock:
            taken = self._prints.pop(photo, None) or _Print()
            self._prints[photo] = taken
            taken.users += 1
            return taken

    def _make_room(self) -> None:
        """Remove pictures that nobody works on until the others fit."""
        total = 0
        for photo, made in reversed([*self._prints.items()]):
            if made.users or made.picture is None:
                continue
            path = made.picture.path
            total += path.stat().st_size if path.exists() else 0
            if total > self._most_bytes:
                del self._prints[photo]
                with contextlib.suppress(OSError):
                    path.unlink()


def _needs_it(photo: Path) -> bool:
    try:
        return developed_format(photo, NO_LIMITS) is not None
    except StageError:  # the stage says what is wrong with it
        return False
