"""Fifty kills at random moments, each survived: of stage processes, and of the run itself.

A folder is opened once without harm. Then the same is done again and again while processes are killed,
and taken up with --resume until it is through: what lies there in the end has to be the same.
"""

from __future__ import annotations

import json
import os
import random
import re
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from contracts.files import TEMPORARY_PREFIX
from environments.places import CHECKOUT
from environments.reexec import child_environment

SAMPLES = (
    "portrait_both_closed.jpg",
    "portrait_one_closed.jpg",
    "glasses_one_closed.jpg",
    "portrait_open.jpg",
)
PHOTOS = 12
HEIGHT = 360
KILLS = 50
KILLS_A_ROUND = 7
SEED = 20260401
MOST_CALLS = 2 * KILLS_A_ROUND
"""Of --resume in one round; a kill may hit the second try of an item, which then fails."""
PATIENCE_S = 120.0
MARK = "OTE_TEST_KILLS"
RUN_ID = "killed"
TIMES = re.compile(
    r"\d{4}-\d\d-\d\dT[\d:.]+(?:[+-]\d\d:\d\d|Z)?|"  # a moment
    r"(?:crop|face|gen|blend|res)(?:\\?\"|&quot;): [\d.]+"  # seconds of a stage
)
"""Moments and stages' seconds in metadata."""

pytestmark = [
    pytest.mark.heavy,
    pytest.mark.skipif(sys.platform != "linux", reason="looks for orphans in /proc"),
]


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from PIL import Image

    folder = tmp_path_factory.mktemp("photos")
    for number in range(PHOTOS):
        with Image.open(CHECKOUT / "Input_Images" / SAMPLES[number % len(SAMPLES)]) as image:
            small = image.resize((HEIGHT * image.width // image.height, HEIGHT))
            small.save(folder / f"photo {number}.jpg", quality=95, comment=f"number {number}")
    return folder


@dataclass
class Runs:
    """Calls of the program over one folder, all processes of which carry a mark."""

    photos: Path
    output: Path
    mark: str = field(default_factory=lambda: uuid.uuid4().hex)

    def start(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "orch.app.src.open_the_eyes", "--resume", "--run-id", RUN_ID]
        environment = {**child_environment(), MARK: self.mark, "OMP_NUM_THREADS": "1"}
        with open(self.output.with_suffix(".log"), "ab") as log:
            return subprocess.Popen(
                [*command, "--input", str(self.photos), "--output", str(self.output)],
                cwd=CHECKOUT,
                env=environment,
                stdout=log,
                stderr=log,
            )

    def processes(self) -> list[int]:
        """All that carry the mark."""
        found = []
        for entry in Path("/proc").glob("[0-9]*/environ"):
            try:
                marked = f"{MARK}={self.mark}".encode() in entry.read_bytes()
                ended = " Z " in (entry.parent / "stat").read_text()
            except OSError:
                continue  # it has just ended
            if marked and not ended:
                found.append(int(entry.parent.name))
        return found

    def said(self) -> str:
        return self.output.with_suffix(".log").read_text(errors="replace")[-3000:]

    def finish(self, process: subprocess.Popen[bytes]) -> None:
        """Wait, and go on with --resume until all is well."""
        for _ in range(MOST_CALLS):
            if process.wait(PATIENCE_S) == 0:
                return
            process = self.start()
        raise AssertionError(f"not through after {MOST_CALLS} calls: {self.said()}")


@pytest.fixture(scope="module")
def undisturbed(photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, float]]:
    """The output of a run without harm, and how long it took, once environments are there."""
    folder = tmp_path_factory.mktemp("undisturbed")
    Runs(photos, folder / "first").finish(Runs(photos, folder / "first").start())
    runs = Runs(photos, folder / "second")
    started = time.monotonic()
    runs.finish(runs.start())
    yield runs.output, time.monotonic() - started


@pytest.mark.parametrize("number", range(-(-KILLS // KILLS_A_ROUND)))
def test_what_is_killed_and_resumed_ends_as_if_nothing_had_been(
    number: int, photos: Path, undisturbed: tuple[Path, float], tmp_path: Path
) -> None:
    expected, seconds = undisturbed
    chance = random.Random(SEED + number)
    runs = Runs(photos, tmp_path / "out")
    process = runs.start()
    kills = min(KILLS_A_ROUND, KILLS - number * KILLS_A_ROUND)
    for _ in range(kills):
        _kill_one(chance, runs, process, seconds)
        if process.poll() is not None:
            process = runs.start()
    runs.finish(process)
    assert pictures(runs.output) == pictures(expected), runs.said()
    assert facts(runs.output) == facts(expected)
    assert not [p for p in runs.output.rglob("*") if p.name.startswith(TEMPORARY_PREFIX)]
    wait_for_end(runs)


def _kill_one(chance: random.Random, runs: Runs, process: subprocess.Popen[bytes], seconds: float) -> None:
    """Kill the run or one of its stages, at a moment somewhere in the time that the run takes."""
    time.sleep(chance.uniform(0.0, seconds / 2))
    victims = sorted(set(runs.processes()) - {process.pid})
    victim = chance.choice(victims) if victims and chance.random() < 0.6 else process.pid
    try:
        os.kill(victim, signal.SIGKILL)
    except ProcessLookupError:
        return  # it had just ended by itself
    if victim == process.pid:
        process.wait(PATIENCE_S)


def pictures(output: Path) -> dict[str, tuple[Any, ...]]:
    """Name -> size, mode, pixels and metadata of every finished picture, but for the time."""
    from PIL import Image

    found = {}
    for path in output.rglob("*.png"):
        with Image.open(path) as image:
            said = TIMES.sub("a time", str(image.info))
            found[path.relative_to(output).as_posix()] = (image.size, image.mode, image.tobytes(), said)
    return found


def facts(output: Path) -> list[tuple[Any, ...]]:
    """What the report says of each photo, but for times and places."""
    report = json.loads((output / "Output_Json" / f"report_{RUN_ID}.json").read_text())
    return [
        (
            photo["photo"],
            photo["status"],
            [(v["variation_id"], v["seed"], v["faces"], v["output"] is None) for v in photo["variations"]],
        )
        for photo in report["photos"]
    ]


def wait_for_end(runs: Runs) -> None:
    deadline = time.monotonic() + 10
    while left := runs.processes():
        assert time.monotonic() < deadline, f"still there: {left}"
        time.sleep(0.05)
