"""A stage that does nothing useful and, on demand, everything a stage must not do.

Started as a real process by the tests; an item's params say how to behave: {"do": "crash"}.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

from contracts.codec import to_dict
from contracts.envelope import Item, ItemResult, OutputFile, Result, Versions
from contracts.error_codes import ErrorCode
from contracts.stage import Backend, Job, Stage, each_item
from contracts.stage_main import stage_main


def succeed(job: Job, item: Item) -> ItemResult:
    path = job.output(item, "text")
    assert path is not None
    path.write_text("done")
    return job.succeeded(item, data={"pid": os.getpid()})


def crash(job: Job, item: Item) -> ItemResult:
    print("the cat sat on the keyboard", file=sys.stderr, flush=True)
    os._exit(17)


def crash_once(job: Job, item: Item) -> ItemResult:
    marker = job.path("work:crashed")
    if not marker.exists():
        marker.touch()
        os._exit(17)
    return succeed(job, item)


def be_killed(job: Job, item: Item) -> ItemResult:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("still here")


def be_killed_twice(job: Job, item: Item) -> ItemResult:
    for turn in (1, 2):
        marker = job.path(f"work:killed_{turn}")
        if not marker.exists():
            marker.touch()
            be_killed(job, item)
    return succeed(job, item)


def segfault(job: Job, item: Item) -> ItemResult:
    ctypes.string_at(0)
    raise AssertionError("still here")


def hang(job: Job, item: Item) -> ItemResult:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    while True:
        time.sleep(60)


def hang_with_child(job: Job, item: Item) -> ItemResult:
    child = subprocess.Popen(["sleep", "600"])
    job.path("work:child").write_text(str(child.pid))
    return hang(job, item)


def run_out_of_memory(job: Job, item: Item) -> ItemResult:
    raise MemoryError


def run_out_of_memory_once(job: Job, item: Item) -> ItemResult:
    marker = job.path("work:full")
    if not marker.exists():
        marker.touch()
        raise MemoryError
    return succeed(job, item)


def be_chatty(job: Job, item: Item) -> ItemResult:
    """Everything that lands on descriptor 1 without asking: Python, C, a child process."""
    print("chatter of Python")
    os.write(1, b"chatter of the system call\n")
    libc = ctypes.CDLL(None)
    libc.puts(b"chatter of C")
    libc.fflush(None)
    subprocess.run(["echo", "chatter of a child"], check=True)
    return succeed(job, item)


def pollute_protocol(job: Job, item: Item) -> ItemResult:
    """As a stage would that never claimed its standard output."""
    _write_raw(job, "loading weights...\n")
    return succeed(job, item)


def answer_half(job: Job, item: Item) -> ItemResult:
    _write_raw(job, '{"event": "result", "result": {"request_id": \n')
    return hang(job, item)


def answer_for_another(job: Job, item: Item) -> ItemResult:
    stranger = Result("another-request", "crop", job.request.backend, "succeeded", 0)
    _write_raw(job, json.dumps({"event": "result", "result": to_dict(stranger)}) + "\n")
    return hang(job, item)


def answer_nonsense(job: Job, item: Item) -> ItemResult:
    _write_raw(job, '{"event": "result", "result": {"verdict": "fine"}}\n')
    return hang(job, item)


def end_quietly(job: Job, item: Item) -> ItemResult:
    os._exit(0)


def report_wrong_size(job: Job, item: Item) -> ItemResult:
    succeed(job, item)
    return _claim(item, item.outputs["text"])


def report_missing_file(job: Job, item: Item) -> ItemResult:
    return _claim(item, item.outputs["text"])


def write_elsewhere(job: Job, item: Item) -> ItemResult:
    job.path("work:elsewhere.txt").write_text("done")
    return _claim(item, "work:elsewhere.txt")


def forget_output(job: Job, item: Item) -> ItemResult:
    return ItemResult(item.item_id, "succeeded")


BEHAVIOURS: dict[str, Callable[[Job, Item], ItemResult]] = {
    f.__name__: f
    for f in (
        succeed,
        crash,
        crash_once,
        be_killed,
        be_killed_twice,
        segfault,
        hang,
        hang_with_child,
        run_out_of_memory,
        run_out_of_memory_once,
        be_chatty,
        pollute_protocol,
        answer_half,
        answer_for_another,
        answer_nonsense,
        end_quietly,
        report_wrong_size,
        report_missing_file,
        write_elsewhere,
        forget_output,
    )
}


class Session:
    def run(self, job: Job) -> Iterator[ItemResult]:
        answered = [i for i in job.request.items if i.params["do"] != "leave_out"]
        for item in answered:
            alone = Job(replace(job.request, items=(item,)), job.stream)
            behave = partial(BEHAVIOURS[item.params["do"]], job)
            yield from each_item(alone, ErrorCode.CROP_GENERATION_FAILED, behave)

    def versions(self) -> Versions:
        return Versions(python="3")


def open_session(device: str) -> Session:
    return Session()


def _claim(item: Item, path: str) -> ItemResult:
    return ItemResult(item.item_id, "succeeded", outputs={"text": OutputFile(path, "0" * 64, 10**9)})


def _write_raw(job: Job, text: str) -> None:
    stream: Any = job.stream
    stream._stream.write(text)
    stream._stream.flush()


def _for_programs_only(*_: object) -> Any:
    raise AssertionError("this stage has no command line for people")


STAGE = Stage(
    name="crop",
    module="tests.faults.misbehaving_stage",
    summary="Misbehaves on demand.",
    backends={"faulty": Backend("tests.faults.misbehaving_stage:open_session")},
    default_backend="faulty",
    failure_code=ErrorCode.CROP_GENERATION_FAILED,
    add_arguments=lambda parser: None,
    request_from=_for_programs_only,
    show=_for_programs_only,
)

if __name__ == "__main__":
    sys.exit(stage_main(STAGE))
