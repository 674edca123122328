"""The figures as they were when somebody last agreed to them, and what has fallen since.

    python3 -m tests --quality --renew-baseline

runs everything with several seeds, and stores the mean of each figure and its noise: the range over the
seeds, which is how far it moves although nothing got better or worse, but at least the figure's floor.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.quality.figures import FIGURES, Figure, Table
from tests.quality.prototype import BACKEND as PROTOTYPE

BASELINE = Path(__file__).with_name("baseline.json")
SEEDS = (None, 1, 2)
"""None is the product's own."""

Stored = dict[str, dict[str, tuple[float, float]]]
"""Row -> figure -> value, noise."""


@dataclass(frozen=True)
class Fall:
    """A figure that is worse than its baseline by more than its noise."""

    row: str
    figure: Figure
    was: float
    now: float
    noise: float

    def line(self) -> str:
        digits = max(self.figure.digits, 2)
        return (
            f"{self.row}: {self.figure.title} was {self.was:.{digits}f}, is {self.now:.{digits}f} "
            f"(noise {self.noise:.{digits}f})"
        )


def stored(tables: Sequence[Table]) -> Stored:
    """Mean and noise over several runs of the same, of the product's figures that may not fall."""
    return {
        str(row): {
            figure.name: _mean_and_noise([table[row][figure.name][0] for table in tables], figure.floor)
            for figure in FIGURES
            if figure.floor is not None and all(figure.name in table[row] for table in tables)
        }
        for row in tables[0]
        if row.backend != PROTOTYPE
    }


def _mean_and_noise(values: Sequence[float], floor: float) -> tuple[float, float]:
    return round(sum(values) / len(values), 4), round(max(max(values) - min(values), floor), 4)


def read_baseline(judges: str, path: Path = BASELINE) -> Stored:
    """By the same judges; empty where there is none yet."""
    everything = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return dict(everything.get(judges, {}))


def write_baseline(judges: str, figures: Stored, path: Path = BASELINE) -> None:
    """Baselines by other judges, and rows that were not measured now, stay as they were."""
    everything = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    everything[judges] = {**everything.get(judges, {}), **figures}
    path.write_text(json.dumps(everything, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def falls(baseline: Mapping[str, Mapping[str, Sequence[float]]], table: Table) -> list[Fall]:
    """Of the rows and figures that both have: not every machine has every photo."""
    found = []
    for row, values in table.items():
        held = baseline.get(str(row), {})
        for figure in FIGURES:
            if figure.floor is None or figure.name not in held or figure.name not in values:
                continue
            (was, noise), now = held[figure.name], values[figure.name][0]
            worse = was - now if figure.higher_is_better else now - was
            if worse > noise + 1e-9:
                found.append(Fall(str(row), figure, was, now, noise))
    return found
