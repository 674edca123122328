"""How far a pass is and how fast it goes: what a bar and the JSON events tell."""

from __future__ import annotations

import threading
import time
from collections import Counter, deque

_WINDOW = 30
"""Photos over which the rate is taken: it follows a change of size or of load within a minute."""


class Pace:
    """Counts photos and looks at the clock. Stages may be told of from several threads."""

    def __init__(self) -> None:
        self.done = 0
        self.total = 0
        self._moments: deque[float] = deque()
        self._lock = threading.Lock()
        self._stages: Counter[str] = Counter()

    def begin(self, total: int) -> None:
        """A pass over so many photos starts."""
        self.done, self.total = 0, total
        self._moments = deque([time.monotonic()], maxlen=_WINDOW + 1)

    def step(self, worked: bool = True) -> None:
        """A photo is done; one that took no work says nothing about the rate."""
        self.done += 1
        if worked:
            self._moments.append(time.monotonic())

    def stage_started(self, stage: str) -> None:
        with self._lock:
            self._stages[stage] += 1

    def stage_ended(self, stage: str) -> None:
        with self._lock:
            self._stages[stage] -= 1

    def stages(self) -> dict[str, int]:
        """Stage -> requests that are in work now."""
        with self._lock:
            return {stage: number for stage, number in self._stages.items() if number > 0}

    def per_minute(self) -> float | None:
        """Photos a minute lately, None before the first."""
        steps = len(self._moments) - 1
        span = time.monotonic() - self._moments[0] if self._moments else 0.0
        return round(60.0 * steps / span, 1) if steps > 0 and span > 0 else None

    def left_s(self) -> float | None:
        """Seconds until the pass ends at this rate, None where it is not known."""
        rate = self.per_minute()
        return round(60.0 * (self.total - self.done) / rate, 1) if rate else None
