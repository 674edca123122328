"""What a 12-megapixel photo with two closed faces costs on this machine. Prints, and asserts nothing.

    python3 -m tests.performance.benchmark_embedded [--runs 5]

The photo is made of a sample, enlarged so that its faces are about 900 px wide. The whole command is
timed, from the start of the interpreter to its end; the first run is shown apart, because it may make
environments and reads every file from disk.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from environments.places import CHECKOUT
from environments.reexec import ensure_environment

SAMPLE = CHECKOUT / "Input_Images" / "portrait_both_closed.jpg"
PHOTO_SIZE = (4000, 3000)
PORTRAIT_HEIGHT = 2960
PORTRAIT_WIDTH = 1960
GRAIN = 2.5
"""Standard deviation of the noise of a camera at ISO 400, 8-bit levels."""

TARGETS = "targets: at most 6 s for the command, 1.5 s of overhead, 700 MB in the largest process"


@dataclass(frozen=True)
class Run:
    """seconds, cpu_seconds: of the whole command, as seen from outside. report: its report.json."""

    seconds: float
    cpu_seconds: float
    report: dict[str, Any]

    def stage_seconds(self) -> dict[str, float]:
        photo: dict[str, float] = self.report["photos"][0]["stage_seconds"]
        return photo


def make_photo(path: Path) -> None:
    """Two enlarged portraits side by side, one mirrored, with camera noise."""
    import numpy as np
    from PIL import Image

    with Image.open(SAMPLE) as sample:
        width = round(sample.width * PORTRAIT_HEIGHT / sample.height)
        portrait = sample.resize((width, PORTRAIT_HEIGHT), Image.Resampling.BICUBIC)
    left = (width - PORTRAIT_WIDTH) // 2
    portrait = portrait.crop((left, 0, left + PORTRAIT_WIDTH, PORTRAIT_HEIGHT))
    photo = Image.new("RGB", PHOTO_SIZE, (170, 165, 160))
    photo.paste(portrait, (20, 40))
    photo.paste(portrait.transpose(Image.Transpose.FLIP_LEFT_RIGHT), (2020, 40))
    grain = np.random.default_rng(12).normal(0.0, GRAIN, (PHOTO_SIZE[1], PHOTO_SIZE[0], 1))
    noisy = np.clip(np.round(np.asarray(photo) + grain), 0, 255).astype(np.uint8)
    Image.fromarray(noisy).save(path, quality=95)


def run_once(photo: Path, output: Path) -> Run:
    """The whole command once, from the door.

    Raises:
        RuntimeError: it failed, with what it said.
    """
    command = [sys.executable, str(CHECKOUT / "run_pipeline.py"), "--input", str(photo)]
    started, cpu_before = time.monotonic(), _cpu_seconds()
    done = subprocess.run(
        [*command, "--output", str(output)], capture_output=True, text=True, check=False, cwd=CHECKOUT
    )
    seconds = time.monotonic() - started
    if done.returncode:
        raise RuntimeError(done.stdout + done.stderr)
    (report,) = (output / "Output_Json").glob("report_*.json")
    cpu_seconds = _cpu_seconds() - cpu_before
    return Run(seconds, cpu_seconds, json.loads(report.read_text(encoding="utf-8")))


def _cpu_seconds() -> float:
    """Processor time of all finished children and theirs: what a busy machine does not blur."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def table(runs: list[Run]) -> str:
    """Median seconds and highest peak memory, as lines of text."""
    rows = [
        (name, median(run.stage_seconds()[name] for run in runs), _peak(runs, name))
        for name in runs[0].stage_seconds()
    ]
    rows += [
        ("overhead", median(run.report["overhead_s"] for run in runs), None),
        ("processor time", median(run.cpu_seconds for run in runs), None),
        ("whole command", median(run.seconds for run in runs), max(r.report["peak_rss_mb"] for r in runs)),
    ]
    return "\n".join(
        f"{name:<16}{seconds:8.2f} s" + ("" if peak is None else f"{peak:8.0f} MB")
        for name, seconds, peak in rows
    )


def _peak(runs: list[Run], stage: str) -> float | None:
    """Peak memory of a stage's process in MB; None for what the orchestrator does itself."""
    peaks = [run.report["stages"][stage]["peak_rss_mb"] for run in runs if stage in run.report["stages"]]
    return max(peaks, default=None)


def outcome(run: Run) -> str:
    """What became of the eyes, so that nobody times a run that did nothing."""
    photo = run.report["photos"][0]
    eyes = [eye["outcome"] for v in photo["variations"] for face in v["faces"] for eye in face["eyes"]]
    return f"faces: {len(photo['faces'])}; eyes: {', '.join(eyes) or 'none touched'}"


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python3 -m tests.performance.benchmark_embedded")
    parser.add_argument("--runs", type=int, default=5, help="warm runs (5)")
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory(prefix="open-the-eyes-benchmark-") as folder:
        photo = Path(folder) / "two_closed_faces.jpg"
        make_photo(photo)
        first = run_once(photo, Path(folder) / "first")
        print(f"12 MP, {outcome(first)}; first run {first.seconds:.2f} s", flush=True)
        runs = [run_once(photo, Path(folder) / str(n)) for n in range(options.runs)]
    print(f"median of {len(runs)} warm runs:\n{table(runs)}\n{TARGETS}")
    return 0


if __name__ == "__main__":
    ensure_environment(CHECKOUT / "tests", "tests.performance.benchmark_embedded", "tests")
    sys.exit(main(sys.argv[1:]))
