"""The product run over many cases as a user runs it: one command over a folder, one report."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from tests.quality.cases import Case
from tests.running import finish

PATIENCE_S = 7200.0
WITH_DONOR = " with donor"
GIVEN_DONORS = ("donor", f"auto{WITH_DONOR}")


@dataclass(frozen=True)
class Result:
    """What became of one case.

    Attributes:
        backend: as asked for, or what a table calls it.
        picture: None where nothing was edited.
        seconds: for this photo, without the start of the program.
        report: of the photo; None of what is not the product.
        peak_rss_mb: of the largest process of the run.
    """

    case: Case
    backend: str
    picture: Path | None
    seconds: float
    report: dict[str, Any] | None = None
    peak_rss_mb: float | None = None

    @property
    def shown(self) -> Path:
        """What the user has afterwards."""
        return self.picture or self.case.photo


def run_cases(cases: Sequence[Case], backend: str, folder: Path, seed: int | None) -> list[Result]:
    """Open the eyes of all cases by one backend, one run for each category; the runs stay in `folder`.

    With the backends of `GIVEN_DONORS` the truth of a case is its donor, which takes a run for each.
    """
    options = ["--backend", backend.removesuffix(WITH_DONOR)]
    options += ["--seed", str(seed)] if seed is not None else []
    if backend in GIVEN_DONORS:
        return [
            _run([case], backend, folder / case.name, [*options, "--donor", str(case.truth.picture)])[0]
            for case in cases
            if case.truth
        ]
    ordered = sorted(cases, key=lambda case: case.category)
    return [
        result
        for category, group in groupby(ordered, key=lambda case: case.category)
        for result in _run(list(group), backend, folder / category.replace(" ", "_"), options)
    ]


def _run(cases: Sequence[Case], backend: str, folder: Path, options: list[str]) -> list[Result]:
    shutil.rmtree(folder, ignore_errors=True)
    photos = folder / "photos"
    photos.mkdir(parents=True)
    for case in cases:  # names of cases are unique, those of photos need not be
        (photos / f"{case.name}{case.photo.suffix}").symlink_to(case.photo)
    done = finish("--input", str(photos), *options, output=folder / "out", cwd=folder, patience_s=PATIENCE_S)
    results = []
    for case in cases:
        report = done.photo(f"{case.name}{case.photo.suffix}")
        written = [v["output"]["path"] for v in report["variations"] if v["output"]]
        picture = Path(written[0]) if written else None
        results.append(Result(case, backend, picture, report["total_s"], report, done.report["peak_rss_mb"]))
    return results
