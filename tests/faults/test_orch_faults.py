"""The orchestrator against stages that misbehave, as real processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from contracts.codec import from_dict
from contracts.envelope import ItemResult, Request, Result
from environments.places import CHECKOUT
from orch.app.src.stage_registry import BackendEntry, StageEntry
from orch.app.src.stages.launching import stage_environment
from orch.app.src.stages.process import StageDied, StageProcess
from orch.app.src.stages.worker import StageWorker

MODULE = "tests.faults.misbehaving_stage"
BACKEND = BackendEntry(deadline_s=3.0, deadline_per_item_s=0.0)
ENTRY = StageEntry("crop", MODULE, "faulty", {"faulty": BACKEND})
COMMAND = [sys.executable, "-m", MODULE, "serve", "--backend", "faulty"]


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[StageWorker]:
    environment = stage_environment(os.environ)

    def launch(entry: StageEntry, backend: str) -> StageProcess:
        return StageProcess(entry.name, COMMAND, environment, CHECKOUT, tmp_path / "stage.log")

    worker = StageWorker(ENTRY, "faulty", launch)
    yield worker
    worker.kill()


def ask(worker: StageWorker, tmp_path: Path, *behaviours: str) -> Result:
    return worker.run(request(tmp_path, *behaviours), lambda event: None)


def request(tmp_path: Path, *behaviours: str) -> Request:
    items = [
        {"item_id": f"{i}", "outputs": {"text": f"work:{i}.txt"}, "params": {"do": behaviour}}
        for i, behaviour in enumerate(behaviours)
    ]
    document: dict[str, Any] = {
        "request_id": "r1",
        "run_id": "run",
        "stage": "crop",
        "backend": "faulty",
        "items": items,
        "roots": {"work": str(tmp_path)},
    }
    return from_dict(Request, document)


def code(item: ItemResult) -> str | None:
    return item.error.code if item.error else None


@pytest.mark.parametrize(
    ("behaviour", "expected", "words"),
    [
        ("crash", "STAGE_001", "exit status 17"),
        ("be_killed", "STAGE_001", "killed by SIGKILL; the system may have been out of memory"),
        ("segfault", "STAGE_001", "killed by SIGSEGV"),
        ("end_quietly", "STAGE_003", "ended without an answer"),
        ("answer_half", "STAGE_003", "not valid JSON"),
        ("answer_nonsense", "STAGE_003", "unknown key 'verdict'"),
        ("answer_for_another", "STAGE_003", "'another-request' instead of 'r1'"),
        ("run_out_of_memory", "MEMORY_001", "out of memory"),
        ("report_wrong_size", "STAGE_004", "its size differs"),
        ("report_missing_file", "STAGE_004", "not there"),
        ("write_elsewhere", "STAGE_004", "was not asked for"),
        ("forget_output", "STAGE_004", "output 'text' is missing"),
        ("leave_out", "STAGE_003", "without an answer"),
    ],
)
def test_a_fault_stays_with_its_item(
    worker: StageWorker, tmp_path: Path, behaviour: str, expected: str, words: str
) -> None:
    result = ask(worker, tmp_path, "succeed", behaviour, "succeed")
    assert [code(item) for item in result.items] == [None, expected, None]
    error = result.items[1].error
    assert error is not None and words in error.message
    assert (tmp_path / "2.txt").read_text() == "done"
    assert [code(item) for item in ask(worker, tmp_path, "succeed").items] == [None]


def test_the_last_words_of_a_crashed_stage_are_told(worker: StageWorker, tmp_path: Path) -> None:
    error = ask(worker, tmp_path, "crash").items[0].error
    assert error is not None
    assert "the cat sat on the keyboard" in error.hint


def test_a_hang_ends_at_the_deadline(worker: StageWorker, tmp_path: Path) -> None:
    started = time.monotonic()
    result = ask(worker, tmp_path, "hang")
    assert code(result.items[0]) == "STAGE_002"
    assert "within 3 s" in result.items[0].error.message  # type: ignore[union-attr]
    assert time.monotonic() - started < 2 * BACKEND.deadline_s
    assert code(ask(worker, tmp_path, "succeed").items[0]) is None


def test_a_stage_that_does_not_read_ends_at_the_deadline(tmp_path: Path) -> None:
    stage = StageProcess("crop", ["sleep", "600"], dict(os.environ), tmp_path, tmp_path / "log")
    longer_than_a_pipe = request(tmp_path, *["good" * 100] * 1000)
    started = time.monotonic()
    with pytest.raises(StageDied, match="did not answer within 1 s"):
        stage.ask(longer_than_a_pipe, 1.0, lambda event: None)
    assert time.monotonic() - started < 20
    assert not alive(stage.pid)


def test_what_a_hanging_stage_started_goes_with_it(worker: StageWorker, tmp_path: Path) -> None:
    ask(worker, tmp_path, "hang_with_child")
    wait_until(lambda: not alive(int((tmp_path / "child").read_text())))


@pytest.mark.parametrize("behaviour", ["be_chatty", "pollute_protocol"])
def test_chatter_does_not_break_the_protocol_and_goes_to_the_log(
    worker: StageWorker, tmp_path: Path, behaviour: str
) -> None:
    result = ask(worker, tmp_path, behaviour, behaviour)
    assert [code(item) for item in result.items] == [None, None]
    log = (tmp_path / "stage.log").read_text()
    expected = ["Python", "the system call", "C\n", "a child"] if behaviour == "be_chatty" else ["weights"]
    assert all(word in log for word in expected)


@pytest.mark.parametrize("behaviour", ["crash_once", "run_out_of_memory_once"])
def test_what_fails_once_is_tried_again_in_a_fresh_process(
    worker: StageWorker, tmp_path: Path, behaviour: str
) -> None:
    first = ask(worker, tmp_path, "succeed").items[0].data["pid"]
    again = ask(worker, tmp_path, behaviour).items[0]
    assert again.status == "succeeded"
    assert again.data["pid"] != first
    assert worker.use.restarts == 1


def test_what_others_kill_twice_is_tried_a_third_time(worker: StageWorker, tmp_path: Path) -> None:
    good, unlucky = ask(worker, tmp_path, "succeed", "be_killed_twice").items
    assert (good.status, unlucky.status) == ("succeeded", "succeeded")
    assert worker.use.restarts == 2


def test_what_crashes_twice_is_not_tried_a_third_time(worker: StageWorker, tmp_path: Path) -> None:
    assert code(ask(worker, tmp_path, "crash").items[0]) == "STAGE_001"
    assert worker.use.restarts == 1


def test_a_stage_that_always_dies_is_given_up(worker: StageWorker, tmp_path: Path) -> None:
    result = ask(worker, tmp_path, *["crash"] * 8)
    assert {code(item) for item in result.items} == {"STAGE_001"}
    assert worker.use.restarts == 2


def test_a_good_stage_is_not_started_twice(worker: StageWorker, tmp_path: Path) -> None:
    pids = {ask(worker, tmp_path, "succeed").items[0].data["pid"] for _ in range(3)}
    assert len(pids) == 1
    assert worker.use.restarts == 0
    assert worker.use.items == 3


def test_a_request_that_cannot_be_read_is_answered(worker: StageWorker, tmp_path: Path) -> None:
    wrong = replace(request(tmp_path, "succeed"), backend="magic")
    result = worker.run(wrong, lambda event: None)
    assert code(result.items[0]) == "CONTRACT_001"
    assert worker.use.restarts == 0


PARENT = """
import os, sys, time
from pathlib import Path
from tests.faults.test_orch_faults import COMMAND, request
from orch.app.src.stages.process import StageDied, StageProcess
from environments.places import CHECKOUT
from orch.app.src.stages.launching import stage_environment
folder = Path(sys.argv[1])
stage = StageProcess("crop", COMMAND, stage_environment(os.environ), CHECKOUT, folder / "log")
print(stage.pid, flush=True)
if sys.argv[2] != "idle":
    stage.ask(request(folder, sys.argv[2]), 60, lambda event: None)
time.sleep(60)
"""


@pytest.mark.parametrize("behaviour", ["idle", "hang"])
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_no_stage_outlives_a_killed_parent(tmp_path: Path, behaviour: str, how: signal.Signals) -> None:
    if sys.platform != "linux" and behaviour == "hang":
        pytest.skip("a computing stage is only ended with its parent on Linux")
    environment = stage_environment(os.environ)
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(tmp_path), behaviour],
        stdout=subprocess.PIPE,
        cwd=CHECKOUT,
        env=environment,
    )
    assert parent.stdout is not None
    stage = int(parent.stdout.readline())
    assert alive(stage)
    time.sleep(0.5 if behaviour == "hang" else 0.0)
    parent.send_signal(how)
    parent.wait()
    parent.stdout.close()
    wait_until(lambda: not alive(stage))


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"  # ended, only not yet asked for by whoever inherited it


def wait_until(condition: Any, seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "did not happen in time"
        time.sleep(0.02)
