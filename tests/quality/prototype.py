"""The prototype that the product has to beat, run over the same cases, where it is at hand."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from tests.photos import PHOTOS
from tests.quality.cases import Case
from tests.quality.product import Result

BACKEND = "prototype"
SCRIPT = PHOTOS.parent / "prototype" / "run_prototype.py"
PATIENCE_S = 300.0


def run_prototype(cases: Sequence[Case], folder: Path) -> list[Result]:
    """Empty where the prototype is not here; a photo that it fails on counts as left as it was."""
    if not SCRIPT.is_file():
        return []
    folder.mkdir(parents=True, exist_ok=True)
    return [_run(case, folder / f"{case.name}.png") for case in cases]


def _run(case: Case, output: Path) -> Result:
    output.unlink(missing_ok=True)
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, str(SCRIPT), str(case.photo), str(output)],
        capture_output=True,
        check=False,
        timeout=PATIENCE_S,
    )
    edited = done.returncode == 0 and output.is_file()
    return Result(case, BACKEND, output if edited else None, time.monotonic() - started)
