"""`models import`: files that the person has already are recognised by their content."""

from __future__ import annotations

import errno
import hashlib
import io
import zipfile
from pathlib import Path

import pytest

from contracts.error_codes import StageError
from contracts.model_manifest import ModelEntry
from orch.app.src.calling.commands import SmallCommand
from orch.app.src.models.catalogue import StageModel
from orch.app.src.models.command import models_command
from orch.app.src.models.importing import import_model
from orch.app.src.models.store import ModelStore
from tests.unit.weight_server import model_file

CONTENT = b"weights" * 99
ONNX = b"onnx" * 9
REVISION = "115134f3"


def zip_of(name: str, content: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(name, content)
    return buffer.getvalue()


PACK = zip_of("buffalo/det.onnx", ONNX)


def entry(name: str, file: str, content: bytes, **fields: object) -> ModelEntry:
    digest = hashlib.sha256(content).hexdigest()
    given = {"size": len(content), "sha256": digest, "url": f"https://x.invalid/{file}", **fields}
    return ModelEntry(name, "tests", file, "MIT", True, **given)  # type: ignore[arg-type]


HUB = f"https://x.invalid/{REVISION}"
MODELS = (
    StageModel("res", entry("codeformer", "codeformer.pth", CONTENT)),
    StageModel(
        "face", entry("buffalo", "buffalo", PACK, kind="archive", files=(model_file("det.onnx", ONNX),))
    ),
    StageModel(
        "gen",
        ModelEntry(
            "inpainting",
            "tests",
            "inpainting",
            "MIT",
            True,
            "folder",
            revision=REVISION,
            url=HUB,
            files=(model_file("unet/weights.safetensors", CONTENT), model_file("model_index.json", b"{}")),
        ),
    ),
    StageModel(
        "preenh",
        ModelEntry("llm", "tests", "llm.gguf", "MIT", True, revision=REVISION, url=f"{HUB}/llm.gguf"),
    ),
)


@pytest.fixture
def store(tmp_path: Path) -> ModelStore:
    return ModelStore((tmp_path / "store",), tmp_path / "store")


def given(tmp_path: Path, name: str, content: bytes) -> Path:
    path = tmp_path / "given" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def test_a_file_is_recognised_by_its_content_whatever_its_name(tmp_path: Path, store: ModelStore) -> None:
    path = given(tmp_path, "download (1).bin", CONTENT)
    model = import_model(path, MODELS, store)
    assert model.name == "codeformer"
    assert store.path(model) == tmp_path / "store/res/codeformer.pth"
    assert store.state(model, hashes=True) == "ok"
    assert path.read_bytes() == CONTENT, "the original stays"
    assert not (tmp_path / "store/.partial/codeformer").exists()


def test_what_is_written_to_the_original_later_does_not_reach_the_store(
    tmp_path: Path, store: ModelStore
) -> None:
    path = given(tmp_path, "codeformer.pth", CONTENT)
    model = import_model(path, MODELS, store)
    with open(path, "r+b") as handle:
        handle.write(b"another")
    assert store.state(model, hashes=True) == "ok"
    folder = given(tmp_path, "unet/weights.safetensors", CONTENT).parents[1]
    given(tmp_path, "model_index.json", b"{}")
    taken = import_model(folder, MODELS, store)
    with open(folder / "unet/weights.safetensors", "r+b") as handle:
        handle.write(b"another")
    assert store.state(taken, hashes=True) == "ok"


def test_a_full_disk_is_said_and_no_half_copy_stays(
    tmp_path: Path, store: ModelStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(source: Path, target: Path) -> None:
        target.write_bytes(CONTENT[:9])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("shutil.copyfile", full)
    with pytest.raises(StageError) as caught:
        import_model(given(tmp_path, "codeformer.pth", CONTENT), MODELS, store)
    assert caught.value.code == "OUTPUT_002"
    assert [path for path in store.written.rglob("*") if path.is_file()] == []


def test_the_licence_of_what_is_imported_is_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = SmallCommand("models", "import", given=given(tmp_path, "x.pth", CONTENT))
    models_command(command, {"OTE_MODELS": str(tmp_path / "store")}, MODELS)
    assert "licence: MIT, commercial use allowed" in capsys.readouterr().out


def test_an_archive_is_unpacked(tmp_path: Path, store: ModelStore) -> None:
    model = import_model(given(tmp_path, "buffalo.zip", PACK), MODELS, store)
    assert (store.path(model) / "det.onnx").read_bytes() == ONNX


def test_a_folder_is_recognised_by_its_files(tmp_path: Path, store: ModelStore) -> None:
    given(tmp_path, "unet/weights.safetensors", CONTENT)
    given(tmp_path, "unet/weights.bin", b"a pickle that nobody asked for")
    folder = given(tmp_path, "model_index.json", b"{}").parent
    model = import_model(folder, MODELS, store)
    assert (model.name, store.state(model, hashes=True)) == ("inpainting", "ok")
    taken = sorted(p.name for p in store.path(model).rglob("*") if p.is_file())
    assert taken == ["model_index.json", "weights.safetensors"]


def test_links_of_a_hub_cache_become_files(tmp_path: Path, store: ModelStore) -> None:
    blob = given(tmp_path, "blobs/abc", CONTENT)
    folder = tmp_path / "snapshot"
    (folder / "unet").mkdir(parents=True)
    (folder / "unet/weights.safetensors").symlink_to(blob)
    (folder / "model_index.json").write_bytes(b"{}")
    model = import_model(folder, MODELS, store)
    placed = store.path(model) / "unet/weights.safetensors"
    assert placed.read_bytes() == CONTENT and not placed.is_symlink()


def test_an_unpacked_pack_is_taken_as_it_is(tmp_path: Path, store: ModelStore) -> None:
    model = import_model(given(tmp_path, "det.onnx", ONNX).parent, MODELS, store)
    assert (model.name, store.state(model, hashes=True)) == ("buffalo", "ok")


def test_what_has_no_published_checksum_is_taken_by_its_name(tmp_path: Path, store: ModelStore) -> None:
    assert import_model(given(tmp_path, "llm.gguf", b"GGUF"), MODELS, store).name == "llm"


def test_what_has_no_published_checksum_is_taken_when_the_person_says_so(
    tmp_path: Path, store: ModelStore
) -> None:
    named = MODELS[3:]
    model = import_model(given(tmp_path, "mine.gguf", b"GGUF"), named, store)
    assert store.path(model).name == "llm.gguf"
    for name in ("mine.txt", "mine.bin"):
        with pytest.raises(StageError):
            import_model(given(tmp_path, name, b"GGUF"), named, store)


@pytest.mark.parametrize(
    ("name", "content", "words", "hint"),
    [
        ("codeformer.pth", b"another", "is not codeformer: it is damaged, or its size", "can run code"),
        ("mine.ckpt", CONTENT[:-1] + b"x", "none of the weights that are known", "can run code"),
        ("llm.gguf", b"<html>", "is not llm: it is damaged", "configuration"),
        ("mine.safetensors", b"x", "none of the weights that are known", "named in the configuration"),
    ],
)
def test_strangers_are_refused(
    tmp_path: Path, store: ModelStore, name: str, content: bytes, words: str, hint: str
) -> None:
    with pytest.raises(StageError, match=words) as caught:
        import_model(given(tmp_path, name, content), MODELS, store)
    assert hint in caught.value.hint
    assert not store.written.exists()


def test_a_folder_that_lacks_files_is_refused_with_their_names(tmp_path: Path, store: ModelStore) -> None:
    folder = given(tmp_path, "unet/weights.safetensors", CONTENT).parents[1]
    with pytest.raises(StageError, match=r"is not inpainting: model_index\.json \(missing\)"):
        import_model(folder, MODELS[2:3], store)


def test_what_is_not_there_is_said(tmp_path: Path, store: ModelStore) -> None:
    with pytest.raises(StageError) as caught:
        import_model(tmp_path / "none.pth", MODELS, store)
    assert (caught.value.code, caught.value.exit_code) == ("INPUT_001", 4)
