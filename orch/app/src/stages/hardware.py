"""What this computer has to work with."""

from __future__ import annotations

import os
from dataclasses import dataclass
from math import ceil
from pathlib import Path

_CONTAINER = "/sys/fs/cgroup"
"""Control group of a container, version 2."""


@dataclass(frozen=True)
class Hardware:
    """cores: those that this process may use. memory_mb: free for new processes, in MB of 10**6 bytes."""

    cores: int
    memory_mb: float


def this_computer() -> Hardware:
    return Hardware(available_cores(), available_memory_mb())


def available_cores() -> int:
    """Cores that this process may use, of the machine or of the container; a part of one counts as one."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        quota, period = Path(f"{_CONTAINER}/cpu.max").read_text(encoding="ascii").split()
    except (OSError, ValueError):  # no such control group
        return cores
    return min(cores, ceil(int(quota) / int(period))) if quota.isdecimal() else cores


def available_memory_mb() -> float:
    """Memory that new processes may take without swapping, of the machine or of the container; half of all
    where the system does not tell."""
    available = _number("/proc/meminfo", "MemAvailable:")
    if available is None:  # not Linux
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2e6
    machine = available * 1024 / 1e6
    limit = _number(f"{_CONTAINER}/memory.max", "")
    used = _number(f"{_CONTAINER}/memory.stat", "anon ")  # what cannot be let go when memory is short
    if limit is None or used is None:
        return machine
    return max(0.0, min(machine, (limit - used) / 1e6))


def _number(path: str, key: str) -> int | None:
    """The number behind a key at the beginning of a line; None where there is none."""
    try:
        with open(path, encoding="ascii") as lines:
            found = next((line.removeprefix(key).split()[0] for line in lines if line.startswith(key)), "")
    except OSError:
        return None
    return int(found) if found.isdecimal() else None
