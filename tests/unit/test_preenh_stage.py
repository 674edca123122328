"""The pre-enhancement stage: its files, its messages, its place in the contract."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from contracts.envelope import Item, Request, Result
from contracts.execution import execute
from contracts.exit_codes import ExitCode
from contracts.stage_main import stage_main
from preenh.app.src.pre_enhance_prompt import DEFAULT_CONFIG, STAGE, read_prompts


def run(out: Path, **changes: Any) -> Result:
    fields: dict[str, Any] = {
        "item_id": "v",
        "seed": 5,
        "outputs": {"variation": "out:deep/variation_01.json"},
        "params": {"number": 1},
    }
    request = Request(
        request_id="r",
        run_id="run",
        stage="preenh",
        backend="rules",
        items=(Item(**(fields | changes)),),
        roots={"out": str(out)},
        params={"prompt": "blue eyes", "refiner_prompt": "matte"},
    )
    return execute(STAGE, request, {})


def test_the_file_merges_over_a_configuration(tmp_path: Path) -> None:
    result = run(tmp_path)
    assert result.status == "succeeded"
    document = json.loads((tmp_path / "deep" / "variation_01.json").read_text())
    assert document == {"generation": result.items[0].data}
    assert document["generation"]["prompt"].startswith("blue eyes, ")
    assert document["generation"]["negative_prompt"] == ""
    assert document["generation"]["refiner"]["prompt"].startswith("matte, ")
    assert result.items[0].outputs["variation"].path == "out:deep/variation_01.json"


@pytest.mark.parametrize("changes", [{"params": {"number": 0}}, {"outputs": {}}, {"params": {"numer": 1}}])
def test_a_request_that_makes_no_sense_is_refused(tmp_path: Path, changes: dict[str, Any]) -> None:
    result = run(tmp_path, **changes)
    assert result.exit_code == ExitCode.USAGE
    assert result.error is not None
    assert result.error.code == "CONTRACT_001"
    assert list(tmp_path.iterdir()) == []


def test_a_person_gets_numbered_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert stage_main(STAGE, ["--num-variations", "3", "--out-dir", str(tmp_path / "new")]) == 0
    assert sorted(p.name for p in (tmp_path / "new").iterdir()) == [f"variation_0{n}.json" for n in (1, 2, 3)]
    texts = {(tmp_path / "new" / f"variation_0{n}.json").read_text() for n in (1, 2, 3)}
    assert len(texts) == 3
    assert "variation_03" in capsys.readouterr().out


def test_a_partial_configuration_merges_over_the_default(tmp_path: Path) -> None:
    config = tmp_path / "blue.json"
    config.write_text('{"generation": {"prompt": "Blue eyes", "refiner": {"strength": 0.5}}}')
    prompts = read_prompts(config)
    assert prompts["prompt"] == "Blue eyes"
    assert prompts["refiner_prompt"] == read_prompts(DEFAULT_CONFIG)["refiner_prompt"] != ""
    assert prompts["instruction"] != ""


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("{", "not JSON"),
        ("[]", "must be an object"),
        ('{"generation": {"prompt": 3}}', "prompt must be text"),
        ('{"generation": {"refiner": 3}}', "generation.refiner must be an object"),
        (b"\xff\xfe", "not JSON"),
        (None, "No such file"),
    ],
)
def test_a_bad_configuration_gets_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str | bytes | None, says: str
) -> None:
    config = tmp_path / "c.json"
    if content is not None:
        config.write_bytes(content.encode() if isinstance(content, str) else content)
    assert stage_main(STAGE, ["--config", str(config), "--out-dir", str(tmp_path)]) == ExitCode.USAGE
    line = capsys.readouterr().err
    assert line.count("\n") == 1
    assert says in line
    assert "CONFIG_001" in line


@pytest.mark.parametrize("count", ["0", "-1", "100", "many"])
def test_a_count_out_of_range_is_a_usage_error(tmp_path: Path, count: str) -> None:
    with pytest.raises(SystemExit) as left:
        stage_main(STAGE, ["--out-dir", str(tmp_path), "--num-variations", count])
    assert left.value.code == 2
