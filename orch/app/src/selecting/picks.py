"""`picks_{run}.json`: which variation of each photo a person likes best.

The page of a run saves it, the command `select` reads it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from orch.app.src.selecting.files import read_choice

PICKS_FORMAT: Literal["1"] = "1"

PICKS_ABOUT = {
    "what": "The best variation of each photo. The command select turns them into final pictures.",
    "variation": "as the report calls it; null: none, the photo stays as it is",
    "sha256": "of the chosen picture, so that no other is taken for it",
}


@dataclass(frozen=True)
class Pick:
    """One photo. photo, path: as in the report. sha256: of the chosen picture, None with no variation."""

    photo: str
    path: str
    variation: str | None
    sha256: str | None

    def __post_init__(self) -> None:
        if (self.variation is None) != (self.sha256 is None):
            raise ValueError("variation and sha256 go together: both or neither is null")


@dataclass(frozen=True)
class PicksDocument:
    """The whole file. about: for people, not read."""

    format: Literal["1"]
    kind: Literal["picks"]
    about: dict[str, str]
    run_id: str
    photos: tuple[Pick, ...]

    def __post_init__(self) -> None:
        paths = [pick.path for pick in self.photos]
        if len(set(paths)) < len(paths):
            raise ValueError("a photo is named twice")


def read_picks(path: Path) -> PicksDocument:
    """The file that `select` is given.

    Raises:
        StageError: BAD_SELECTION where it is missing, no JSON or not of this kind.
    """
    return read_choice(PicksDocument, "picks", path)
