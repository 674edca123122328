"""Photos that lend eyes, besides those of the run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from contracts.envelope import Notice
from orch.app.src.inputs import FoundPhotos, find_photos
from orch.app.src.run_paths import PROJECT_ROOT
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
    named = _found([given] if given else [], develops)
    searched = _found(settings.generation.donor_folder, develops)
    return DonorPhotos(_paths(named), _paths(searched), (*named.notices, *searched.notices))


def _found(places: Sequence[str], develops: bool) -> FoundPhotos:
    found = find_photos(places, PROJECT_ROOT, outputs=Path(), develops=develops)
    if found.problems:
        raise found.problems[0]
    return found


def _paths(found: FoundPhotos) -> tuple[Path, ...]:
    return tuple(photo.path for photo in found.photos)
