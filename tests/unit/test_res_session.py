"""The restore stage with networks made of functions: what changes, what stays, what is reported."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import pyvips
from numpy.typing import NDArray

from contracts.error_codes import StageError
from imaging.photo import read_photo
from imaging.png_writer import colour_profile
from imaging.profiles import ColourSpace
from res.app.src.enlarging import enlarged
from res.app.src.restored_face import MOST_IRIS_CHANGE
from tests.synthetic_faces import textured_picture
from tests.unit.res_fakes import FakeNetwork, FloatImage, Stage, data_of, open_face

SIZE = (420, 360)
FACE = open_face((150.0, 140.0), 80.0)


def brighter(face: FloatImage) -> FloatImage:
    return np.clip(face + np.float32(0.05), 0, 1)


def outside(shape: tuple[int, ...], *regions: tuple[int, int, int, int] | None) -> NDArray[np.bool_]:
    mask = np.ones(shape[:2], bool)
    for region in regions:
        assert region is not None
        x1, y1, x2, y2 = region
        mask[y1:y2, x1:x2] = False
    return mask


@pytest.mark.parametrize(("depth", "channels"), [(8, 3), (16, 3), (8, 1), (16, 1)])
def test_only_the_face_changes_and_depth_channels_and_transparency_stay(
    tmp_path: Path, depth: int, channels: int
) -> None:
    stage = Stage(tmp_path, FakeNetwork(brighter))
    before = textured_picture(SIZE, channels, depth)
    alpha = np.full(before.shape[:2], 77, before.dtype)
    stage.photo(before, (FACE,), alpha)
    (face,) = data_of(stage.ask()).faces
    assert (face.face_index, face.outcome, face.reason) == (0, "restored", "")
    after = read_photo(tmp_path / "out.png")
    assert after.pixels.dtype == before.dtype and after.pixels.shape == before.shape
    assert after.alpha is not None and (after.alpha == 77).all()
    away = outside(before.shape, face.region)
    assert np.array_equal(after.pixels[away], before[away])
    assert away.mean() > 0.5
    rise = (after.pixels.astype(float) - before) / np.iinfo(before.dtype).max
    nose = rise[160:180, 140:160]
    assert nose.mean() == pytest.approx(0.05, abs=0.003)
    # At the rim of the region the mask has gone to nothing: no edge.
    x1, y1, x2, y2 = face.region  # type: ignore[misc]
    for rim in (rise[y1, x1:x2], rise[y2 - 1, x1:x2], rise[y1:y2, x1], rise[y1:y2, x2 - 1]):
        assert np.abs(rim).max() < 0.006


def test_a_network_that_changes_nothing_changes_not_a_bit(tmp_path: Path) -> None:
    stage = Stage(tmp_path, FakeNetwork(lambda face: face))
    before = textured_picture(SIZE, depth=16)
    stage.photo(before, (open_face((150.0, 140.0), 80.0, tilt=0.3),))
    assert data_of(stage.ask()).faces[0].outcome == "restored"
    assert np.array_equal(read_photo(tmp_path / "out.png").pixels, before)


def test_detail_finer_than_the_aligned_frame_stays(tmp_path: Path) -> None:
    """A face three times as big as the frame keeps the grain that the network never saw."""
    stage = Stage(tmp_path, FakeNetwork(brighter))
    before = textured_picture((1200, 1300), noise=0.03)
    stage.photo(before, (open_face((600.0, 500.0), 380.0),))
    data_of(stage.ask())
    after = read_photo(tmp_path / "out.png").pixels
    cheek = (slice(620, 720), slice(420, 520))

    def grain(picture: NDArray[Any]) -> float:
        unit = picture[cheek].astype(float)
        return float((unit - cv2.GaussianBlur(unit, (0, 0), 2)).std())

    assert grain(after) == pytest.approx(grain(before), rel=0.02)


def test_the_profile_of_the_photo_is_respected(tmp_path: Path) -> None:
    icc = bytes(pyvips.Operation.call("profile_load", "p3"))
    stage = Stage(tmp_path, FakeNetwork(brighter))
    before = textured_picture(SIZE, depth=16)
    stage.photo(before, (FACE,), icc=colour_profile(icc, 3))
    data_of(stage.ask())
    after = read_photo(tmp_path / "out.png")
    assert after.icc == icc
    space = ColourSpace(icc, 3)
    nose = (slice(160, 180), slice(140, 160))
    seen = [space.to_srgb(np.float32(p[nose]) / np.float32(65535)) for p in (before, after.pixels)]
    assert (seen[1] - seen[0]).mean() == pytest.approx(0.05, abs=0.003)


def test_only_the_faces_that_are_asked_for(tmp_path: Path) -> None:
    second = open_face((330.0, 140.0), 60.0, index=1)
    stage = Stage(tmp_path, FakeNetwork(brighter))
    before = textured_picture(SIZE)
    stage.photo(before, (FACE, second))
    for asked, indices in (((1,), [1]), ((), []), (None, [0, 1])):
        faces = data_of(stage.ask(asked)).faces
        assert [face.face_index for face in faces] == indices
        after = read_photo(tmp_path / "out.png").pixels
        away = outside(before.shape, *(face.region for face in faces))
        assert np.array_equal(after[away], before[away])
        assert np.array_equal(after, before) == (not indices)


def green_irises(face: FloatImage) -> FloatImage:
    """The aligned frame's irises painted green, nothing else."""
    painted = face.copy()
    for x in (193, 319):
        cv2.circle(painted, (x, 240), 14, (0.1, 0.5, 0.1), -1)
    return painted


