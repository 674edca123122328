"""Variations by the small language model, through the stage's own process in its own environment, offline."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from environments.places import CHECKOUT
from environments.reexec import child_environment
from environments.store import environment_python
from preenh.app.src.checks import faults
from preenh.app.src.pre_enhance_prompt import DEFAULT_CONFIG, read_prompts

pytestmark = pytest.mark.heavy

NO_NETWORK = {
    "PIP_NO_INDEX": "1",
    "UV_OFFLINE": "1",
    "HF_HUB_OFFLINE": "1",
    "http_proxy": "http://127.0.0.1:9",
    "https_proxy": "http://127.0.0.1:9",
}
PATIENCE_S = 1500.0
FIELDS = {
    "prompt": ("prompt",),
    "negative_prompt": ("negative_prompt",),
    "refiner_prompt": ("refiner", "prompt"),
    "refiner_negative_prompt": ("refiner", "negative_prompt"),
}


def _stage(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "preenh.app.src.pre_enhance_prompt", *arguments],
        cwd=CHECKOUT,
        env={**child_environment(), **variables},
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_S,
    )


@pytest.fixture(scope="module")
def environment() -> None:
    environment_python(CHECKOUT / "preenh", "smollm2")


def test_four_variations_keep_every_key_word_and_differ(environment: None, tmp_path: Path) -> None:
    answer = _stage("--backend", "smollm2", "--out-dir", str(tmp_path), **NO_NETWORK)
    assert answer.returncode == 0, answer.stderr
    documents = [json.loads((tmp_path / f"variation_0{n}.json").read_text()) for n in range(1, 5)]
    for field, keys in FIELDS.items():
        original = read_prompts(DEFAULT_CONFIG)[field]
        taken = [original]
        for document in documents:
            text = document["generation"]
            for key in keys:
                text = text[key]
            assert faults(original, text, taken) == ()
            taken.append(text)
    replaced = answer.stdout.count("written by rules")
    assert replaced < 16, "the model wrote nothing at all"


def test_a_file_that_is_no_model_gets_one_line(environment: None, tmp_path: Path) -> None:
    page = tmp_path / "model.gguf"
    page.write_text("<html>404</html>")
    answer = _stage("--backend", "llama", "--out-dir", str(tmp_path), LLM_MODEL_PATH=str(page))
    assert answer.returncode == 3
    lines = [line for line in answer.stderr.splitlines() if "[MODEL_005]" in line]
    assert len(lines) == 1
    assert "is no GGUF file" in lines[0]
    assert "Traceback" not in answer.stderr


@pytest.mark.skipif(os.name == "nt", reason="compilers are looked for on the search path of Unix")
def test_without_a_compiler_it_is_one_line(tmp_path: Path) -> None:
    empty = tmp_path / "programs"
    empty.mkdir()
    variables = {
        "PATH": str(empty),
        "CXX": "",
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
        "OTE_VENVS": str(tmp_path / "venvs"),
    }
    answer = _stage("--backend", "llama", "--out-dir", str(tmp_path), **variables)
    assert answer.returncode == 3
    assert "no C++ compiler [ENV_001]" in answer.stderr
    assert "Traceback" not in answer.stderr
