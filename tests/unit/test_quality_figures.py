"""The figures of the quality suite, on pictures whose figures are known."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from tests.iris_colour import colour_difference
from tests.quality import eye_measures
from tests.quality.eye_measures import EyeAxis
from tests.quality.frame_shift import frame_shift
from tests.quality.judging import Reading
from tests.quality.seam import seam
from tests.quality.similarity import STEADY, aligned, similarity
from tests.quality.texture import texture_distance

Picture = NDArray[np.uint8]

AXIS = EyeAxis(np.array([100.0, 80.0]), np.array([1.0, 0.0]), 60.0)


@pytest.fixture(scope="module")
def skin() -> Picture:
    """Soft structure with grain, RGB (160, 200, 3)."""
    noise = np.random.default_rng(7).normal(0, 1, (160, 200, 3))
    soft = cv2.GaussianBlur(noise, (0, 0), 6.0) * 90
    return np.asarray(np.clip(140 + soft + noise * 3, 0, 255), np.uint8)


def region_of(picture: Picture) -> NDArray[np.bool_]:
    return eye_measures.ellipse(picture.shape, AXIS)


def test_seam_of_a_brightened_eye_with_soft_borders_is_one(skin: Picture) -> None:
    rows, columns = np.mgrid[: skin.shape[0], : skin.shape[1]]
    bump = 12 * np.exp(-(((columns - 100) / 26) ** 2 + ((rows - 80) / 20) ** 2))
    edited = np.clip(skin + bump[..., None], 0, 255).astype(np.uint8)
    assert seam(skin, edited, region_of(skin), AXIS.width) == pytest.approx(1.0, abs=0.05)


def test_seam_of_a_pasted_patch_is_seen(skin: Picture) -> None:
    edited = skin.copy()
    edited[65:95, 75:125] = np.clip(edited[65:95, 75:125].astype(int) + 25, 0, 255)
    measured = seam(skin, edited, region_of(skin), AXIS.width)
    assert measured is not None
    assert measured > 1.3


def test_an_untouched_photo_has_no_seam(skin: Picture) -> None:
    assert seam(skin, skin, region_of(skin), AXIS.width) is None


def test_texture_of_the_same_patch_is_no_distance(skin: Picture) -> None:
    assert texture_distance(skin, skin) == 0.0


def test_texture_moved_by_a_pixel_is_nearer_than_texture_smoothed(skin: Picture) -> None:
    moved = np.roll(skin, 1, axis=1)
    smoothed = np.asarray(cv2.GaussianBlur(skin, (0, 0), 3.0), np.uint8)
    assert texture_distance(skin, moved) < texture_distance(skin, smoothed) / 3


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [  # Sharma, Wu, Dalal (2005), table 1
        ((50.0, 2.6772, -79.7751), (50.0, 0.0, -82.7485), 2.0425),
        ((50.0, 2.5, 0.0), (73.0, 25.0, -18.0), 27.1492),
        ((2.0776, 0.0795, -1.1350), (0.9033, -0.0636, -0.5514), 0.9082),
    ],
)
def test_colour_difference_is_ciede2000(
    one: tuple[float, ...], other: tuple[float, ...], expected: float
) -> None:
    assert colour_difference(np.array(one), np.array(other)) == pytest.approx(expected, abs=1e-4)


def test_likeness_of_a_known_error(skin: Picture) -> None:
    brighter = (skin.astype(int) + 10).clip(0, 255).astype(np.uint8)
    seen = similarity(brighter, skin, AXIS, other_exposure=False)
    assert seen is not None
    assert seen.psnr == pytest.approx(20 * np.log10(255 / 10), abs=0.01)
    forgiven = similarity(brighter, skin, AXIS, other_exposure=True)
    assert forgiven is not None
    assert forgiven.ssim == pytest.approx(1.0)


def test_the_truth_is_laid_where_the_face_is(skin: Picture) -> None:
    mesh = np.random.default_rng(1).uniform(20, 140, (478, 2))
    turn = cv2.getRotationMatrix2D((100, 80), 10, 1.1)
    elsewhere = cv2.warpAffine(skin, turn, (200, 160))
    moved = mesh @ turn[:, :2].T + turn[:, 2]
    moved[[i for i in range(478) if i not in STEADY]] += 25  # eyes opened, mouth moved
    back = aligned(np.asarray(elsewhere, np.uint8), moved, mesh, skin.shape)
    middle = np.s_[60:100, 70:130]
    assert np.abs(back[middle].astype(int) - skin[middle]).mean() < 3


def test_gaze_mismatch_of_irises_on_one_side() -> None:
    mesh = np.zeros((478, 2))
    mesh[[33, 133, 362, 263]] = [[10, 0], [40, 0], [60, 0], [90, 0]]
    mesh[468], mesh[473] = (25, 0), (72, 0)
    reading = Reading(np.zeros((68, 2)), np.zeros(128), mesh, None)
    assert eye_measures.gaze_mismatch(reading) == pytest.approx(0.1)


def test_colour_in_a_grey_photo_is_seen_and_grey_is_not() -> None:
    grey = np.full((40, 40, 3), 120, np.uint8)
    painted = grey.copy()
    painted[10:20, 10:20] = 60
    assert eye_measures.tinted(grey, painted) == 0.0
    painted[10:20, 10:15] = (110, 60, 40)
    assert eye_measures.tinted(grey, painted) == pytest.approx(0.5)
    assert eye_measures.tinted(np.dstack([grey[..., 0] + 60, grey[..., 0], grey[..., 0]]), painted) is None


def test_only_a_painted_eye_counts_as_touched(skin: Picture) -> None:
    edited = skin.copy()
    edited[:20] = 0  # far from the eye
    assert not eye_measures.touched(skin, edited, AXIS)
    edited[75:85, 90:110] = 0
    assert eye_measures.touched(skin, edited, AXIS)


def test_a_frame_that_moves_is_followed(skin: Picture) -> None:
    framed, moved = skin.copy(), skin.copy()
    for picture, shift in ((framed, 0), (moved, 2)):
        cv2.rectangle(picture, (52, 45 + shift), (148, 120 + shift), (40, 40, 40), 3)
    assert frame_shift(framed, framed, AXIS) == pytest.approx(0.0, abs=0.01)
    assert frame_shift(framed, moved, AXIS) == pytest.approx(2.0, abs=0.3)