def test_a_face_whose_iris_changes_its_colour_is_kept_and_the_others_are_restored(tmp_path: Path) -> None:
    second = open_face((330.0, 140.0), 60.0, index=1)
    before = textured_picture(SIZE)

    def spoils_the_first(face: FloatImage) -> FloatImage:
        return green_irises(face) if network.asked == 1 else brighter(face)

    network = FakeNetwork(spoils_the_first)
    stage = Stage(tmp_path, network)
    stage.photo(before, (FACE, second))
    spoiled, fine = data_of(stage.ask()).faces
    assert (spoiled.outcome, spoiled.region) == ("kept", None)
    assert re.match(r"restoring changes the colour of the left iris \(by [\d.]+ in CIE Lab", spoiled.reason)
    assert spoiled.iris_change is not None and (spoiled.iris_change.left or 0) > MOST_IRIS_CHANGE
    assert fine.outcome == "restored"
    after = read_photo(tmp_path / "out.png").pixels
    away = outside(before.shape, fine.region)
    assert np.array_equal(after[away], before[away])


def test_a_face_asked_for_again_costs_no_network(tmp_path: Path) -> None:
    network = FakeNetwork(brighter)
    stage = Stage(tmp_path, network)
    stage.photo(textured_picture(SIZE), (FACE, open_face((330.0, 140.0), 60.0, index=1)))
    data_of(stage.ask())
    assert network.asked == 2
    data_of(stage.ask((1,), upscale=2.0))
    assert network.asked == 2
    data_of(stage.ask((1,), fidelity=0.2))
    assert (network.asked, network.fidelities) == (3, [0.7, 0.7, 0.2])


