"""Which photos a run is about: files, folders and patterns, in natural order, each once."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import takewhile
from pathlib import Path, PurePath, PurePosixPath

from contracts.envelope import Notice
from contracts.error_codes import ErrorCode, StageError
from contracts.exit_codes import ExitCode
from imaging.photo_identity import DEVELOPED_SUFFIXES, NOT_READ, how_to_convert
from orch.app.src.run_ids import photo_id
from orch.app.src.run_paths import SELECTED_PREFIX

PHOTO_SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".tif", ".tiff", ".bmp", ".gif"}
)
"""Looked for in folders and patterns; a file that is named is taken whatever its suffix is."""

_OWN_OUTPUT = re.compile(
    r"(?:final_restore|final_result|3_final_result|3_final_alpha|0_prepared|1_base_output|2_refined"
    r"|face_crop|face_mask|face|developed)_.+_(?:shared|original|variation_\d\d)(?:_retry_\d)?\Z"
)
_WILDCARD = re.compile(r"[*?\[]")


@dataclass(frozen=True)
class Photo:
    """One photo of a run.

    Attributes:
        path: absolute.
        subfolder: where it lies below the folder that was given; mirrored in the output.
        photo_id: goes into the run ids where a run has several photos, "" where it has one.
    """

    path: Path
    subfolder: PurePosixPath = field(default_factory=PurePosixPath)
    photo_id: str = ""

    @property
    def name(self) -> str:
        """How reports call it: the mirrored folder and the file name."""
        return str(self.subfolder / self.path.name)


@dataclass(frozen=True)
class FoundPhotos:
    """The photos of a run.

    Attributes:
        problems: inputs that are not there; the photos of the others are found all the same.
        notices: what was left out of folders and patterns.
    """

    photos: tuple[Photo, ...]
    problems: tuple[StageError, ...]
    notices: tuple[Notice, ...] = ()


def find_photos(
    inputs: Sequence[str],
    base: Path,
    outputs: Path,
    is_output: Callable[[Path], bool] = lambda path: False,
    recursive: bool = True,
    develops: bool = False,
) -> FoundPhotos:
    """Resolve what a person named.

    Args:
        inputs: photos, folders and patterns.
        base: absolute folder that relative ones start from.
        outputs: folder of finished pictures; never walked into unless it is named itself.
        is_output: tells pictures of an earlier run by their names; they are left out of folders and
            patterns, as are those with the names of `run_paths`.
        recursive: go into subfolders of folders.
        develops: whether what develops HEIC and camera raw is installed; they are photos then.
    """
    suffixes = PHOTO_SUFFIXES | DEVELOPED_SUFFIXES if develops else PHOTO_SUFFIXES
    search = _Search(base, outputs, is_output, recursive, suffixes)
    found: dict[Path, Photo] = {}
    problems: list[StageError] = []
    for given in inputs:
        try:
            photos = search.photos_of(given)
        except StageError as error:
            problems.append(error)
            continue
        for photo in photos:
            if _is_utf8(photo.path):
                found.setdefault(photo.path, photo)
            else:
                problems.append(_not_utf8(photo.path))
    return FoundPhotos(tuple(_named_apart(list(found.values()))), tuple(problems), _left_out(search.not_read))


def natural_key(path: PurePath) -> tuple[list[tuple[int, int, str]], str]:
    """Sort key by which IMG_9 comes before IMG_10."""
    pieces = re.split(r"([0-9]+)", str(path).casefold())
    return [(1, int(p), "") if p.isdigit() else (0, 0, p) for p in pieces], str(path)


@dataclass(frozen=True)
class _Search:
    base: Path
    outputs: Path
    is_output: Callable[[Path], bool]
    recursive: bool
    suffixes: frozenset[str]
    not_read: Counter[str] = field(default_factory=Counter)

    def photos_of(self, given: str) -> list[Photo]:
        path = Path(os.path.normpath(self.base / Path(given).expanduser()))
        told = self.not_read.copy()
        if path.is_dir():
            photos = [_below(path, p) for p in self._walk(path)]
            if not photos:
                looked_for = ", ".join(sorted(self.suffixes))
                raise _none(f"no photos in folder {path}", self.not_read - told, f"looked for {looked_for}")
            return photos
        if os.path.lexists(path):
            return [Photo(path)]
        if not _WILDCARD.search(given):
            raise _missing(f"photo {path} does not exist", "check the spelling and the folder")
        fixed = _before_wildcard(path)
        matches = sorted(fixed.glob(path.relative_to(fixed).as_posix()), key=natural_key)
        photos = [_below(fixed, p) for p in matches if not p.is_dir() and self._counts(p)]
        if not photos:
            raise _none(f"no photo matches {path}", self.not_read - told, "check the pattern, and quote it")
        return photos

    def _walk(self, folder: Path) -> Iterator[Path]:
        """Photos below a folder: its own files first, then its subfolders, each in natural order."""
        try:
            entries = sorted(folder.iterdir(), key=natural_key)
        except OSError as error:
            raise StageError(
                ErrorCode.INPUT_MISSING,
                f"folder {folder} cannot be read: {error.strerror}",
                "check its permissions",
                ExitCode.UNREADABLE_INPUT,
            ) from error
        # What is no regular file is told of as a photo that cannot be read.
        yield from (p for p in entries if not p.is_dir() and self._counts(p))
        for entry in entries if self.recursive else ():
            inside = entry.is_dir() and not entry.is_symlink() and not entry.name.startswith(".")
            if inside and entry != self.outputs and not self._is_selected(entry):
                yield from self._walk(entry)

    def _is_selected(self, folder: Path) -> bool:
        """Whether the command `select` made it."""
        return folder.parent == self.outputs and folder.name.startswith(SELECTED_PREFIX)

    def _counts(self, path: Path) -> bool:
        suffix = path.suffix.lower()
        if suffix in NOT_READ.keys() - self.suffixes and not path.name.startswith("."):
            self.not_read[suffix] += 1
        return (
            suffix in self.suffixes
            and not path.name.startswith(".")
            and not _OWN_OUTPUT.match(path.stem)
            and not self.is_output(path)
        )


def _left_out(not_read: Counter[str]) -> tuple[Notice, ...]:
    if not not_read:
        return ()
    message = f"left out, because these formats are not read: {_counted(not_read)}; {_conversion(not_read)}"
    return (Notice("FORMAT_NOT_READ", message),)


def _none(message: str, not_read: Counter[str], hint: str) -> StageError:
    """Nothing was found but, at most, photos that are not read."""
    if not not_read:
        return _missing(message, hint)
    message = f"{message} that can be read, only {_counted(not_read)}"
    return StageError(ErrorCode.INPUT_UNSUPPORTED, message, _conversion(not_read), ExitCode.UNREADABLE_INPUT)


def _counted(not_read: Counter[str]) -> str:
    return ", ".join(f"{count} {suffix}" for suffix, count in sorted(not_read.items()))


def _conversion(not_read: Counter[str]) -> str:
    return how_to_convert(NOT_READ[suffix] for suffix in not_read)


def _below(folder: Path, path: Path) -> Photo:
    return Photo(path, PurePosixPath(path.parent.relative_to(folder).as_posix()))


def _before_wildcard(path: Path) -> Path:
    folders = takewhile(lambda part: not _WILDCARD.search(part), path.parent.parts)
    return Path(*folders)


def _named_apart(photos: list[Photo]) -> list[Photo]:
    """Give photos ids where there are several, and folders where the ids alone would collide."""
    if len(photos) < 2:
        return photos
    named = [replace(p, photo_id=photo_id(p.path.name)) for p in photos]
    takers = Counter((p.subfolder, p.photo_id) for p in named)
    common = Path(os.path.commonpath([p.path.parent for p in photos]))
    return [
        replace(p, subfolder=_below(common, p.path).subfolder) if takers[p.subfolder, p.photo_id] > 1 else p
        for p in named
    ]


def _is_utf8(path: Path) -> bool:
    """Requests and reports are UTF-8: a name that is not cannot be written into them."""
    try:
        str(path).encode()
    except UnicodeEncodeError:
        return False
    return True


def _not_utf8(path: Path) -> StageError:
    return StageError(
        ErrorCode.INPUT_UNSUPPORTED,
        f"the name of photo {str(path)!a} is not valid UTF-8",
        "rename it",
        ExitCode.UNREADABLE_INPUT,
    )


def _missing(message: str, hint: str) -> StageError:
    return StageError(ErrorCode.INPUT_MISSING, message, hint, ExitCode.UNREADABLE_INPUT)
