"""One face in one variation: what was tried, what came of it, and what to try next.

An eye that did not open is painted again, at most `MOST_ATTEMPTS` times in all, or as often as there are
strategies: with the next donor, then the next strategy, then the last one with another seed and a little
wider. Strategies of one backend are tried in one request; what all of them declined goes to the next
backend and counts for nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import takewhile

from contracts.codec import from_dict
from contracts.envelope import ErrorInfo, ItemResult, Notice, Refusal
from contracts.face import Side
from contracts.gen import GenItemData, GenItemParams
from orch.app.src.asking.orders import Donor, PaintOrder
from orch.app.src.opening.plan import FacePlan
from orch.app.src.report import EyeVerdict, FaceEdit
from orch.app.src.run_paths import RunPathManager
from orch.app.src.strategies import backend_of

MOST_ATTEMPTS = 3
RETRY_SEED_STEP = 1000
"""Far from the seeds of other variations."""
RETRY_OPENNESS_STEP = 0.1
MOST_OPENNESS = 1.2


@dataclass
class Attempt:
    """One painting.

    Attributes:
        eyes: sides that were painted.
        iris_source: where the colour of their irises comes from.
        verdicts: filled by the look afterwards.
    """

    order: PaintOrder
    strategy: str | None
    eyes: tuple[Side, ...]
    refused: tuple[Refusal, ...]
    error: ErrorInfo | None
    warnings: tuple[Notice, ...] = ()
    iris_source: str = ""
    verdicts: dict[Side, EyeVerdict] = field(default_factory=dict)

    @property
    def opened(self) -> tuple[Side, ...]:
        return tuple(side for side in self.eyes if self._outcome(side) == "opened")

    def _outcome(self, side: Side) -> str:
        return self.verdicts[side].outcome if side in self.verdicts else ""


@dataclass
class FaceWork:
    """The attempts at one face in one variation.

    Args:
        donors: ranked for this face; the variation starts at `first_donor`.
    """

    plan: FacePlan
    variation_id: str
    paths: RunPathManager
    seed: int
    params: GenItemParams
    donors: Sequence[Donor | None] = ()
    first_donor: int = 0
    attempts: list[Attempt] = field(default_factory=list)

    @property
    def best(self) -> Attempt | None:
        """The attempt that opened most eyes, the earliest of equals; None where none opened any."""
        opened = [attempt for attempt in self.attempts if attempt.opened]
        return max(opened, key=lambda a: len(a.opened), default=None)

    def next_order(self) -> PaintOrder | None:
        """What to paint now; None where all is well or nothing is left to try."""
        number = len(self.attempts)
        if number == 0:
            return self._order(self.plan.strategies, number)
        last = self.attempts[-1]
        painted = sum(attempt.strategy is not None or attempt.error is not None for attempt in self.attempts)
        most = max(MOST_ATTEMPTS, len(self.plan.strategies))
        if painted >= most or set(self.plan.eyes) <= set(last.opened):
            return None
        names = (*last.order.strategies, *last.order.later)
        if last.error:
            return self._order(names[1:], number) if names[1:] else None
        if last.strategy is None:  # every strategy of that backend declined, and would again
            return self._order(last.order.later, number) if last.order.later else None
        if last.strategy == "donor" and number < len(self.donors):
            return self._order(names, number)
        later = names[names.index(last.strategy) + 1 :]
        return self._order(later or (last.strategy,), number)

    def record(self, order: PaintOrder, result: ItemResult) -> Attempt:
        """Take down what the gen stage answered."""
        painted: dict[Side, str] = {}
        if result.status == "succeeded":
            data = from_dict(GenItemData, result.data, "gen data")
            painted = {eye.side: eye.iris_source for eye in data.eyes if eye.side in self.plan.eyes}
        attempt = Attempt(
            order,
            result.strategy_used,
            tuple(side for side in self.plan.eyes if side in painted),
            result.refused,
            result.error,
            result.warnings,
            next(iter(painted.values()), ""),
        )
        self.attempts.append(attempt)
        return attempt

    def edit(self) -> FaceEdit:
        """What became of the face, for the report."""
        chosen = self.best or self.attempts[-1]
        refused = tuple(dict.fromkeys(r for attempt in self.attempts for r in attempt.refused))
        donor = chosen.order.donor if chosen.strategy == "donor" else None
        return FaceEdit(
            face_index=self.plan.face_index,
            strategy_used=chosen.strategy,
            attempts=len(self.attempts),
            eyes=tuple(_verdict(chosen, side) for side in self.plan.eyes),
            refused=refused,
            donor=donor.source if donor else None,
            same_person=donor.same_person if donor else "not_checked",
            iris_source=chosen.iris_source,
            warnings=(*chosen.warnings, *self._earlier_errors(chosen)),
            error=chosen.error,
        )

    def _earlier_errors(self, chosen: Attempt) -> list[Notice]:
        """What went wrong before the attempt that is kept: honest, though it did no harm."""
        return [
            Notice(a.error.code, f"{a.order.strategies[0]} failed, another way was taken: {a.error.message}")
            for a in self.attempts
            if a.error and a is not chosen
        ]

    def _order(self, names: tuple[str, ...], number: int) -> PaintOrder:
        first = backend_of(names[0])
        strategies = tuple(takewhile(lambda name: backend_of(name) == first, names))
        donor = None
        if "donor" in strategies and self.donors:
            donor = self.donors[(self.first_donor + number) % len(self.donors)]
        repeats = sum(attempt.strategy == names[0] for attempt in self.attempts)
        openness = min(MOST_OPENNESS, self.params.openness + repeats * RETRY_OPENNESS_STEP)
        return PaintOrder(
            face_index=self.plan.face_index,
            paths=self.paths,
            variation_id=self.variation_id,
            attempt=number,
            seed=self.seed + number * RETRY_SEED_STEP,
            strategies=strategies,
            later=names[len(strategies) :],
            params=replace(
                self.params,
                openness=round(openness, 3),
                donor_same_person=True if donor and donor.same_person == "confirmed" else None,
            ),
            donor=donor,
        )


def _verdict(attempt: Attempt, side: Side) -> EyeVerdict:
    if side in attempt.verdicts:
        return attempt.verdicts[side]
    if attempt.error:
        return EyeVerdict(side, "failed", attempt.error.message)
    reasons = "; ".join(f"{r.strategy}: {r.reason}" for r in attempt.refused)
    return EyeVerdict(side, "refused", reasons or "the strategy left this eye out")
