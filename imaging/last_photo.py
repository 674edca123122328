"""The photo that a stage read last, because items of a request mostly share one."""

from __future__ import annotations

from pathlib import Path

from imaging.photo import Photo, PhotoLimits, read_photo


class LastPhoto:
    """Reads photos and keeps the last one; a file that changed since is read again."""

    def __init__(self) -> None:
        self._key: tuple[Path, int, int, PhotoLimits] | None = None
        self._photo: Photo | None = None

    def read(self, path: Path, limits: PhotoLimits) -> Photo:
        """As `read_photo`, with its errors."""
        key = _key(path, limits)
        if self._photo is None or key is None or key != self._key:
            self.forget()  # before the next one is read, so that two never share the memory
            self._photo = read_photo(path, limits)
            self._key = key
        return self._photo

    def forget(self) -> None:
        self._key = self._photo = None


def _key(path: Path, limits: PhotoLimits) -> tuple[Path, int, int, PhotoLimits] | None:
    try:
        status = path.stat()
    except OSError:  # `read_photo` says what is wrong with it
        return None
    return path, status.st_mtime_ns, status.st_size, limits
