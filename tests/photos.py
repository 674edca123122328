"""The labelled real photos that some tests read; they stay outside of the repository.

Looked for in `OTE_TEST_PHOTOS`, else in `../shared/photos` beside the checkout. Tests skip, saying
so, where they are absent.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

CHECKOUT = Path(__file__).resolve().parent.parent
PHOTOS = Path(os.environ.get("OTE_TEST_PHOTOS", CHECKOUT.parent / "shared" / "photos"))

needs_photos = pytest.mark.skipif(
    not (PHOTOS / "manifest.json").is_file(),
    reason="the labelled photos are not here (set OTE_TEST_PHOTOS to their folder)",
)


@dataclass(frozen=True)
class LabelledPhoto:
    """faces: left to right, {"L": state, "R": state} of the viewer's sides; None where unlabelled."""

    path: Path
    category: str
    shows: str
    pair: str | None
    faces: tuple[dict[str, str], ...] | None


def labelled_photos(*categories: str) -> list[LabelledPhoto]:
    """Photos of the named categories (closed, wink, group, pairs, open); all without a name."""
    rows: list[dict[str, Any]] = json.loads((PHOTOS / "manifest.json").read_text(encoding="utf-8"))
    return [
        LabelledPhoto(
            PHOTOS / row["file"],
            row["category"],
            row["shows"],
            row["pair"],
            tuple(row["faces"]) if row["faces"] is not None else None,
        )
        for row in rows
        if not categories or row["category"] in categories
    ]
