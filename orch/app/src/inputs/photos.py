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
from orch.app.src.inputs.home_folder import from_home
from orch.app.src.inputs.own_outputs import names_by_run
from orch.app.src.run_ids import photo_id, photo_id_by_path
from orch.app.src.run_paths import SELECTED_PREFIX

PHOTO_SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".tif", ".tiff", ".bmp", ".gif"}
)
"""Looked for in folders and patterns; a file that is named is taken whatever its suffix is."""

_OWN_OUTPUT = names_by_run()
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
            patterns, as are those with the names of `own_outputs`.
        recursive: go into subfolders of folders.
        develops: whether what develops HEIC and camera raw is installed; they are photos then.
    """
    suffixes = PHOTO_SUFFIXES | DEVELOPED_SUFFIXES if develops else PHOTO_SUFFIXES
    search = _Search(base, outputs, is_output, recursive, suffixes)
    found: dict[Path, Photo] = {}
    problems = search.problems
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
    return FoundPhotos(tuple(_named_apart(list(found.values()))), tuple(problems), search.notices())


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
    problems: list[StageError] = field(default_factory=list)
    own: set[Path] = field(default_factory=set)

    def notices(self) -> tuple[Notice, ...]:
        """What was left out."""
        told = []
        if self.not_read:
            which = f"{_counted(self.not_read)}; {_conversion(self.not_read)}"
            message = f"left out, because these formats are not read: {which}"
            told.append(Notice("FORMAT_NOT_READ", message))
        if self.own:
            pictures = "1 picture" if len(self.own) == 1 else f"{len(self.own)} pictures"
            message = (
                f"{pictures} left out, made by an earlier run as the name tells, like {min(self.own).name}"
            )
            told.append(Notice("LEFT_OUT", message))
        return tuple(told)

    def photos_of(self, given: str) -> list[Photo]:
        path = Path(os.path.normpath(self.base / from_home(given)))
        told, problems = self.not_read.copy(), len(self.problems)
        if _is_folder(path):
            photos = [_below(path, p) for p in self._walk(path)]
            if not photos and len(self.problems) == problems:
                looked_for = ", ".join(sorted(self.suffixes))
                raise _none(f"no photos in folder {path}", self.not_read - told, f"looked for {looked_for}")
            return photos
        if _is_there(path):
            return [Photo(path)]
        if not _WILDCARD.search(given):
            raise _missing(f"{path} does not exist", "check the spelling and the folder")
        fixed = _before_wildcard(path)
        matches = sorted(fixed.glob(_pattern(path.relative_to(fixed))), key=natural_key)
        photos = [_below(fixed, p) for p in matches if not p.is_dir() and self._counts(p)]
        if not photos:
            raise _none(f"no photo matches {path}", self.not_read - told, "check the pattern, and quote it")
        return photos

    def _walk(self, folder: Path) -> Iterator[Path]:
        """Photos below a folder: its own files first, then its subfolders, each in natural order.

        A folder that cannot be read is a problem by itself; the others are searched all the same.
        """
        try:
            entries = sorted(folder.iterdir(), key=natural_key)
        except OSError as error:
            message = f"folder {folder} cannot be read: {error.strerror}"
            self.problems.append(_missing(message, "check its permissions"))
            return
        # What is no regular file is told of as a photo that cannot be read.
        yield from (p for p in entries if not _is_folder(p) and self._counts(p))
        for entry in entries if self.recursive else ():
            inside = _is_folder(entry) and not entry.is_symlink() and not entry.name.startswith(".")
            if inside and entry != self.outputs and not self._is_selected(entry):
                yield from self._walk(entry)

    def _is_selected(self, folder: Path) -> bool:
        """Whether the command `select` made it."""
        return folder.parent == self.outputs and folder.name.startswith(SELECTED_PREFIX)

    def _counts(self, path: Path) -> bool:
        suffix = path.suffix.lower()
        if suffix in NOT_READ.keys() - self.suffixes and not path.name.startswith("."):
            self.not_read[suffix] += 1
        if suffix not in self.suffixes or path.name.startswith("."):
            return False
        if _OWN_OUTPUT.match(path.stem) or self.is_output(path):
            self.own.add(path)
            return False
        return True


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


def _is_folder(path: Path) -> bool:
    """Unlike Path.is_dir, False where a folder above cannot be entered or the name is too long."""
    return os.path.isdir(path)  # noqa: PTH112


def _before_wildcard(path: Path) -> Path:
    folders = takewhile(lambda part: not _WILDCARD.search(part), path.parent.parts)
    return Path(*folders)


def _pattern(relative: PurePath) -> str:
    """For `Path.glob`, which refuses two asterisks that are not a whole folder: they are one then."""
    return "/".join(part if part == "**" else re.sub(r"\*\*+", "*", part) for part in relative.parts)


def _named_apart(photos: list[Photo]) -> list[Photo]:
    """Give photos ids where there are several; where these collide, their folders, at last a hash.

    A photo that is given its folder may meet others there, which are then given theirs.
    """
    if len(photos) < 2:
        return photos
    common = Path(os.path.commonpath([p.path.parent for p in photos]))

    def in_its_folder(photo: Photo) -> Photo:
        return replace(photo, subfolder=_below(common, photo.path).subfolder)

    named = [replace(p, photo_id=photo_id(p.path.name)) for p in photos]
    while (apart := _where_alike(named, in_its_folder)) != named:
        named = apart
    return _where_alike(named, lambda photo: replace(photo, photo_id=photo_id_by_path(photo.path)))


def _where_alike(photos: list[Photo], change: Callable[[Photo], Photo]) -> list[Photo]:
    """The photos, with those changed that share their folder and id."""
    takers = Counter((p.subfolder, p.photo_id) for p in photos)
    return [change(p) if takers[p.subfolder, p.photo_id] > 1 else p for p in photos]


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


def _is_there(path: Path) -> bool:
    """Whether there is a file, or a link that leads nowhere.

    Raises:
        StageError: INPUT_MISSING where nobody can tell, as a folder above may not be entered.
    """
    try:
        path.lstat()
    except PermissionError as error:
        message = f"{path} cannot be reached: {error.strerror}"
        raise _missing(message, "check the permissions of the folders above it") from error
    except (OSError, ValueError):
        return False
    return True


def _missing(message: str, hint: str) -> StageError:
    return StageError(ErrorCode.INPUT_MISSING, message, hint, ExitCode.UNREADABLE_INPUT)
