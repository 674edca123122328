"""The restore stage's table and command line, and the backend that restores nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from contracts.envelope import Item, Request
from contracts.execution import execute
from contracts.exit_codes import ExitCode
from contracts.model_manifest import read_manifest
from contracts.stage_main import build_parser, stage_main
from res.app.src.restore_faces import STAGE, STAGE_FOLDER

MANIFEST = read_manifest(STAGE_FOLDER / "models.json")


def test_without_a_backend_every_item_is_skipped_and_told_why(tmp_path: Path) -> None:
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
        assert "models pull codeformer" in item.warnings[0].message
    assert list(tmp_path.iterdir()) == []


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


def test_restoring_without_faces_says_how_to_find_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photo = tmp_path / "photo.jpg"
    photo.touch()
    arguments = [str(photo), "--out-image", str(tmp_path / "o.png"), "--backend", "gfpgan"]
    assert stage_main(STAGE, arguments) == ExitCode.USAGE
    assert "face.app.src.detect_face_micro" in capsys.readouterr().err


@pytest.mark.parametrize(
    "option",
    [
        ("--fidelity", "1.1"),
        ("--fidelity", "nan"),
        ("--upscale", "0.5"),
        ("--upscale", "x"),
        ("--faces", "1,x"),
        ("--weights", "codeformer.pth"),
    ],
)
def test_options_out_of_range_are_usage_errors(tmp_path: Path, option: tuple[str, str]) -> None:
    with pytest.raises(SystemExit) as left:
        stage_main(STAGE, [str(tmp_path), "--out-image", "o.png", *option])
    assert left.value.code == 2


def test_the_request_of_a_person(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Weights by option, else by the original design's variable."""
    photo, faces = tmp_path / "photo.jpg", tmp_path / "elsewhere" / "f.json"
    photo.touch()
    arguments = [str(photo), "--out-image", str(tmp_path / "o.png"), "--backend", "codeformer"]
    arguments += ["--face-json", str(faces), "--faces", "2,0", "--debug"]
    monkeypatch.setenv("CODEFORMER_PATH", str(tmp_path / "env.pth"))

    def request(*more: str) -> Request:
        return STAGE.request_from(build_parser(STAGE).parse_args([*arguments, *more]))

    def place(request: Request, reference: str) -> Path:
        root, _, name = reference.partition(":")
        return Path(request.roots[root]) / name

    first = request()
    assert first.items[0].params == {"faces": [2, 0]}
    assert place(first, first.items[0].inputs["face_json"]) == faces
    assert place(first, first.params["weights"]["codeformer"]) == tmp_path / "env.pth"
    assert set(first.items[0].outputs) == {"image", "debug"}
    named = request("--weights", f"codeformer={tmp_path / 'a.pth'}", "--weights", f"gfpgan={tmp_path / 'b'}")
    places = {name: place(named, ref) for name, ref in named.params["weights"].items()}
    assert places == {"codeformer": tmp_path / "a.pth", "gfpgan": tmp_path / "b"}


def test_every_backends_weights_say_where_they_come_from() -> None:
    for backend in STAGE.backends.values():
        for name in backend.needs:
            entry = MANIFEST.entry(name)
            assert entry.url.startswith("https://") and entry.licence_url.startswith("https://")
            assert entry.size and entry.sha256 and not entry.commercial_use
    assert {entry.name for entry in MANIFEST.models} == {n for b in STAGE.backends.values() for n in b.needs}
