"""Starting real stages: the table is true, and children find what they need."""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path

import pytest

from contracts.codec import from_dict
from contracts.envelope import Request, StageName
from contracts.stage import Stage
from environments.places import CHECKOUT
from orch.app.src.models.catalogue import catalogue
from orch.app.src.models.store import model_store
from orch.app.src.stage_registry import STAGES
from orch.app.src.stages import launching
from orch.app.src.stages.launching import process_launcher, stage_environment
from orch.app.src.stages.pool import WorkerPool


@pytest.mark.parametrize("name", STAGES)
def test_the_table_says_what_the_stages_say(name: StageName) -> None:
    entry = STAGES[name]
    stage: Stage = importlib.import_module(entry.module).STAGE
    assert (stage.name, stage.module) == (name, entry.module)
    assert stage.default_backend == entry.default_backend
    said = {n: (b.environment, b.needs, b.uses) for n, b in stage.backends.items()}
    assert said == {n: (b.recipe, b.needs, b.uses) for n, b in entry.backends.items()}
    for recipe in filter(None, (backend.recipe for backend in entry.backends.values())):
        assert (entry.folder / "environments" / f"{recipe}.json").is_file()


def test_deadlines_grow_with_the_items() -> None:
    embedded, sdxl = (STAGES["gen"].backends[name] for name in ("embedded", "sdxl"))
    assert sdxl.deadline(3) > sdxl.deadline(1) > embedded.deadline(1) >= 60


def launcher(folder: Path, asked: list[str]):  # type: ignore[no-untyped-def]
    def find(stage_folder: Path, recipe: str) -> Path:
        asked.append(f"{stage_folder.name}/{recipe}")
        return Path(sys.executable)

    return process_launcher(find, lambda stage: folder / f"{stage}.log", os.environ)


def pre_enhance(folder: Path) -> Request:
    document = {
        "request_id": "r",
        "run_id": "r",
        "stage": "preenh",
        "backend": "rules",
        "items": [
            {"item_id": "1", "outputs": {"variation": "work:variation_01.json"}, "params": {"number": 1}}
        ],
        "roots": {"work": str(folder)},
        "params": {"prompt": "Brown eyes, two wide open expressive eyes"},
    }
    return from_dict(Request, document)


def test_a_real_stage_is_started_asked_and_ended(tmp_path: Path) -> None:
    asked: list[str] = []
    events: list[str] = []
    with WorkerPool(launcher(tmp_path, asked)) as pool:
        pool.start([("preenh", "rules"), ("res", "none")])
        result = pool.run(pre_enhance(tmp_path), lambda event: events.append(event["event"]))
        assert result.items[0].status == "succeeded"
        assert pool.use()["preenh", "rules"].requests == 1
        assert set(pool.use()) == {("preenh", "rules"), ("res", "none")}
    assert (tmp_path / "variation_01.json").is_file()
    assert events == ["ready"]
    assert asked == [], "backends of the standard library run in the orchestrator's interpreter"


def test_a_backend_with_a_recipe_runs_in_its_environment(tmp_path: Path) -> None:
    asked: list[str] = []
    with WorkerPool(launcher(tmp_path, asked)) as pool:
        pool.start([("crop", "opencv")])
    assert asked == ["crop/opencv"]


def test_children_find_the_checkout_and_share_the_cores() -> None:
    child = stage_environment({"PYTHONPATH": "/mine", "HOME": "/h"})
    assert child["PYTHONPATH"] == f"{CHECKOUT}{os.pathsep}/mine"
    assert int(child["OMP_NUM_THREADS"]) >= 1
    assert child["HOME"] == "/h"
    assert stage_environment({"OMP_NUM_THREADS": "3"})["OMP_NUM_THREADS"] == "3"
    assert stage_environment({}, 5)["OMP_NUM_THREADS"] == "5"


@pytest.mark.parametrize(
    ("stage", "backend", "threads"), [("crop", "opencv", "3"), ("res", "codeformer", "7")]
)
def test_a_backend_that_has_one_process_takes_all_cores(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stage: StageName, backend: str, threads: str
) -> None:
    started: list[dict[str, str]] = []
    monkeypatch.setattr(launching, "available_cores", lambda: 7)
    monkeypatch.setattr(
        launching, "StageProcess", lambda name, command, environment, *_: started.append(environment)
    )
    python = Path(sys.executable)
    launch = launching.process_launcher(
        lambda folder, recipe: python, lambda name: tmp_path / "log", {}, threads=3
    )
    launch(STAGES[stage], backend)
    assert [environment["OMP_NUM_THREADS"] for environment in started] == [threads]


def test_a_read_only_checkout_gets_no_byte_code(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "PYTHONDONTWRITEBYTECODE" not in stage_environment({})
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    assert stage_environment({})["PYTHONDONTWRITEBYTECODE"] == "1"


def test_weights_of_the_repository_are_whole_and_free_to_use() -> None:
    embedded = [model for model in catalogue() if model.entry.in_repository]
    assert embedded
    for model in embedded:
        assert model_store({}).state(model, hashes=True) == "ok", model.name
        assert model.entry.commercial_use, model.name
