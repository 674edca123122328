"""What is to be done to the faces of a photo, in the orchestrator's words; `requests` tells the stages."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from contracts.face import Side
from contracts.gen import GenItemParams
from orch.app.src.report import SamePerson
from orch.app.src.run_paths import RunPathManager
from orch.app.src.strategies import backend_of


@dataclass(frozen=True)
class Donor:
    """A donor's face, cropped like a target's. source: the photo's name."""

    source: str
    same_person: SamePerson
    crop: Path
    crop_json: Path


@dataclass(frozen=True)
class PaintOrder:
    """One face to be painted in one variation.

    Attributes:
        attempt: 0 for the first.
        strategies: to be tried in this order by one backend of the gen stage.
        later: those that come after them, by other backends.
    """

    face_index: int
    paths: RunPathManager
    variation_id: str
    attempt: int
    seed: int
    strategies: tuple[str, ...]
    params: GenItemParams
    donor: Donor | None = None
    later: tuple[str, ...] = ()

    @property
    def backend(self) -> str:
        """The gen stage's backend that has the strategies."""
        return backend_of(self.strategies[0])

    @property
    def item_id(self) -> str:
        return f"{self.variation_id}/{self.face_index}"


@dataclass(frozen=True)
class Pasting:
    """A painted face as it goes into a blend. eyes: those to paste."""

    order: PaintOrder
    eyes: tuple[Side, ...]


@dataclass(frozen=True)
class RestoreOrder:
    """A blended picture whose faces are to be restored.

    Attributes:
        face_json: what is seen in it.
        debug: where each face before and after goes, None for nowhere.
    """

    blended: Path
    restored: Path
    face_json: Path
    faces: tuple[int, ...]
    debug: Path | None = None
