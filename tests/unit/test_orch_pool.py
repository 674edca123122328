"""Several processes of a stage and several photos at once: never more than there may be, none forgotten."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from contracts.envelope import Metrics, Request, Result
from contracts.error_codes import StageError
from orch.app.src.running import run as run_module
from orch.app.src.stage_registry import FINISHER, StageEntry
from orch.app.src.stages import hardware
from orch.app.src.stages import pool as pool_module
from orch.app.src.stages.capacity import capacity
from orch.app.src.stages.executor import LocalExecutor
from orch.app.src.stages.hardware import Hardware
from orch.app.src.stages.pool import WorkerPool
from orch.app.src.stages.process import OnEvent
from orch.app.src.stages.usage import BusyTime
from tests.unit.orch_fakes import FakeStage, World, face, run


class Slow:
    """A stage that counts who works at the same time."""

    at_work = 0
    most = 0
    lock = threading.Lock()

    def __init__(self) -> None:
        self.ended = False

    def ask(self, request: Request, deadline_s: float, on_event: OnEvent) -> Result:
        with Slow.lock:
            Slow.at_work += 1
            Slow.most = max(Slow.most, Slow.at_work)
        time.sleep(0.02)
        with Slow.lock:
            Slow.at_work -= 1
        metrics = Metrics(run_s=0.02, cpu_s=0.01)
        return Result(request.request_id, "gen", "embedded", "succeeded", 0, (), metrics=metrics)

    def kill(self) -> None:
        self.ended = True


class Starts:
    def __init__(self) -> None:
        Slow.at_work = Slow.most = 0
        self.made: list[Slow] = []

    def __call__(self, entry: StageEntry, backend: str) -> Slow:
        self.made.append(Slow())
        return self.made[-1]


def request(number: int) -> Request:
    return Request(f"gen-{number}", "r", "gen", "embedded", (), {})


@pytest.mark.parametrize("limit", [1, 2, 3])
def test_no_more_processes_than_there_may_be_and_all_of_them_when_there_is_work(limit: int) -> None:
    starts = Starts()
    with WorkerPool(starts, lambda stage, backend: limit) as pool:
        results = LocalExecutor(6, pool.cancel).run(lambda n: pool.run(request(n)), range(12))
        assert sorted(r.request_id for r in results) == sorted(f"gen-{n}" for n in range(12))
        use = pool.use()["gen", "embedded"]
    assert (Slow.most, len(starts.made), use.processes, use.requests) == (limit, limit, limit, 12)
    assert use.cpu_s == pytest.approx(0.12)
    assert all(stage.ended for stage in starts.made)


def test_processes_that_are_needed_no_more_end_and_their_cost_is_kept() -> None:
    starts = Starts()
    with WorkerPool(starts, lambda stage, backend: 3) as pool:
        list(LocalExecutor(3, pool.cancel).run(lambda n: pool.run(request(n)), range(6)))
        pool.shrink({"gen": 1})
        assert [stage.ended for stage in starts.made].count(False) == 1
        assert pool.use()["gen", "embedded"].requests == 6
        list(LocalExecutor(3, pool.cancel).run(lambda n: pool.run(request(n)), range(6)))
        assert len(starts.made) == 3


def test_two_backends_of_a_stage_are_up_side_by_side() -> None:
    starts = Starts()
    with WorkerPool(starts) as pool:
        pool.start([("gen", "sdxl"), ("gen", "embedded")])
        pool.run(request(1))
        assert set(pool.use()) == {("gen", "sdxl"), ("gen", "embedded")}
        assert len(starts.made) == 2


def test_what_finishes_pictures_outlasts_the_run() -> None:
    starts = Starts()
    with WorkerPool(starts, lasting=[("gen", "embedded")]) as pool:
        pool.cancel()
        assert pool.run(request(0)).status == "succeeded"
        assert not starts.made[0].ended
    assert starts.made[0].ended


def test_when_the_photos_are_done_only_what_finishes_pictures_stays() -> None:
    starts = Starts()
    with WorkerPool(starts, lasting=[("res", "finish")]) as pool:
        pool.start([("gen", "embedded"), ("res", "finish")])
        pool.wind_down()
        assert pool.run(Request("res-0", "r", "res", "finish", (), {})).status == "succeeded"
        assert not starts.made[1].ended
    assert all(stage.ended for stage in starts.made)


def test_what_cannot_be_ended_is_said() -> None:
    class Stubborn(Slow):
        def kill(self) -> None:
            raise PermissionError("not ours")

    pool = WorkerPool(lambda entry, backend: Stubborn())
    pool.start([("gen", "embedded")])
    with pytest.raises(PermissionError):
        pool.close()


def test_what_finishes_pictures_is_not_waited_for_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool_module, "_LAST_S", 0.0)
    starts = Starts()
    with WorkerPool(starts, lasting=[("gen", "embedded")]) as pool:
        pool.run(request(0))
        pool.cancel()
        assert starts.made[0].ended


def test_pictures_of_a_cancelled_run_are_finished(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lasting: list[object] = []

    class Watched(WorkerPool):
        def __init__(self, *arguments: Any, **named: Any) -> None:
            lasting.extend(named["lasting"])
            super().__init__(*arguments, **named)

    monkeypatch.setattr(run_module, "WorkerPool", Watched)
    run(World({"a.jpg": (face(0),)}), tmp_path)
    assert lasting == [FINISHER]


def test_the_second_pass_loads_beside_the_last_looks(tmp_path: Path) -> None:
    world = World({f"{number}.jpg": (face(0),) for number in range(9)})
    looked = {}

    def launch(entry: StageEntry, backend: str) -> FakeStage:
        looked[entry.name] = len(world.of("face"))
        return FakeStage(entry, world)

    report = run(world, tmp_path, surroundings={"launcher": lambda *_: launch})
    assert report.exit_code == 0
    assert looked["face"] == 0 and 0 < looked["crop"] < 9


def test_as_many_processes_are_started_as_there_is_work_for_and_as_there_may_be() -> None:
    starts = Starts()
    with WorkerPool(starts, lambda stage, backend: 3) as pool:
        for each, there in ((0, 0), (2, 2), (1, 2), (9, 3)):
            pool.start([("gen", "embedded")], each)
            assert len(starts.made) == there


@pytest.mark.parametrize(("closed", "painters"), [(9, 4), (2, 2), (1, 1)])
def test_painters_load_while_the_first_photos_are_cropped(tmp_path: Path, closed: int, painters: int) -> None:
    faces = [(face(0),) if number < closed else (face(0, "open", "open"),) for number in range(9)]
    world = World({f"{number}.jpg": seen for number, seen in enumerate(faces)})
    started: list[int] = []

    def launch(entry: StageEntry, backend: str) -> FakeStage:
        if entry.name == "gen":
            started.append(len(world.of("crop")))
        return FakeStage(entry, world)

    hardware = Hardware(cores=4, memory_mb=64_000)
    run(world, tmp_path, surroundings={"launcher": lambda *_: launch, "hardware": hardware})
    assert started.count(0) == painters


def test_who_waits_for_a_cancelled_run_is_told() -> None:
    with WorkerPool(Starts()) as pool:
        pool.start([("gen", "embedded")])
        pool.cancel()
        with pytest.raises(StageError) as caught:
            pool.run(request(1))
    assert caught.value.code == "RUN_130"


def test_items_are_taken_only_as_there_is_room() -> None:
    taken: list[int] = []

    def items() -> Iterator[int]:
        for number in range(100):
            taken.append(number)
            yield number

    with closing(LocalExecutor(3, lambda: None).run(lambda n: n, items())) as results:
        next(results)
        time.sleep(0.05)
        assert len(taken) <= 4


def test_a_run_that_is_left_early_ends_what_is_under_way() -> None:
    over = threading.Event()

    def flow(number: int) -> int:
        if number:
            over.wait(5)
        return number

    started = time.monotonic()
    with closing(LocalExecutor(3, over.set).run(flow, range(100))) as results:
        assert next(results) == 0
    assert time.monotonic() - started < 2


def test_a_ctrl_c_while_flows_are_being_started_ends_those_that_run() -> None:
    at_work, over = threading.Event(), threading.Event()

    def items() -> Iterator[int]:
        yield 0
        assert at_work.wait(5)
        raise KeyboardInterrupt

    def flow(number: int) -> bool:
        at_work.set()
        return over.wait(20)

    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        next(LocalExecutor(3, over.set).run(flow, items()))
    assert time.monotonic() - started < 10


def test_many_photos_side_by_side_give_what_one_after_the_other_gives(tmp_path: Path) -> None:
    def outcome(folder: Path, cores: int) -> list[object]:
        made = World({f"{n}.jpg": (face(0), face(1, "open", "closed")) for n in range(20)})
        around = {"hardware": Hardware(cores, 64000.0)}
        report = run(made, folder, run_id="r", surroundings=around)
        assert report.exit_code == 0
        return [(p.photo, [v.faces for v in p.variations]) for p in report.photos]

    assert outcome(tmp_path / "1", 1) == outcome(tmp_path / "8", 8)


@pytest.mark.parametrize(
    ("photos", "hardware", "in_flight", "threads", "gen"),
    [
        (1, Hardware(8, 64000.0), 1, 8, 1),
        (2, Hardware(8, 64000.0), 2, 4, 2),
        (1000, Hardware(8, 64000.0), 10, 1, 8),
        (1000, Hardware(8, 6500.0), 4, 4, 2),
        (1000, Hardware(8, 500.0), 1, 8, 1),
        (1000, Hardware(1, 64000.0), 1, 1, 1),
    ],
)
def test_size_of_a_run(photos: int, hardware: Hardware, in_flight: int, threads: int, gen: int) -> None:
    size = capacity(None, photos, hardware)
    assert (size.in_flight, size.threads, size.of("gen", "embedded")) == (in_flight, threads, gen)
    assert size.of("gen", "sdxl") == 1


def test_size_that_a_person_wants() -> None:
    machine = Hardware(4, 64000.0)
    assert capacity(2, 100, machine).of("face", "facemesh") == 2
    assert capacity(1, 100, machine).in_flight == 1
    named = capacity({"gen": 6}, 100, machine)
    assert (named.of("gen", "embedded"), named.of("face", "facemesh"), named.in_flight) == (6, 4, 8)


def test_a_run_may_have_no_photo_left() -> None:
    assert capacity({"face": 3}, 0, Hardware(4, 64000.0)).in_flight == 1


@pytest.mark.parametrize(
    ("limit", "cores"), [("max 100000", 8), ("200000 100000", 2), ("50000 100000", 1), ("9900000 100000", 8)]
)
def test_a_container_bounds_cores(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str, cores: int
) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda pid: set(range(8)), raising=False)
    monkeypatch.setattr(hardware, "_CONTAINER", str(tmp_path))
    assert hardware.available_cores() == 8
    (tmp_path / "cpu.max").write_text(f"{limit}\n")
    assert hardware.available_cores() == cores


def test_busy_time_counts_what_overlaps_once() -> None:
    busy = BusyTime()
    for begin, end in ((0.0, 1.0), (2.0, 3.0), (2.5, 3.5), (0.5, 4.0), (5.0, 6.0)):
        busy.add(begin, end)
    assert busy.seconds() == pytest.approx(5.0)


@pytest.mark.parametrize(
    ("limit", "expected"),
    [("max", 8000.0), ("3000000000", 2500.0), ("900000000000", 8000.0), ("400000000", 0.0)],
)
def test_a_container_bounds_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str, expected: float
) -> None:
    (tmp_path / "memory.max").write_text(f"{limit}\n")
    (tmp_path / "memory.stat").write_text("file 1\nanon 500000000\n")
    real = hardware._number

    def number(path: str, key: str) -> int | None:
        return 7812500 if path == "/proc/meminfo" else real(path, key)

    monkeypatch.setattr(hardware, "_number", number)
    monkeypatch.setattr(hardware, "_CONTAINER", str(tmp_path))
    assert hardware.available_memory_mb() == pytest.approx(expected)
