"""The gen stage: command line, configuration file, requests, results."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from contracts.codec import to_dict
from contracts.envelope import ErrorInfo, Item, ItemResult, Request
from contracts.error_codes import StageError
from contracts.execution import execute
from contracts.exit_codes import ExitCode
from contracts.stage_main import describe, stage_main
from gen.app.src.backends import embedded
from gen.app.src.eyegen_micro import AUTO_STRATEGIES, STAGE
from gen.app.src.gen_config import read_gen_config
from gen.app.src.strategy import STRATEGIES, EyeScene, Painting, Refused, strategy_named
from imaging.crop_files import read_picture, write_picture
from tests.unit.synthetic_face import face_picture, face_scene
from tests.unit.synthetic_open_face import closed_mesh, open_face


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A closed face's crop and a donor's, as the crop stage writes them."""
    mesh = closed_mesh()
    scene = face_scene(face_picture(mesh), mesh)
    for name, face in (("target", scene.face), ("donor", open_face())):
        write_picture(tmp_path / f"{name}.png", face.crop)
        document = to_dict(face.document) | {"mesh": face.mesh.tolist()}
        (tmp_path / f"{name}.json").write_text(json.dumps(document), encoding="utf-8")
    return tmp_path


def request(
    folder: Path, strategies: tuple[str, ...], outputs: tuple[str, ...] = ("painted", "alpha")
) -> Request:
    item = Item(
        "face_0",
        strategies=strategies,
        inputs={
            "crop": "work:target.png",
            "crop_json": "work:target.json",
            "donor_crop": "work:donor.png",
            "donor_json": "work:donor.json",
        },
        outputs={name: f"work:{name}.png" for name in outputs},
    )
    return Request("1", "run", "gen", "embedded", (item,), {"work": str(folder)})


def error_of(item: ItemResult) -> ErrorInfo:
    assert item.error is not None
    return item.error


def test_outside_of_the_paint_the_picture_is_the_crop_to_the_last_bit(files: Path) -> None:
    result = execute(STAGE, request(files, ("donor",)), {})
    assert result.status == "succeeded" and result.items[0].strategy_used == "donor"
    crop, painted, alpha = (read_picture(files / f"{n}.png") for n in ("target", "painted", "alpha"))
    assert np.array_equal(painted[alpha == 0], crop[alpha == 0])
    assert not np.array_equal(painted[alpha == 1], crop[alpha == 1])
    assert {eye["side"] for eye in result.items[0].data["eyes"]} == {"left", "right"}


def test_intermediates_come_where_they_are_asked_for(files: Path) -> None:
    names = ("painted", "alpha", "prepared", "base_output", "refined")
    result = execute(STAGE, request(files, ("donor",), names), {})
    assert set(result.items[0].outputs) == set(names)
    refined, painted, alpha = (read_picture(files / f"{n}.png") for n in ("refined", "painted", "alpha"))
    assert np.array_equal(refined[alpha > 0], painted[alpha > 0])


def test_strategies_are_tried_in_order_and_what_declined_is_told(files: Path) -> None:
    result = execute(STAGE, request(files, ("mirror", "donor")), {})
    item = result.items[0]
    assert item.strategy_used == "donor"
    assert [refusal.strategy for refusal in item.refused] == ["mirror"]
    assert "both eyes are closed" in item.refused[0].reason


def test_an_item_that_all_decline_is_skipped_not_failed(files: Path) -> None:
    result = execute(STAGE, request(files, ("mirror",)), {})
    assert result.status == "skipped" and result.exit_code == 0
    assert result.items[0].error is None and len(result.items[0].refused) == 1
    assert not (files / "painted.png").exists()


class Changeable:
    """Declines only once it has begun."""

    name = "donor"

    def refuse(self, scene: EyeScene) -> str | None:
        return None

    def paint(self, scene: EyeScene) -> Painting:
        raise Refused("it would not look good")


def test_a_strategy_may_decline_while_it_paints(files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "strategy_named", lambda name: Changeable())
    item = execute(STAGE, request(files, ("donor",)), {}).items[0]
    assert item.status == "skipped" and item.refused[0].reason == "it would not look good"


@pytest.mark.parametrize(
    ("strategies", "words"), [(("magic",), "unknown strategy 'magic'"), ((), "no strategies")]
)
def test_strategies_that_do_not_exist(files: Path, strategies: tuple[str, ...], words: str) -> None:
    result = execute(STAGE, request(files, strategies), {})
    assert error_of(result.items[0]).code == "CONTRACT_001" and words in error_of(result.items[0]).message
    assert result.exit_code == ExitCode.USAGE


