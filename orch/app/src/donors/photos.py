"""Photos that lend eyes, besides those of the run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from contracts.envelope import Notice
from contracts.error_codes import StageError
from environments.places import CHECKOUT
from orch.app.src.inputs.photos import find_photos
from orch.app.src.settings import Settings


@dataclass(frozen=True)
class DonorPhotos:
    """Photos besides the run's own that may lend eyes.

    Attributes:
        named: given with `--donor`: they are used also where nobody can check who is in them.
        searched: of `--donor-folder`: only for faces of the same person.
        notices: what was passed over where they were looked for.
    """

    named: Sequence[Path] = ()
    searched: Sequence[Path] = ()
    notices: tuple[Notice, ...] = ()


def donor_photos(settings: Settings, develops: bool) -> DonorPhotos:
    """Photos of `generation.donor`, a photo or a folder, and of `generation.donor_folder`.

    Args:
        develops: whether what develops HEIC and camera raw is installed.

    Raises:
        StageError: INPUT_MISSING where there is none.
    """
    given = settings.generation.donor
    named, passed_over = _found("--donor", [given] if given else [], develops)
    searched, left_out = _found("--donor-folder", settings.generation.donor_folder, develops)
    return DonorPhotos(named, searched, (*passed_over, *left_out))


def _found(option: str, places: Sequence[str], develops: bool) -> tuple[tuple[Path, ...], tuple[Notice, ...]]:
    """Photos of each place; what cannot be used in one where others can is a notice."""
    each = [find_photos([place], CHECKOUT, outputs=Path(), develops=develops) for place in places]
    for found in each:
        if not found.photos:
            first = found.problems[0]
            raise StageError(first.code, f"{option}: {first.message}", first.hint, first.exit_code)
    paths = dict.fromkeys(photo.path for found in each for photo in found.photos)
    problems = [Notice(problem.code, problem.message) for found in each for problem in found.problems]
    notices = [notice for found in each for notice in found.notices]
    return tuple(paths), (*notices, *problems)
