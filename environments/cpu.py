"""What this machine's processor can do, as options for building ggml; never those of the next machine.

An option of ggml that the processor lacks ends in an illegal instruction, one that is left out costs
speed. The options become part of a recipe's content: environments and kept wheels of different
processors have different keys, also where a home folder is shared.
"""

from __future__ import annotations

import platform
import subprocess
import sys
from functools import cache
from pathlib import Path

_X86 = {
    "sse4_2": "GGML_SSE42",
    "avx": "GGML_AVX",
    "avx2": "GGML_AVX2",
    "bmi2": "GGML_BMI2",
    "fma": "GGML_FMA",
    "f16c": "GGML_F16C",
}
"""Feature in /proc/cpuinfo -> ggml's option. AVX-512 is left out: it brings little for small models."""


@cache
def ggml_options() -> str:
    """CMake options of ggml for the processor that runs this."""
    return options_for(platform.machine().lower(), _features())


def options_for(machine: str, features: frozenset[str]) -> str:
    """CMake options of ggml for a processor.

    Args:
        machine: as `platform.machine` says, in lower case.
        features: by the names of Linux; those of an unknown system are none, which is slow and safe.
    """
    options = ["-DGGML_NATIVE=OFF"]
    if machine in ("x86_64", "amd64"):
        options += [f"-D{option}={'ON' if name in features else 'OFF'}" for name, option in _X86.items()]
    elif machine in ("aarch64", "arm64") and {"asimddp", "asimdhp"} <= features:
        options.append("-DGGML_CPU_ARM_ARCH=armv8.2-a+dotprod+fp16")
    return " ".join(options)


def _features() -> frozenset[str]:
    if sys.platform == "darwin":
        return _of_mac()
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace")
    except OSError:
        return frozenset()
    return of_cpuinfo(text)


def of_cpuinfo(text: str) -> frozenset[str]:
    """Features that every core has: the big and the little ones of a processor can differ."""
    lines = [
        frozenset(value.split())
        for name, _, value in (line.partition(":") for line in text.splitlines())
        if name.strip() in ("flags", "Features")
    ]
    return frozenset.intersection(*lines) if lines else frozenset()


def _of_mac() -> frozenset[str]:
    """Of Intel's; on Apple's own processors the compiler's baseline is the first of them."""
    command = ["sysctl", "-n", "machdep.cpu.features", "machdep.cpu.leaf7_features"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)
    except OSError:
        return frozenset()
    names = answer.stdout.lower().replace("avx1.0", "avx").replace("sse4.2", "sse4_2")
    return frozenset(names.split())