@pytest.mark.parametrize("factor", [2.0, 1.5])
def test_the_whole_picture_is_enlarged_and_the_face_restored_at_that_size(
    tmp_path: Path, factor: float
) -> None:
    fine = np.indices((512, 512)).sum(axis=0) % 4 < 2

    def detailed(face: FloatImage) -> FloatImage:
        return np.clip(face + np.where(fine, 0.1, -0.1)[:, :, None], 0, 1).astype(np.float32)

    stage = Stage(tmp_path, FakeNetwork(detailed))
    before = textured_picture(SIZE, depth=16)
    alpha = np.full(before.shape[:2], 65535, before.dtype)
    stage.photo(before, (FACE,), alpha)
    data = data_of(stage.ask(upscale=factor))
    size = (round(SIZE[0] * factor), round(SIZE[1] * factor))
    assert data.size == size
    after = read_photo(tmp_path / "out.png")
    assert after.size == size and after.alpha is not None and (after.alpha == 65535).all()
    expected = enlarged(before, size)
    away = outside(after.pixels.shape, data.faces[0].region)
    assert np.array_equal(after.pixels[away], expected[away])
    x, y = round(150 * factor), round(170 * factor)
    around = (slice(y - 20, y + 20), slice(x - 20, x + 20))
    difference = (after.pixels[around].astype(float) - expected[around]) / 65535
    # The pattern has a period of 4 px of the frame: finer than the photo, but not than twice the photo.
    assert difference.std() > (0.03 if factor == 2.0 else 0.01)


def test_a_grey_photo_in_rgb_stays_grey(tmp_path: Path) -> None:
    stage = Stage(tmp_path, FakeNetwork(lambda face: np.clip(face + np.float32([0.1, 0.02, 0]), 0, 1)))
    before = np.repeat(textured_picture(SIZE, channels=1), 3, axis=2)
    stage.photo(before, (FACE,))
    assert data_of(stage.ask()).faces[0].outcome == "restored"
    after = read_photo(tmp_path / "out.png").pixels.astype(int)
    assert np.ptp(after, axis=2).max() <= 1
    assert (after[160:180, 140:160] - before[160:180, 140:160]).mean() > 5


def test_a_face_at_the_border_of_the_photo(tmp_path: Path) -> None:
    stage = Stage(tmp_path, FakeNetwork(brighter))
    before = textured_picture(SIZE)
    stage.photo(before, (open_face((10.0, 15.0), 80.0),))
    (face,) = data_of(stage.ask()).faces
    assert face.region is not None and face.region[:2] == (0, 0)
    away = outside(before.shape, face.region)
    assert np.array_equal(read_photo(tmp_path / "out.png").pixels[away], before[away])


def test_missing_weights_and_faces_are_told(tmp_path: Path) -> None:
    stage = Stage(tmp_path, FakeNetwork(brighter))
    stage.photo(textured_picture(SIZE), (FACE,))
    for weights in ({}, {"gfpgan": "all:weights.pth"}, {"codeformer": "all:gone.pth"}):
        with pytest.raises(StageError, match="restoring needs the weights codeformer") as raised:
            stage.ask(weights=weights)
        assert (raised.value.code, raised.value.exit_code) == ("MODEL_001", 3)
    error = stage.ask((7,)).error
    assert error is not None and (error.code, "no face 7" in error.message) == ("CONTRACT_001", True)
    stage.photo(textured_picture((100, 100)), ())
    (tmp_path / "in.png").rename(tmp_path / "small.png")
    stage.photo(textured_picture(SIZE), (FACE,))
    (tmp_path / "small.png").rename(tmp_path / "in.png")
    error = stage.ask().error
    assert error is not None and error.code == "RES_001"
    assert "is of a picture of 420 x 360, this one has 100 x 100" in error.message


def test_versions_name_the_weights_and_new_ones_are_loaded(tmp_path: Path) -> None:
    network = FakeNetwork(brighter)
    stage = Stage(tmp_path, network)
    assert stage.session.versions().models == {}
    stage.photo(textured_picture(SIZE), (FACE,))
    data_of(stage.ask())
    first = stage.session.versions()
    assert first.packages["fake"] == "1" and len(first.models["codeformer"]) == 64
    (tmp_path / "weights.pth").write_bytes(b"other weights")
    data_of(stage.ask())
    assert network.asked == 2  # what other weights restored is forgotten
    assert stage.session.versions().models != first.models
