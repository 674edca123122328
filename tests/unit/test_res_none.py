"""The restore stage without weights: skipped, with a reason, and the picture untouched."""

from __future__ import annotations

from pathlib import Path

import pytest

from contracts.envelope import Item, Request
from contracts.execution import execute
from contracts.exit_codes import ExitCode
from contracts.model_manifest import read_manifest
from contracts.stage_main import stage_main
from res.app.src.backends.none import MANIFEST, NEEDED, reason
from res.app.src.restore_faces import STAGE


def test_every_item_is_skipped_and_told_why(tmp_path: Path) -> None:
    items = tuple(
        Item(item_id=name, photo=f"in:{name}.png", outputs={"image": f"out:{name}.png"}) for name in "ab"
    )
    request = Request("r", "run", "res", "none", items, {"in": str(tmp_path), "out": str(tmp_path)})
    result = execute(STAGE, request, {})
    assert (result.status, result.exit_code, result.error) == ("skipped", 0, None)
    assert [item.item_id for item in result.items] == ["a", "b"]
    for item in result.items:
        assert item.outputs == {}
        assert item.warnings[0].code == "MODEL_001"
        assert "codeformer.pth" in item.warnings[0].message
    assert list(tmp_path.iterdir()) == []


def test_only_missing_weights_are_named(tmp_path: Path) -> None:
    manifest = read_manifest(MANIFEST)
    for name in NEEDED[:2]:
        path = tmp_path / manifest.entry(name).file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    notice = reason(tmp_path)
    assert notice.code == "MODEL_001"
    assert "parsing_parsenet.pth" in notice.message
    assert "codeformer.pth" not in notice.message
    (tmp_path / manifest.entry(NEEDED[2]).file).touch()
    assert reason(tmp_path).code == "RES_001"


def test_a_person_is_told_and_no_file_appears(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(b"untouched")
    arguments = [str(photo), "--out-image", str(tmp_path / "o.png"), "--fidelity", "0.5", "--upscale", "2"]
    assert stage_main(STAGE, arguments) == 0
    assert "photo  skipped" in capsys.readouterr().out
    assert [p.name for p in tmp_path.iterdir()] == ["photo.jpg"]


def test_a_missing_photo_and_the_photo_as_output_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photo = tmp_path / "photo.jpg"
    assert stage_main(STAGE, [str(photo), "--out-image", "o.png"]) == ExitCode.UNREADABLE_INPUT
    assert "INPUT_001" in capsys.readouterr().err
    photo.touch()
    assert stage_main(STAGE, [str(photo), "--out-image", str(photo)]) == ExitCode.USAGE
    assert "ARGS_001" in capsys.readouterr().err


@pytest.mark.parametrize(
    "option", [("--fidelity", "1.1"), ("--fidelity", "nan"), ("--upscale", "0.5"), ("--upscale", "x")]
)
def test_numbers_out_of_range_are_usage_errors(tmp_path: Path, option: tuple[str, str]) -> None:
    with pytest.raises(SystemExit) as left:
        stage_main(STAGE, [str(tmp_path), "--out-image", "o.png", *option])
    assert left.value.code == 2


def test_the_weights_say_where_they_come_from() -> None:
    for entry in read_manifest(MANIFEST).models:
        assert entry.url.startswith("https://")
        assert entry.size and entry.sha256
