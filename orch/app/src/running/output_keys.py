"""Keys of outputs: a photo whose key is in the journal is done, and stays so until the key changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from orch.app.src.calling.options import RunOptions
from orch.app.src.fingerprints import (
    ALL_CODE,
    code_fingerprint,
    fingerprint,
    settings_that_matter,
    weights_fingerprint,
)
from orch.app.src.looking.looker import PhotoLook
from orch.app.src.selecting.marks import Marks
from orch.app.src.settings import Settings


@dataclass(frozen=True)
class OutputKeys:
    """run: what all photos of the run have in common."""

    run: str

    def of(self, look: PhotoLook, donors: Sequence[str]) -> str:
        """Key of a photo's outputs. donors: content of the photos that may lend eyes."""
        return fingerprint([self.run, look.photo.name, look.content, list(donors)])


def output_keys(
    settings: Settings, options: RunOptions, weights: Mapping[str, Path], marks: Marks | None
) -> OutputKeys:
    """Keys from everything that decides what an output looks like.

    Args:
        weights: name -> file or folder outside of the checkout.
        marks: of the selection file, None without one.
    """
    decided_by = {
        "settings": settings_that_matter(settings.as_json()),
        "num_variations": options.num_variations,
        "faces": sorted(options.faces) if options.faces is not None else None,
        "ignored_faces": sorted(options.ignored_faces),
        "selection": marks.content if marks else None,
        "weights": weights_fingerprint(weights),
        "code": code_fingerprint(ALL_CODE),
    }
    return OutputKeys(fingerprint(decided_by))
