"""File names of finished pictures: by run id as in the original design, or by a person's template.

Fields of a template: {stem} and {ext} (with its dot) of the photo, {variation}, {run_id}, {timestamp}.
"""

from __future__ import annotations

import os
import re
import string
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from contracts.codec import unknown_key_message
from contracts.error_codes import ErrorCode, StageError
from contracts.exit_codes import ExitCode
from imaging.output_formats import SUFFIXES
from imaging.photo_identity import DEVELOPED_SUFFIXES
from orch.app.src.inputs.photos import Photo
from orch.app.src.run_ids import ORIGINAL
from orch.app.src.run_paths import RunPathManager

if TYPE_CHECKING:
    from contracts.finish import OutputFormat

_WRITTEN_AS_PNG = DEVELOPED_SUFFIXES | {".bmp", ".gif"}
_EXT = "{ext}"
FIELDS = ("stem", "ext", "variation", "run_id", "timestamp")


def likely_suffix(photo: Path, output_format: OutputFormat) -> str:
    """Ending of a finished picture's name as far as the photo's own name tells."""
    if output_format != "same":
        return SUFFIXES[output_format.upper()][0]
    return ".png" if photo.suffix.lower() in _WRITTEN_AS_PNG else photo.suffix


class OutputNames:
    """Names of all finished pictures of a run; no two are alike and none is an input's.

    Args:
        template: a person's template, None for the names of `run_paths`.
        photos: all photos of the run; those whose names would collide get their suffix into {stem}.
        suffix_of: ending of a finished picture's name; asked when it is written.

    Raises:
        StageError: BAD_ARGUMENTS for a template that is not a file name with known fields.
    """

    def __init__(
        self,
        template: str | None,
        output_format: OutputFormat,
        photos: Sequence[Photo],
        suffix_of: Callable[[Path, OutputFormat], str] = likely_suffix,
    ) -> None:
        self._suffix_of = suffix_of
        self._template = None if template is None else checked_template(template)
        self._format = output_format
        # Unlike Path.resolve, realpath takes links that lead in a circle.
        self._inputs = {os.path.realpath(photo.path) for photo in photos}
        self._stems = self._told_apart(photos)

    def final(self, paths: RunPathManager, photo: Photo, variation: str) -> Path:
        """Path of the finished picture of a variation.

        Raises:
            StageError: BAD_ARGUMENTS where it would replace one of the run's photos.
        """
        return self._checked(paths, photo, variation, self._suffix_of(photo.path, self._format))

    def copy(self, paths: RunPathManager, photo: Photo) -> Path:
        """Path of the copy of an unchanged photo, in its own format.

        Raises:
            StageError: BAD_ARGUMENTS where it would replace one of the run's photos.
        """
        return self._checked(paths, photo, ORIGINAL, photo.path.suffix)

    def _checked(self, paths: RunPathManager, photo: Photo, variation: str, suffix: str) -> Path:
        path = paths.get_final_output(suffix, self._name(paths, photo, variation, suffix))
        if os.path.realpath(path) in self._inputs:
            raise StageError(
                ErrorCode.BAD_ARGUMENTS,
                f"output {path} would replace a photo of this run",
                "choose another --output or --name-template",
                ExitCode.USAGE,
            )
        return path

    def _name(self, paths: RunPathManager, photo: Photo, variation: str, suffix: str) -> str | None:
        if self._template is None:
            return None
        return filled(
            self._template, self._stems[photo.path], suffix, variation, paths.run_id, paths.timestamp
        )

    def _told_apart(self, photos: Sequence[Photo]) -> dict[Path, str]:
        """What stands for {stem}: a photo's stem, or its id where outputs would have one name.

        An id may be the stem of another photo (of a_jpg.png), which is then named by its own id.
        """

        def place(photo: Photo) -> tuple[str, str, str]:
            return str(photo.subfolder), stems[photo.path], likely_suffix(photo.path, self._format)

        stems = {photo.path: photo.path.stem for photo in photos}
        while True:
            taken = Counter(map(place, photos))
            by_id = {photo.path: photo.photo_id for photo in photos if taken[place(photo)] > 1}
            if by_id.items() <= stems.items():
                return stems
            stems |= by_id


def filled(template: str, stem: str, suffix: str, variation: str, run_id: str, timestamp: str) -> str:
    """The name that a template makes."""
    if variation != ORIGINAL and "{variation}" not in template:
        template = template.removesuffix(_EXT) + "_{variation}" + _EXT
    return template.format(stem=stem, ext=suffix, variation=variation, run_id=run_id, timestamp=timestamp)


def without_variation(template: str) -> str:
    """The template of a picture that has no variations beside it."""
    return re.sub(r"\A\{variation\}[-_. ]?|[-_. ]?\{variation\}", "", checked_template(template))


def checked_template(template: str) -> str:
    """The template, where it is a plain file name with known fields."""
    try:
        parts = [part for part in string.Formatter().parse(template) if part[1] is not None]
    except ValueError as error:
        raise _refuse(f"{template!r}: {error}") from error
    for _, name, spec, conversion in parts:
        if name not in FIELDS:
            raise _refuse(unknown_key_message(str(name), list(FIELDS), repr(template)))
        if spec or conversion:
            raise _refuse(f"{template!r}: {{{name}}} takes no format")
    fields = {name for _, name, _, _ in parts}
    if "/" in template or "\\" in template or template.startswith("."):
        raise _refuse(f"{template!r} must be a file name, without folders and not hidden")
    if not template.endswith(_EXT):
        raise _refuse(f"{template!r} must end with {_EXT}")
    if not {"stem", "run_id"} & fields:
        raise _refuse(f"{template!r} needs {{stem}} or {{run_id}}, or all outputs would have one name")
    return template


def template_pattern(template: str) -> re.Pattern[str] | None:
    """Matches the names that a template makes, to tell outputs of an earlier run from photos.

    None for "{stem}{ext}", which tells nothing.
    """
    parts = list(string.Formatter().parse(checked_template(template)))
    if template == "{stem}" + _EXT:
        return None
    pieces = [
        re.escape(text) + ("" if name is None else r"\.\w+" if name == "ext" else ".+")
        for text, name, _, _ in parts
    ]
    return re.compile("".join(pieces) + r"\Z", re.DOTALL)


def _refuse(message: str) -> StageError:
    return StageError(
        ErrorCode.BAD_ARGUMENTS,
        f"--name-template {message}",
        "an example: '{stem}_eyes{ext}'",
        ExitCode.USAGE,
    )
