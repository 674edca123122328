"""`--resume`: which run is taken up, and which of its photos are done."""

from __future__ import annotations

import glob
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from contracts.codec import ContractError, from_dict, to_dict
from contracts.envelope import Notice
from contracts.error_codes import ErrorCode, StageError
from contracts.exit_codes import ExitCode
from contracts.files import sha256_file
from orch.app.src.fingerprints import fingerprint, settings_that_matter
from orch.app.src.inputs.photos import Photo
from orch.app.src.journal import JOURNAL_FORMAT, PREFIX, SUFFIX, record_at, records
from orch.app.src.run_ids import checked_run_id
from orch.app.src.run_paths import Layout

if TYPE_CHECKING:
    from orch.app.src.report import PhotoReport, WrittenFile

FINISHED = ("edited", "unchanged")
"""States that need no second try; failed and partial photos are done again."""


class PastRun:
    """What the journal of an earlier call of the run says; empty where there is none.

    Args:
        layout: folders of the run.
        run_id: None for no earlier call.

    Attributes:
        began: ISO time at which the run began, "" where there was none.
        inputs: what it was about when it was last called: absolute files, folders and patterns.
        settings, code: those of that call; empty where there was none.
        finished: names of the photos that any call finished.

    Raises:
        StageError: BAD_RUN_ID for the journal of another version of this program.
    """

    def __init__(self, layout: Layout, run_id: str | None) -> None:
        self.run_id = run_id
        self.began = ""
        self.inputs: frozenset[str] = frozenset()
        self.settings: Mapping[str, Any] = {}
        self.code = ""
        self.finished: set[str] = set()
        self._layout = layout
        self._done: dict[str, int] = {}
        for place, record in records(layout.journal(run_id)) if run_id else ():
            if record.get("kind") == "run":
                self._begin(record)
            elif record.get("kind") == "photo" and _is_finished(record):
                self._done[record["key"]] = place
                self.finished.add(str(record["report"].get("photo")))

    def __bool__(self) -> bool:
        """Whether any photo may be done."""
        return bool(self._done)

    def read_again(self) -> PastRun:
        """The same, as it is now."""
        return PastRun(self._layout, self.run_id if self.began else None)

    def done(self, key: str, photo: Photo) -> PhotoReport | None:
        """The report of a photo that is done, with its pictures whole and in their places."""
        place = self._done.get(key)
        if place is None or self.run_id is None:
            return None
        from orch.app.src.report import PhotoReport  # most runs take up none: they start sooner

        try:
            report = from_dict(PhotoReport, record_at(self._layout.journal(self.run_id), place)["report"])
        except ContractError:
            return None  # no record
        report = _placed(report, lambda path: str(self._layout.images / path))
        written = [v.output for v in report.variations if v.output]
        written += [report.copied_to] if report.copied_to else []
        if not all(_is_whole(file) for file in written):
            return None
        return replace(report, path=str(photo.path), resumed=True)

    def missed(self, inputs: frozenset[str]) -> list[str]:
        """What the run was about and `inputs` leave out, but for what is no longer there."""
        return sorted(place for place in self.inputs - inputs if _is_there(place))

    def _begin(self, header: dict[str, Any]) -> None:
        if header.get("format") not in (None, JOURNAL_FORMAT):
            raise StageError(
                ErrorCode.BAD_RUN_ID,
                f"the journal of run {self.run_id!r} in {self._layout.documents} is of format "
                f"{header['format']!r}, not {JOURNAL_FORMAT!r}",
                "leave out --resume, or name another run",
                ExitCode.USAGE,
            )
        began, inputs = header.get("began"), header.get("inputs")
        if header.get("run_id") == self.run_id and isinstance(began, str) and isinstance(inputs, list):
            self.began, self.inputs = began, frozenset(map(str, inputs))
            settings = header.get("settings")
            self.settings = settings if isinstance(settings, dict) else {}
            self.code = str(header.get("code", ""))


def last_run(layout: Layout, inputs: frozenset[str]) -> PastRun:
    """The run of an output folder that was worked on last, among those about the same inputs or fewer.

    Raises:
        StageError: BAD_RUN_ID where that is of another version of this program.
    """
    journals = (path for path in layout.documents.glob(f"{PREFIX}*{SUFFIX}") if path.is_file())
    for path in sorted(journals, key=lambda path: path.stat().st_mtime_ns, reverse=True):
        try:
            run_id = checked_run_id(path.name.removeprefix(PREFIX).removesuffix(SUFFIX))
        except StageError:
            continue  # a copy that a person made
        past = PastRun(layout, run_id)
        if past.inputs & inputs and not past.missed(inputs):
            return past
    return PastRun(layout, None)


def done_again(
    past: PastRun, photos: Sequence[PhotoReport], settings: Mapping[str, Any], code: str
) -> tuple[Notice, ...]:
    """What to tell where photos were finished by an earlier call and had to be done again.

    Args:
        settings, code: those of this call.
    """
    again = sum(photo.photo in past.finished and not photo.resumed for photo in photos)
    if not again:
        return ()
    if changed := _changed(settings_that_matter(past.settings), settings_that_matter(settings)):
        why = f"other settings than before: {', '.join(changed)}"
    elif past.code != code:
        why = "the program has changed since"
    else:
        why = "they, donors, weights, chosen faces or their finished pictures have changed since"
    number = f"{again} photo{'s' if again > 1 else ''} that an earlier call had finished"
    return (Notice("RESUME_DONE_AGAIN", f"{number}: done again, {why}"),)


def _changed(then: Mapping[str, Any], now: Mapping[str, Any], above: str = "") -> list[str]:
    """Dotted names of the settings whose values are not what they were."""
    names = []
    for name, value in now.items():
        before = then.get(name)
        if isinstance(value, Mapping) and isinstance(before, Mapping):
            names += _changed(before, value, f"{above}{name}.")
        elif fingerprint(value) != fingerprint(before):
            names.append(f"{above}{name}")
    return names


def as_record(report: PhotoReport, images: Path) -> dict[str, Any]:
    """A report for the journal; pictures are named from their folder, which may be moved or copied.

    Args:
        images: folder of finished pictures.
    """
    return to_dict(_placed(report, lambda path: Path(path).relative_to(images).as_posix()))  # type: ignore[no-any-return]


def _is_finished(record: dict[str, Any]) -> bool:
    report = record.get("report")
    return (
        isinstance(record.get("key"), str) and isinstance(report, dict) and report.get("status") in FINISHED
    )


def _placed(report: PhotoReport, place: Callable[[str], str]) -> PhotoReport:
    """The report with the paths of its pictures changed."""

    def moved(file: WrittenFile | None) -> WrittenFile | None:
        return replace(file, path=place(file.path)) if file else None

    variations = tuple(replace(v, output=moved(v.output)) for v in report.variations)
    return replace(report, variations=variations, copied_to=moved(report.copied_to))


def _is_whole(written: WrittenFile) -> bool:
    path = Path(written.path)
    try:
        return path.is_file() and sha256_file(path) == written.sha256
    except OSError:
        return False


def _is_there(place: str) -> bool:
    """Whether there is such a file or folder, or one that matches."""
    return os.path.lexists(place) or any(
        glob.iglob(place, recursive=True)  # noqa: PTH207 - Path.glob knows no "**.jpg"
    )
