"""Finished pictures: what they say about themselves, and what they must not say."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from contracts.envelope import ErrorInfo, ItemResult, Request, Result
from contracts.error_codes import StageError
from contracts.execution import execute
from contracts.stage import Session
from environments.places import CHECKOUT
from imaging.photo import read_photo
from orch.app.src.asking.asker import Asker
from orch.app.src.asking.requests import RequestMaker
from orch.app.src.outputs.finishing import Finished, provenance, write_finished
from orch.app.src.progress.shown import Silent
from orch.app.src.report import EyeVerdict, FaceEdit, VariationReport, WrittenFile
from orch.app.src.run_paths import RunPathManager, layout_for
from orch.app.src.settings import settings_of
from orch.app.src.stage_registry import StageEntry
from orch.app.src.stages.launching import Channel
from orch.app.src.stages.pool import WorkerPool
from orch.app.src.stages.process import OnEvent
from orch.app.src.version import VERSION
from res.app.src.restore_faces import STAGE

SAMPLE = CHECKOUT / "Input_Images" / "portrait_both_closed.jpg"
MODELS = {"face_mesh": "a" * 64}

VARIATION = VariationReport(
    "original",
    "r_original",
    7,
    1.0,
    (
        FaceEdit(0, "donor", 1, (EyeVerdict("left", "opened", region=(200, 150, 270, 190)),)),
        FaceEdit(1, "mirror", 1, (EyeVerdict("left", "not_opened", region=(1, 2, 3, 4)),)),
    ),
)


class InThisProcess:
    """The restore stage without a process of its own."""

    def __init__(self) -> None:
        self._sessions: dict[str, Session] = {}

    def ask(self, request: Request, deadline_s: float, on_event: OnEvent) -> Result:
        return execute(STAGE, request, self._sessions)

    def kill(self) -> None:
        """Nothing runs."""


def write(folder: Path, name: str, channel: Channel | None = None, **output: object) -> WrittenFile:
    """Finish the sample as if it were the edited picture, into `folder`/out."""
    layout = layout_for(folder / "out", "r", verbose=False)
    requests = RequestMaker(settings_of({"output": output}), layout, "r", {})
    blended = layout.work / "blended.jpg"
    blended.parent.mkdir(parents=True)
    blended.write_bytes(SAMPLE.read_bytes())
    paths = RunPathManager("original", SAMPLE, False, "r", layout)

    def launch(entry: StageEntry, backend: str) -> Channel:
        return channel or InThisProcess()

    with WorkerPool(launch) as pool:
        finished = Finished(SAMPLE, blended, paths, layout.images / name, VARIATION)
        return write_finished(finished, requests, Asker(pool, Silent()))


def test_only_what_was_opened_counts() -> None:
    assert VARIATION.strategies() == ("donor",)
    assert VARIATION.regions() == ((200, 150, 270, 190),)


def test_provenance_says_how_and_not_where() -> None:
    private = settings_of(
        {
            "input": {"image_path": "/home/ann/photos/a.jpg"},
            "generation": {"donor": "/home/ann/donors", "seed": 7},
            "models": {"llm": "/home/ann/llm.gguf"},
        }
    )
    said = provenance(private, VARIATION, {"gen": 1.5}, MODELS)
    assert said["Version"] == VERSION
    assert (said["Seed"], said["Strategies"], said["RunId"]) == ("7", "donor", "r_original")
    assert json.loads(said["Models"]) == MODELS
    assert json.loads(said["Timestamps"]) == {"gen": 1.5}
    assert json.loads(said["Config"])["generation"]["donor"] == "donors"
    assert "/home/ann" not in " ".join(said.values())


@pytest.mark.parametrize(("output_format", "suffix"), [("png", ".png"), ("same", ".jpg"), ("webp", ".webp")])
def test_the_finished_file_says_how_it_was_made(tmp_path: Path, output_format: str, suffix: str) -> None:
    written = write(tmp_path, f"o{suffix}", format=output_format)
    path = Path(written.path)
    assert read_photo(path).size == read_photo(SAMPLE).size
    content = path.read_bytes()
    assert b"http://cv.iptc.org/newscodes/digitalsourcetype/" in content
    assert VERSION.encode() in content
    assert (written.recompression is None) == (output_format == "png")
    assert len(written.sha256) == 64


def test_a_finished_file_is_on_the_disk_before_it_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[int] = []
    monkeypatch.setattr("contracts.files.os.fsync", synced.append)
    write(tmp_path, "o.png")
    assert len(synced) == 1


def test_no_metadata_on_demand(tmp_path: Path) -> None:
    content = Path(write(tmp_path, "o.png", strip_metadata=True).path).read_bytes()
    assert b"digitalsourcetype" not in content
    assert b"OpenTheEyes" not in content


def test_what_the_stage_cannot_write_ends_the_photo_with_its_own_code(tmp_path: Path) -> None:
    class Full(InThisProcess):
        def ask(self, request: Request, deadline_s: float, on_event: OnEvent) -> Result:
            error = ErrorInfo("OUTPUT_002", "no space left", "free some space", retryable=True)
            return Result("r", "res", "finish", "failed", 1, (ItemResult("final", "failed", error=error),))

    with pytest.raises(StageError) as caught:
        write(tmp_path, "o.png", Full())
    assert (caught.value.code, caught.value.hint, caught.value.retryable) == (
        "OUTPUT_002", "free some space", True,
    )  # fmt: skip
    assert not (tmp_path / "out" / "o.png").exists()


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "taken").write_text("a file where a folder should be")
    with pytest.raises(StageError) as caught:
        write(tmp_path, "taken/o.png")
    assert caught.value.code == "OUTPUT_001"
