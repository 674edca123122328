"""What a folder of photos costs in one run, against one command for each photo. Prints, asserts nothing.

    python3 -m tests.performance.benchmark_folder [--photos 40] [--single 8] [--many 400]

The photos are made of the samples, in sizes up to one megapixel, and all of them have eyes to open. Time
lost is what the processor cores could have worked and did not work for a stage: starting, waiting, the
orchestrator's own work. Others who use the machine meanwhile are taken out by what the system says that
they used; on a busy machine trust the ratio, and the times of a quiet one.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path
from statistics import median
from typing import Any

from environments.places import CHECKOUT
from environments.reexec import ensure_environment
from orch.app.src.stages.hardware import available_cores

SAMPLES = ("portrait_both_closed.jpg", "portrait_one_closed.jpg", "glasses_one_closed.jpg")
MEGAPIXELS = (1.0, 0.5, 0.8, 0.39)
TARGETS = "targets: 3 times the throughput; at most 10 % lost; less than 1000 MB, the same for 400 photos"


@dataclass(frozen=True)
class Run:
    """One command.

    Attributes:
        seconds: from its start to its end.
        own: processor seconds of all its processes.
        others: those that everybody else used meanwhile, 0 where the system does not tell.
        reports: its reports, one for each command.
    """

    seconds: float
    own: float
    others: float
    reports: tuple[dict[str, Any], ...]

    def stage_cpu(self) -> float:
        return sum(use["cpu_s"] for report in self.reports for use in report["stages"].values())

    def lost(self, cores: int, seconds: float) -> float:
        """Share of `seconds` in which stages could have worked, but for others, and did not."""
        free = seconds * cores - self.others * seconds / self.seconds
        return (free - self.stage_cpu()) / free

    def to_the_last_photo(self) -> float:
        """Seconds without the page of the run, which is made when its photos are done."""
        return sum(report["total_s"] for report in self.reports)

    def peak_mb(self) -> dict[str, float]:
        """Largest memory of each stage's processes, and of all."""
        (report,) = self.reports
        peaks = {name: use["peak_rss_mb"] for name, use in report["stages"].items()}
        return {**peaks, "largest": report["peak_rss_mb"]}


def make_photos(folder: Path, count: int) -> list[Path]:
    """Samples under other names and in other sizes, each a file of its own content."""
    from PIL import Image

    folder.mkdir()
    made = []
    for number, (sample, size) in enumerate(islice(zip(cycle(SAMPLES), cycle(MEGAPIXELS)), count)):
        path = folder / f"IMG_{number:04d}.jpg"
        with Image.open(CHECKOUT / "Input_Images" / sample) as image:
            factor = (size * 1e6 / (image.width * image.height)) ** 0.5
            scaled = (int(image.width * factor), int(image.height * factor))
            image.resize(scaled, Image.Resampling.LANCZOS).save(path, quality=92, comment=f"photo {number}")
        made.append(path)
    return made


def run(inputs: Sequence[Sequence[Path]], output: Path) -> Run:
    """One command after the other, from the door, each with its photos or folders."""
    started, busy, own = time.monotonic(), _busy_seconds(), _own_seconds()
    reports = []
    for number, paths in enumerate(inputs):
        target = output / str(number)
        command = [sys.executable, str(CHECKOUT / "run_pipeline.py"), "--output", str(target)]
        done = subprocess.run(
            [*command, "--input", *map(str, paths)],
            capture_output=True,
            text=True,
            check=False,
            cwd=CHECKOUT,
            env=_usual_environment(),
        )
        if done.returncode:
            raise RuntimeError(done.stdout[-2000:] + done.stderr)
        (report,) = (target / "Output_Json").glob("report_*.json")
        reports.append(json.loads(report.read_text(encoding="utf-8")))
    used = _own_seconds() - own
    others = max(0.0, _busy_seconds() - busy - used)
    return Run(time.monotonic() - started, used, others, tuple(reports))


def _usual_environment() -> dict[str, str]:
    """As a person has it: byte code is kept, so that nothing is compiled at each start."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def _own_seconds() -> float:
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def _busy_seconds() -> float:
    """Processor seconds that all cores have worked since the system began; 0 where it does not tell."""
    try:
        with open("/proc/stat", encoding="ascii") as lines:
            user, nice, system, _, _, irq, softirq, *_ = map(int, lines.readline().split()[1:])
    except OSError:
        return 0.0
    return (user + nice + system + irq + softirq) / os.sysconf("SC_CLK_TCK")


def opened(report: dict[str, Any]) -> int:
    """Eyes that were opened, so that nobody times a run that did nothing."""
    variations = (v for photo in report["photos"] for v in photo["variations"])
    eyes = (eye for v in variations for face in v["faces"] for eye in face["eyes"])
    return sum(eye["outcome"] == "opened" for eye in eyes)


def told(name: str, made: Run, photos: int, cores: int) -> str:
    return (
        f"{name}: {photos} photos, {sum(map(opened, made.reports))} eyes opened in {made.seconds:.1f} s, "
        f"{made.seconds / photos:.2f} s each; stages' processor time {made.stage_cpu():.1f} s, "
        f"the leader's {made.own - made.stage_cpu():.1f} s, others' {made.others:.1f} s; "
        f"lost {made.lost(cores, made.seconds):.1%}, "
        f"to the last photo {made.lost(cores, made.to_the_last_photo()):.1%}"
    )


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python3 -m tests.performance.benchmark_folder")
    parser.add_argument("--photos", type=int, default=40, help="in one run (40)")
    parser.add_argument("--single", type=int, default=8, help="that get a command each (8)")
    parser.add_argument("--many", type=int, default=0, help="in one more run, for memory (0: none; 400)")
    options = parser.parse_args(argv)
    cores = available_cores()
    with tempfile.TemporaryDirectory(prefix="open-the-eyes-benchmark-") as name:
        folder = Path(name)
        photos = make_photos(folder / "photos", options.photos)
        run([photos[:1]], folder / "warm")  # makes environments
        whole = run([[folder / "photos"]], folder / "whole")
        print(told("one run", whole, len(photos), cores), flush=True)
        print(f"memory in MB: {whole.peak_mb()}", flush=True)
        if options.single:
            chosen = photos[: options.single]
            single = run([[photo] for photo in chosen], folder / "single")
            print(told("a command for each", single, len(chosen), cores))
            each = median(report["total_s"] for report in single.reports)
            ratio = single.seconds / len(chosen) / (whole.seconds / len(photos))
            print(f"throughput: {ratio:.1f} times; a single photo {each:.2f} s", flush=True)
        if options.many:
            make_photos(folder / "many_photos", options.many)
            many = run([[folder / "many_photos"]], folder / "many")
            print(told("many", many, options.many, cores))
            print(f"memory in MB: {many.peak_mb()}")
    print(f"{TARGETS}; {cores} cores")
    return 0


if __name__ == "__main__":
    ensure_environment(CHECKOUT / "tests", "tests.performance.benchmark_folder", "tests")
    sys.exit(main(sys.argv[1:]))