def test_a_crop_without_eyes_to_open(files: Path) -> None:
    (files / "target.json").write_text((files / "donor.json").read_text())
    result = execute(STAGE, request(files, ("donor",)), {})
    assert "no eye to open" in error_of(result.items[0]).message


@pytest.mark.parametrize("name", ["target.png", "target.json", "donor.json"])
def test_a_missing_input_is_one_clear_line(files: Path, name: str) -> None:
    (files / name).unlink()
    result = execute(STAGE, request(files, ("donor",)), {})
    assert error_of(result.items[0]).code == "CONTRACT_001" and name in error_of(result.items[0]).message


def test_every_strategy_of_the_table_exists() -> None:
    for name in STRATEGIES:
        assert strategy_named(name).name == name
    assert set(AUTO_STRATEGIES) == set(STRATEGIES)
    with pytest.raises(KeyError):
        strategy_named("sdxl2")


def test_the_stage_describes_itself() -> None:
    assert describe(STAGE)["backends"]["embedded"]["environment"] == "embedded"


def options(files: Path, *more: str) -> list[str]:
    return [
        str(files / "target.png"),
        "--crop-json",
        str(files / "target.json"),
        "--out-image",
        str(files / "o.png"),
        "--out-alpha",
        str(files / "a.png"),
        *more,
    ]


def donor_options(files: Path) -> list[str]:
    return ["--donor-crop", str(files / "donor.png"), "--donor-json", str(files / "donor.json")]


def test_a_person_paints_from_the_command_line(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert stage_main(STAGE, options(files, *donor_options(files))) == 0
    said = capsys.readouterr().out
    assert "succeeded by donor" in said and "left eye" in said and "right eye" in said
    assert (files / "o.png").exists() and (files / "a.png").exists()


def test_refusals_are_said(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert stage_main(STAGE, options(files, "--strategy", "mirror")) == 0
    assert "mirror declined: both eyes are closed" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (["--donor-crop", "donor.png"], "both --donor-crop and --donor-json"),
        (["--openness", "2"], "--openness"),
        (["--out-image", "target.png"], "is an input"),
        (["--crop-json", "absent.json"], "there is no file"),
    ],
)
def test_wrong_options_are_refused_in_one_line(
    files: Path,
    capsys: pytest.CaptureFixture[str],
    more: list[str],
    words: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(files)
    assert stage_main(STAGE, options(files, *more)) != 0
    error = capsys.readouterr().err
    assert words in error and "Traceback" not in error


def test_a_missing_option_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert stage_main(STAGE, []) == ExitCode.USAGE
    assert "CROP is missing" in capsys.readouterr().err


def test_a_configuration_gives_options_and_the_command_line_beats_it(
    files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = files / "gen.json"
    paths = {"crop": "target.png", "crop_json": "target.json", "out_image": "o.png"}
    paths |= {"donor_crop": "donor.png", "donor_json": "donor.json"}
    document = {name: str(files / value) for name, value in paths.items()}
    config.write_text(json.dumps(document | {"generation": {"model": "mirror", "seed": 7}}), encoding="utf-8")
    assert stage_main(STAGE, ["--config", str(config)]) == 0
    assert "mirror declined" in capsys.readouterr().out
    assert stage_main(STAGE, ["--config", str(config), "--strategy", "donor"]) == 0
    assert "succeeded by donor" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "not JSON"),
        ("[]", "must be an object"),
        ('{"generation": 3}', "generation must be"),
        ('{"crop_jsno": "x"}', "did you mean 'crop_json'"),
        ('{"seed": "x"}', "seed has the wrong type"),
        ('{"seed": true}', "seed has the wrong type"),
    ],
)
def test_a_wrong_configuration_is_refused_with_its_place(tmp_path: Path, text: str, words: str) -> None:
    config = tmp_path / "c.json"
    config.write_text(text, encoding="utf-8")
    with pytest.raises(StageError, match=words.replace("?", r"\?")) as caught:
        read_gen_config(config)
    assert caught.value.exit_code == ExitCode.USAGE


def test_a_missing_configuration_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StageError, match="No such file"):
        read_gen_config(tmp_path / "absent.json")
