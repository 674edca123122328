"""What stages cost: by stage, and how long any of them was at work."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from contracts.envelope import Request, Result, Versions


@dataclass
class StageUse:
    """What a stage cost so far.

    Attributes:
        processes: that were started, without restarts.
        wall_s: as the orchestrator waited; run_s, load_s, cpu_s: as the stage says.
    """

    processes: int = 1
    requests: int = 0
    items: int = 0
    restarts: int = 0
    wall_s: float = 0.0
    run_s: float = 0.0
    load_s: float = 0.0
    cpu_s: float = 0.0
    peak_rss_mb: float | None = None
    peak_vram_mb: float | None = None
    versions: Versions = field(default_factory=Versions)

    def add(self, request: Request, result: Result, wall_s: float) -> None:
        """One answered request."""
        self.requests += 1
        self.items += len(request.items)
        self.wall_s += wall_s
        self.run_s += result.metrics.run_s
        self.load_s += result.metrics.load_s
        self.cpu_s += result.metrics.cpu_s
        self.peak_rss_mb = larger(self.peak_rss_mb, result.metrics.peak_rss_mb)
        self.peak_vram_mb = larger(self.peak_vram_mb, result.metrics.peak_vram_mb)
        if result.versions.python:
            self.versions = result.versions

    def merge(self, other: StageUse) -> None:
        """Add what another process of the stage cost."""
        for name in ("processes", "requests", "items", "restarts", "wall_s", "run_s", "load_s", "cpu_s"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.peak_rss_mb = larger(self.peak_rss_mb, other.peak_rss_mb)
        self.peak_vram_mb = larger(self.peak_vram_mb, other.peak_vram_mb)
        if other.versions.python:
            self.versions = other.versions


class BusyTime:
    """Seconds in which at least one stage worked, or a picture was written."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._spans: list[tuple[float, float]] = []  # apart from each other, in order

    def add(self, begin: float, end: float) -> None:
        """Work from `begin` to `end`; work that ended earlier has been added before."""
        with self._lock:
            while self._spans and self._spans[-1][1] >= begin:
                earlier, later = self._spans.pop()
                begin, end = min(begin, earlier), max(end, later)
            self._spans.append((begin, end))

    def seconds(self) -> float:
        with self._lock:
            return sum(end - begin for begin, end in self._spans)


def larger(a: float | None, b: float | None) -> float | None:
    """The larger one of those that are known."""
    return max((x for x in (a, b) if x is not None), default=None)
