"""Where weights are looked for, what the manifests say, and the commands around them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from contracts.error_codes import StageError
from contracts.model_manifest import ModelEntry, ModelFile, ModelKind
from environments.places import CHECKOUT
from orch.app.src.calling.commands import SmallCommand
from orch.app.src.cli import parse
from orch.app.src.models.catalogue import StageModel, catalogue, model_named, profile
from orch.app.src.models.command import models_command
from orch.app.src.models.importing import PICKLES
from orch.app.src.models.listing import size_in_words
from orch.app.src.models.places import searched_folders, written_folder
from orch.app.src.models.store import ModelStore, model_store
from orch.app.src.stage_registry import STAGES
from tests.unit.backend_fakes import MODELS, TABLE

HERE = Path("/somewhere")


def weights(name: str, commercial: bool = True, file: str = "w.pth") -> StageModel:
    entry = ModelEntry(
        name, "tests", file, "MIT", commercial, size=3, sha256="a" * 64, url="https://x.invalid/w"
    )
    return StageModel("res", entry)


def test_the_named_folder_is_the_only_one(tmp_path: Path) -> None:
    environ = {"OTE_MODELS": str(tmp_path)}
    assert searched_folders(environ) == (tmp_path,)
    assert written_folder(environ) == tmp_path


def test_a_checkout_keeps_its_weights_inside(tmp_path: Path) -> None:
    environ = {"XDG_DATA_HOME": str(tmp_path / "data")}
    assert searched_folders(environ, tmp_path)[0] == tmp_path / "models"
    assert written_folder(environ, tmp_path) == tmp_path / "models"


def test_a_read_only_checkout_uses_the_users_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setattr("orch.app.src.models.places.writable", lambda folder: False)
    data = {"XDG_DATA_HOME": str(tmp_path / "data")}
    assert written_folder(data, tmp_path) == tmp_path / "data/open-the-eyes/models"
    assert searched_folders(data, tmp_path) == (tmp_path / "models", tmp_path / "data/open-the-eyes/models")
    monkeypatch.setattr("orch.app.src.models.places.in_home", lambda path: None)
    with pytest.raises(StageError, match="no home folder") as caught:
        written_folder({}, tmp_path)
    assert "OTE_MODELS" in caught.value.hint


def test_the_first_folder_that_has_a_model_wins(tmp_path: Path) -> None:
    model = weights("a")
    store = ModelStore((tmp_path / "image", tmp_path / "mine"), tmp_path / "mine")
    assert store.path(model) == tmp_path / "mine/res/w.pth"
    for folder in ("mine", "image"):
        (tmp_path / folder / "res").mkdir(parents=True)
        (tmp_path / folder / "res/w.pth").write_bytes(b"abc")
        assert store.path(model) == tmp_path / folder / "res/w.pth"
    assert store.state(model) == "ok", "names and sizes"
    assert store.state(model, hashes=True) == "wrong checksum"


def test_weights_of_the_repository_lie_with_their_stage() -> None:
    model = next(m for m in catalogue() if m.entry.in_repository)
    assert model_store({}).path(model).is_relative_to(STAGES[model.stage].folder)


def test_names_are_unique_and_backends_name_what_exists() -> None:
    names = [model.name for model in catalogue()]
    assert len(names) == len(set(names))
    for stage in STAGES.values():
        own = {model.name for model in catalogue() if model.stage == stage.name}
        for name, backend in stage.backends.items():
            assert {*backend.needs, *backend.uses} <= own, (stage.name, name)


def test_every_entry_that_can_be_pulled_is_honest() -> None:
    for model in catalogue():
        entry = model.entry
        if not model.can_be_pulled:
            continue
        assert entry.url.startswith("https://"), model.name
        for file in entry.contents():
            known = file.sha256 or entry.sha256
            assert known or Path(file.path).suffix not in PICKLES, f"{file.path}: a pickle of unknown content"
        if entry.kind == "file":
            assert not entry.file.startswith(("/", "app/")), "relative to the store"


def test_an_unknown_name_is_answered_with_the_nearest() -> None:
    known = [weights("codeformer"), weights("gfpgan")]
    with pytest.raises(StageError) as caught:
        model_named("codefomer", known)
    assert caught.value.hint == "did you mean 'codeformer'?"
    with pytest.raises(StageError, match="no weights named 'zzz'") as caught:
        model_named("zzz", known)
    assert "codeformer, gfpgan" in caught.value.hint


def test_profiles_are_what_backends_can_use_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orch.app.src.models.catalogue.STAGES", TABLE)
    full = [model.name for model in profile("full", MODELS)]
    assert sorted(full) == [
        "buffalo_l",
        "codeformer",
        "gfpgan",
        "llm",
        "sdxl_base",
        "sdxl_lcm_lora",
        "sdxl_refiner",
    ]
    commercial = [model.name for model in profile("commercial", MODELS)]
    assert sorted(commercial) == ["gfpgan", "llm", "sdxl_base", "sdxl_lcm_lora", "sdxl_refiner"]


def test_profiles_leave_out_what_need_not_be_fetched() -> None:
    assert all(model.can_be_pulled for model in profile("full", catalogue()))
    assert all(model.entry.commercial_use for model in profile("commercial", catalogue()))


@pytest.mark.parametrize(
    ("argv", "command"),
    [
        (["doctor"], SmallCommand("doctor")),
        (["models", "list"], SmallCommand("models", "list")),
        (["models", "verify", "a"], SmallCommand("models", "verify", ("a",))),
        (["models", "pull", "a", "b"], SmallCommand("models", "pull", ("a", "b"))),
        (
            ["models", "pull", "--profile", "commercial", "--accept-license"],
            SmallCommand("models", "pull", profile="commercial", accept_licence=True),
        ),
        (["models", "import", "w.pth"], SmallCommand("models", "import", given=HERE / "w.pth")),
        (
            ["models", "import", "/w.pth", "--as", "a"],
            SmallCommand("models", "import", ("a",), given=Path("/w.pth")),
        ),
    ],
)
def test_commands(argv: list[str], command: SmallCommand) -> None:
    assert parse(argv, HERE).small == command


@pytest.mark.parametrize(
    "argv", [["models"], ["models", "pull"], ["models", "pull", "a", "--profile", "full"]]
)
def test_wrong_commands_are_one_line(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        parse(argv, HERE)
    assert caught.value.code == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_list_and_verify_tell_the_state(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    environ = {"OTE_MODELS": str(tmp_path)}
    known = (weights("there", commercial=False), weights("absent", file="b.pth"))
    (tmp_path / "res").mkdir()
    (tmp_path / "res/w.pth").write_bytes(b"abc")
    assert models_command(SmallCommand("models", "list"), environ, known) == 0
    said = capsys.readouterr().out
    assert f"there: {tmp_path}/res/w.pth" in said
    assert f"not there: {tmp_path}/res/b.pth" in said
    assert "MIT, NON-COMMERCIAL USE ONLY" in said
    as_json = parse(["models", "list", "--json"], HERE).small
    assert as_json and models_command(as_json, environ, known) == 0
    listed = {model["name"]: model for model in json.loads(capsys.readouterr().out)}
    assert (listed["there"]["path"], listed["there"]["state"]) == (f"{tmp_path}/res/w.pth", "ok")
    assert (listed["there"]["commercial_use"], listed["absent"]["state"]) == (False, "missing")
    assert models_command(SmallCommand("models", "verify"), environ, known) == 3
    said = capsys.readouterr().out
    assert "BAD there: wrong checksum" in said and "-   absent: missing" in said
    assert models_command(SmallCommand("models", "verify", ("absent",)), environ, known) == 0


def test_what_belongs_in_a_folder_must_stay_in_it() -> None:
    for path in ("../x", "/x", "a\\b", ""):
        with pytest.raises(ValueError, match="not a relative path"):
            ModelFile(path)


@pytest.mark.parametrize("kind", ["file", "folder", "archive"])
@pytest.mark.parametrize("path", ["../../../outside", "/x", "a\\b", "C:/x", "", "."])
def test_weights_must_stay_in_their_store(kind: ModelKind, path: str) -> None:
    fields: dict[str, Any] = {"sha256": "a" * 64, "files": () if kind == "file" else (ModelFile("f"),)}
    for name, file in (("a", path), (path, "f")):
        with pytest.raises(ValueError, match="not a relative path"):
            ModelEntry(name, "t", file, "MIT", True, kind, **fields)
    with pytest.raises(ValueError, match="a path, not a name"):
        ModelEntry("a/b", "t", "f", "MIT", True, kind, **fields)


def test_a_pinned_revision_is_in_the_address() -> None:
    with pytest.raises(ValueError, match="must name the pinned revision"):
        ModelEntry("a", "t", "f", "MIT", True, revision="abc", url="https://x.invalid/main/f")


def test_the_checkout_ignores_its_weights() -> None:
    assert "/models/" in (CHECKOUT / ".gitignore").read_text().splitlines()


def test_sizes_are_told_in_the_unit_that_suits() -> None:
    assert [size_in_words(n) for n in (31_700, 4_812_345, 6_941_000_000)] == ["32 kB", "4.8 MB", "6.9 GB"]
