"""Ctrl-C and its relatives, on a real process with real children."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from contracts.files import TEMPORARY_PREFIX
from environments.places import CHECKOUT
from orch.app.src.stages.launching import stage_environment
from tests.faults.test_orch_faults import alive, wait_until

RUN = """
import os, signal, sys
from pathlib import Path
from orch.app.src import open_the_eyes
from orch.app.src.cli import parse
from orch.app.src.running.run import execute
from orch.app.src.stages.process import StageProcess
from orch.app.src.stages.launching import stage_environment
from tests.faults.test_orch_faults import wait_until
from tests.unit.orch_fakes import FakeStage, World, face, surroundings

# What a shell starts in the background ignores Ctrl-C, and so would this.
signal.signal(signal.SIGINT, signal.default_int_handler)
folder = Path(sys.argv[1])
journal = folder / "out" / "Output_Json" / "journal_r.jsonl"
world = World({"1.jpg": (face(0),), "2.jpg": (face(0),), "3.jpg": (face(0),)})
for name in world.photos:
    (folder / name).write_text(name)

class SlowStage(FakeStage):
    "Answers the first photo; when that is recorded, it waits for a child that never answers, for the second."
    child = None
    def ask(self, request, deadline_s, on_event):
        if request.stage == "crop" and request.items[0].photo == "in:2.jpg":
            wait_until(lambda: '"kind": "photo"' in journal.read_text())
            print(self.child.pid, flush=True)
            return self.child.ask(request, deadline_s, on_event)
        return super().ask(request, deadline_s, on_event)
    def kill(self):
        if self.child: self.child.kill()

def launch(entry, backend):
    stage = SlowStage(entry, world)
    if entry.name == "crop":
        stage.child = StageProcess("crop", ["sleep", "600"], dict(os.environ), folder, folder / "log")
    return stage

around = surroundings(world, launcher=lambda *_: launch)
import orch.app.src.running.surroundings as real
real.surroundings = lambda quiet=False: around
import environments.reexec
environments.reexec.ensure_environment = lambda *arguments: None
sys.exit(open_the_eyes.command(["--input", str(folder), "--output", str(folder / "out"), "--run-id", "r"]))
"""


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_keeps_what_is_finished_and_leaves_nothing_else(
    tmp_path: Path, how: signal.Signals
) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", RUN, str(tmp_path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=CHECKOUT,
        env=stage_environment(os.environ),
    )
    assert process.stdout is not None and process.stderr is not None
    child = int(process.stdout.readline())
    process.send_signal(how)
    assert process.wait(60) == 130  # and not when the child ends, after ten minutes
    assert process.stderr.read() == b""
    process.stdout.close()
    process.stderr.close()
    wait_until(lambda: not alive(child))
    out = tmp_path / "out"
    left = sorted(
        p.relative_to(out).as_posix() for p in out.rglob("*") if p.is_file() and ".cache" not in p.parts
    )
    assert left == [
        "Output_Json/journal_r.jsonl",
        "Output_Json/report_r.html",
        "Output_Json/report_r.json",
        "final_restore_r_1_jpg_original.png",
    ]
    assert not [p for p in out.rglob("*") if p.name.startswith(TEMPORARY_PREFIX)]
    report = json.loads((out / "Output_Json" / "report_r.json").read_text())
    assert (report["exit_code"], report["not_done"]) == (130, ["2.jpg", "3.jpg"])
