"""Where InsightFace's detector is pointed at, with a detector that sees what it is told to."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import numpy as np
import pytest

from face.app.src.insight.pack import Detection, Pack
from face.app.src.insight.search import LOOK, WIDE_MARGIN, find_faces
from face.app.src.picture_pyramid import PicturePyramid, Rgb8

FACE = np.array([[250, 260], [390, 260], [320, 330], [270, 400], [370, 400]], float)


class FakePack:
    """Sees one face in the middle of those looks that `sees` says yes to."""

    def __init__(self, sees: Callable[[Rgb8], bool]) -> None:
        self.sees = sees
        self.looks = 0

    def detect(self, rgb: Rgb8) -> list[Detection]:
        self.looks += 1
        return [Detection((160.0, 160.0, 480.0, 480.0), 0.7, FACE)] if self.sees(rgb) else []


def found(pack: FakePack, width: int = 300, height: int = 300) -> list[Detection]:
    pyramid = PicturePyramid(np.full((height, width, 3), 200, np.uint8))
    return find_faces(pyramid, cast(Pack, pack), 60)


def share_of_photo(look: Rgb8) -> float:
    return float((look > 0).mean())


def test_a_face_is_told_in_the_photos_pixels() -> None:
    (face,) = found(FakePack(lambda look: share_of_photo(look) > 0.9))
    assert face.box == pytest.approx((74.5, 74.5, 224.5, 224.5), abs=0.5)
    assert face.points[0] == pytest.approx((116.9, 121.6), abs=0.5)


def test_the_tightest_crops_are_seen_with_a_wide_margin() -> None:
    (face,) = found(FakePack(lambda look: share_of_photo(look) < 1.2 / WIDE_MARGIN**2))
    assert face.box[2] - face.box[0] == pytest.approx(WIDE_MARGIN * 300 / 2, rel=0.01)


def test_a_turned_look_gives_an_upright_box() -> None:
    seen: list[int] = []

    def second_wide_look(look: Rgb8) -> bool:
        seen.append(share_of_photo(look) < 1.2 / WIDE_MARGIN**2)
        return sum(seen) == 2

    (face,) = found(FakePack(second_wide_look))
    turned = WIDE_MARGIN * 300 / 2 * (np.cos(np.radians(60)) + np.sin(np.radians(60)))
    assert face.box[2] - face.box[0] == pytest.approx(turned, rel=0.01)
    along = face.points[1] - face.points[0]
    assert np.degrees(np.arctan2(along[1], along[0])) == pytest.approx(60, abs=0.1)


def test_where_a_face_is_seen_nothing_is_turned() -> None:
    pack = FakePack(lambda look: share_of_photo(look) > 0.9)
    found(pack)
    assert pack.looks == 2


def test_a_big_photo_is_looked_at_in_tiles() -> None:
    pack = FakePack(lambda look: True)
    found(pack, 4000, 3000)
    assert pack.looks > 6
    assert LOOK == 640
