"""The donors of a run: settled between the two passes, asked for in the second."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from contracts.envelope import Notice
from contracts.face import Face
from contracts.files import sha256_file
from orch.app.src.asking import Asker
from orch.app.src.donors import read_donors
from orch.app.src.looking import PhotoLook
from orch.app.src.requests import Donor, RequestMaker


@dataclass(frozen=True)
class RunDonors:
    """Whose eyes may go where.

    Attributes:
        given: whether there is any donor.
        of: (look, face) -> donors of a face, best first.
        contents: look -> sha256 of the photos that may lend eyes to this one.
        plan: as JSON, for the journal.
    """

    given: bool
    of: Callable[[PhotoLook, Face], Sequence[Donor]]
    contents: Callable[[PhotoLook], Sequence[str]]
    plan: Any
    notices: tuple[Notice, ...] = ()


NO_DONORS = RunDonors(False, lambda look, face: (), lambda look: (), [])


def named_donors(
    photos: Sequence[Path], looks: Sequence[PhotoLook], requests: RequestMaker, ask: Asker
) -> RunDonors:
    """Donors from the photos of `--donor`, read where any eye is closed."""
    if not photos or not any(look.closed_eyes for look in looks):
        return RunDonors(bool(photos), lambda look, face: (), lambda look: (), [])
    shelf = read_donors(photos, requests, ask, requests.settings.processing.verbose)
    contents = [sha256_file(photo) for photo in photos]
    return RunDonors(
        given=True,
        of=lambda look, face: shelf.ranked(face, len(look.faces)),
        contents=lambda look: contents,
        plan=[photo.name for photo in photos],
        notices=shelf.notices,
    )
