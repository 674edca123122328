"""Finished pictures: what they say about themselves, and what they must not say."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from environments.places import CHECKOUT
from imaging.photo import read_photo
from orch.app.src.outputs.finishing import Finished, final_writer, provenance
from orch.app.src.report import EyeVerdict, FaceEdit, VariationReport
from orch.app.src.settings import Settings
from orch.app.src.version import VERSION

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


def finished(folder: Path, name: str) -> Finished:
    return Finished(SAMPLE, SAMPLE, folder / name, VARIATION, {"gen": 1.5}, MODELS)


def test_only_what_was_opened_counts() -> None:
    assert VARIATION.strategies() == ("donor",)
    assert VARIATION.regions() == ((200, 150, 270, 190),)


def test_provenance_says_how_and_not_where(tmp_path: Path) -> None:
    private = Settings.model_validate(
        {
            "input": {"image_path": "/home/ann/photos/a.jpg"},
            "generation": {"donor": "/home/ann/donors", "seed": 7},
            "models": {"llm": "/home/ann/llm.gguf"},
        }
    )
    said = provenance(private, finished(tmp_path, "o.png"))
    assert said["Version"] == VERSION
    assert (said["Seed"], said["Strategies"], said["RunId"]) == ("7", "donor", "r_original")
    assert json.loads(said["Models"]) == MODELS
    assert json.loads(said["Timestamps"]) == {"gen": 1.5}
    assert json.loads(said["Config"])["generation"]["donor"] == "donors"
    assert "/home/ann" not in " ".join(said.values())


@pytest.mark.parametrize(("output_format", "suffix"), [("png", ".png"), ("same", ".jpg"), ("webp", ".webp")])
def test_the_writer_passes_everything_on(tmp_path: Path, output_format: str, suffix: str) -> None:
    settings = Settings.model_validate({"output": {"format": output_format}})
    written = final_writer(settings)(finished(tmp_path, f"o{suffix}"))
    path = Path(written.path)
    assert read_photo(path).size == read_photo(SAMPLE).size
    content = path.read_bytes()
    assert b"http://cv.iptc.org/newscodes/digitalsourcetype/" in content
    assert VERSION.encode() in content
    assert (written.recompression is None) == (output_format == "png")
    assert len(written.sha256) == 64


def test_no_metadata_on_demand(tmp_path: Path) -> None:
    settings = Settings.model_validate({"output": {"strip_metadata": True}})
    written = final_writer(settings)(finished(tmp_path, "o.png"))
    content = Path(written.path).read_bytes()
    assert b"digitalsourcetype" not in content
    assert b"OpenTheEyes" not in content
