"""Finished files and views, by the stage alone."""

from __future__ import annotations

import base64
import io
from pathlib import Path

import numpy as np
import pytest
import pyvips
from PIL import Image

from contracts.codec import from_dict, to_dict
from contracts.envelope import Item, ItemResult, Request
from contracts.execution import execute
from contracts.exit_codes import ExitCode
from contracts.finish import FinishItemData, FinishItemParams, FinishParams, View
from contracts.stage_main import stage_main
from environments.places import CHECKOUT
from res.app.src.previews import SMALL_PX
from res.app.src.restore_faces import STAGE

SAMPLE = CHECKOUT / "Input_Images" / "portrait_both_closed.jpg"


def asked(folder: Path, params: FinishItemParams) -> ItemResult:
    """What the stage answers about a.png; pictures of more than a megapixel are refused."""
    item = Item("a", photo="in:a.png", params=to_dict(params))
    given = to_dict(FinishParams(max_megapixels=1.0))
    request = Request("r", "run", "res", "finish", (item,), {"in": str(folder)}, params=given)
    (answer,) = execute(STAGE, request, {}).items
    return answer


def squares(folder: Path, size: tuple[int, int] = (40, 20)) -> None:
    """The left half red, the right half blue."""
    pixels = np.zeros((size[1], size[0], 3), np.uint8)
    pixels[:, : size[0] // 2, 0] = pixels[:, size[0] // 2 :, 2] = 255
    pyvips.Image.new_from_array(pixels).write_to_file(str(folder / "a.png"))


def shown(answer: ItemResult) -> list[Image.Image]:
    views = from_dict(FinishItemData, answer.data).views
    return [Image.open(io.BytesIO(base64.b64decode(view.data))) for view in views]


@pytest.mark.parametrize("size", [(40, 20), (80, 40)])
def test_views_are_those_of_the_frame_also_where_the_picture_was_enlarged(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    squares(tmp_path, size)
    views = (View((0, 0, 20, 20), (20, 20)), View((20, 0, 40, 20), (10, 10)))
    answer = asked(tmp_path, FinishItemParams(frame=(40, 20), views=views))
    red, blue = shown(answer)
    assert (red.size, blue.size) == ((20, 20), (10, 10))
    assert np.abs(np.asarray(red.convert("RGB"), int) - (255, 0, 0)).max() <= 3
    assert np.abs(np.asarray(blue.convert("RGB"), int) - (0, 0, 255)).max() <= 3
    assert from_dict(FinishItemData, answer.data).size == size
    assert list(tmp_path.iterdir()) == [tmp_path / "a.png"]


def test_small_views_keep_all_their_colour_and_big_ones_are_smaller_files(tmp_path: Path) -> None:
    squares(tmp_path, (400, 400))
    small, big = View((0, 0, 400, 400), (100, 100)), View((0, 0, 400, 400), (400, 400))
    assert small.size[0] * small.size[1] <= SMALL_PX < big.size[0] * big.size[1]
    answer = asked(tmp_path, FinishItemParams(frame=(400, 400), views=(small, big)))
    assert [picture.format for picture in shown(answer)] == ["JPEG", "WEBP"]


@pytest.mark.parametrize("box", [(0, 0, 41, 20), (-1, 0, 5, 5), (5, 5, 5, 9), (9, 9, 2, 2)])
def test_a_view_that_is_not_in_the_picture_fails(tmp_path: Path, box: tuple[int, int, int, int]) -> None:
    squares(tmp_path)
    answer = asked(tmp_path, FinishItemParams(frame=(40, 20), views=(View(box, (5, 5)),)))
    assert answer.error is not None and answer.error.code == "RES_002"


def test_views_without_a_frame_are_refused(tmp_path: Path) -> None:
    squares(tmp_path)
    answer = asked(tmp_path, FinishItemParams(views=(View((0, 0, 5, 5), (5, 5)),)))
    assert answer.error is not None and answer.error.code == "CONTRACT_001"


def test_pictures_beyond_the_limits_are_not_shown(tmp_path: Path) -> None:
    squares(tmp_path, (1200, 1000))
    answer = asked(tmp_path, FinishItemParams(frame=(1200, 1000), views=(View((0, 0, 9, 9), (9, 9)),)))
    assert answer.error is not None and answer.error.code == "INPUT_004"


def test_a_person_finishes_a_picture_by_hand(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    squares(tmp_path)
    arguments = [str(tmp_path / "a.png"), "--backend", "finish", "--out-image", str(tmp_path / "o.jpg")]
    assert stage_main(STAGE, arguments) == ExitCode.USAGE
    assert "--original is missing" in capsys.readouterr().err
    assert stage_main(STAGE, [*arguments, "--original", str(SAMPLE)]) == 0
    assert "succeeded" in capsys.readouterr().out
    with Image.open(tmp_path / "o.jpg") as made:
        assert (made.format, made.size) == ("JPEG", (40, 20))
    original = tmp_path / "original.jpg"
    original.write_bytes(SAMPLE.read_bytes())
    (tmp_path / "link.jpg").symlink_to(original)
    arguments[-1] = str(original)
    assert stage_main(STAGE, [*arguments, "--original", str(tmp_path / "link.jpg")]) == ExitCode.USAGE
    assert "inputs are never changed" in capsys.readouterr().err
    assert original.read_bytes() == SAMPLE.read_bytes()
    arguments[-1] = str(tmp_path / "o.gif")
    assert stage_main(STAGE, [*arguments, "--original", str(SAMPLE)]) == ExitCode.USAGE
    assert "--out-image ends with none of" in capsys.readouterr().err
