"""Relighting, blending, sharpness."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import ArrayLike

from gen.app.src.eye_box import Mask, blurred
from gen.app.src.smoothing import normalised_blur
from gen.app.src.transfer.pyramid_blend import levels_for, pyramid_blend
from gen.app.src.transfer.relight import OTHER_PHOTO, SAME_PHOTO, chroma_gain, common_skin, relit
from gen.app.src.transfer.texture_match import edge_blur, softening
from imaging.colour import LUMINANCE, Image

WIDTH = 40.0
SKIN = np.array([0.40, 0.26, 0.18], np.float32)


def picture(colour: ArrayLike = SKIN, shape: tuple[int, int] = (60, 80)) -> Image:
    return np.full((*shape, 3), colour, np.float32)


def ring(shape: tuple[int, int] = (60, 80)) -> Mask:
    mask = np.ones(shape, np.float32)
    mask[15:45, 20:60] = 0
    return mask


def test_a_normalised_blur_does_not_see_what_has_no_weight() -> None:
    image = picture()
    image[15:45, 20:60] = 5.0
    assert np.allclose(normalised_blur(image, ring(), 6.0), SKIN, atol=1e-3)


def test_without_any_weight_the_blur_is_finite() -> None:
    assert np.isfinite(normalised_blur(picture(), np.zeros((60, 80), np.float32), 6.0)).all()


@pytest.mark.parametrize("gain", [0.5, 1.0, 1.8])
def test_the_light_of_the_target_arrives(gain: tuple[float, ...]) -> None:
    aperture = np.zeros((60, 80), np.float32)
    result = relit(picture(), picture(SKIN * gain), ring(), aperture, WIDTH, OTHER_PHOTO)
    assert np.allclose(result, SKIN * gain, rtol=0.05)


def test_a_smooth_change_of_light_is_followed() -> None:
    slope = np.linspace(0.7, 1.4, 80, dtype=np.float32)[None, :, None]
    aperture = np.zeros((60, 80), np.float32)
    result = relit(picture(), picture() * slope, ring(), aperture, WIDTH, OTHER_PHOTO)
    assert result[30, 70, 0] / result[30, 10, 0] > 1.4


def test_the_colour_of_the_light_reaches_skin_wholly_and_the_eyeball_mostly() -> None:
    warm = np.array([1.25, 1.0, 0.7], np.float32)
    aperture = np.zeros((60, 80), np.float32)
    aperture[25:35, 30:50] = 1
    result = relit(picture(), picture(SKIN * warm), ring(), aperture, WIDTH, OTHER_PHOTO)
    wanted = SKIN * warm / (SKIN * warm @ LUMINANCE)
    skin, eyeball = (result[y, x] / (result[y, x] @ LUMINANCE) for y, x in ((5, 5), (30, 40)))
    before = SKIN / (SKIN @ LUMINANCE)
    assert np.allclose(skin, wanted, rtol=0.03)
    assert (np.abs(eyeball - wanted) < np.abs(before - wanted) + 1e-6).all()
    assert not np.allclose(eyeball, wanted, rtol=0.02)


def test_gains_are_bounded() -> None:
    aperture = np.zeros((60, 80), np.float32)
    result = relit(picture(SKIN * 0.02), picture(), ring(), aperture, WIDTH, OTHER_PHOTO)
    assert result.max() <= 0.02 * SKIN.max() * 3.0 * 2.0 + 1e-6
    assert (chroma_gain(picture((0.5, 0.01, 0.01)), picture((0.01, 0.01, 0.5)), ring()) <= 2.0).all()


def test_a_bright_light_does_not_blow_out_the_sclera() -> None:
    aperture = np.ones((60, 80), np.float32)
    bright = relit(picture(), picture(SKIN * 2), ring(), aperture, WIDTH, OTHER_PHOTO)
    skin = relit(picture(), picture(SKIN * 2), ring(), 1 - aperture, WIDTH, OTHER_PHOTO)
    assert bright.mean() < 0.9 * skin.mean()


@pytest.mark.parametrize("gain", [0.5, 2.0])
def test_eyes_of_one_photo_differ_less_than_the_skin_beside_them(gain: float) -> None:
    aperture = np.ones((60, 80), np.float32)
    result = relit(picture(), picture(SKIN * gain), ring(), aperture, WIDTH, SAME_PHOTO)
    assert np.allclose(result, SKIN * gain**0.5, rtol=0.05)


def test_hair_in_one_of_the_pictures_is_no_common_skin() -> None:
    source, target = picture(), picture() * 1.1
    target[:, :12] = 0.01
    common = common_skin(source, target, ring(), WIDTH)
    assert common[30, 5] == 0 and common[30, 70] == 1


def test_blending_keeps_both_sides_and_hides_the_border() -> None:
    under, over = np.zeros((64, 96, 3), np.float32), np.ones((64, 96, 3), np.float32)
    mask = np.zeros((64, 96), np.float32)
    mask[:, 48:] = 1
    result = pyramid_blend(under, over, mask, 3)
    assert result[32, 2, 0] == pytest.approx(0, abs=0.02)
    assert result[32, 93, 0] == pytest.approx(1, abs=0.02)
    steps = np.diff(result[32, :, 0])
    assert steps.max() < 0.25 and steps.min() > -0.02


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_a_constant_mask_returns_a_picture_unchanged(value: float) -> None:
    rng = np.random.default_rng(1)
    under, over = rng.random((2, 50, 70, 3), dtype=np.float32)
    mask = np.full((50, 70), value, np.float32)
    assert np.allclose(pyramid_blend(under, over, mask, 4), over if value else under, atol=1e-5)


def test_levels_grow_with_the_eye_within_bounds() -> None:
    assert [levels_for(w) for w in (5, 50, 200, 5000)] == [2, 3, 5, 6]


def edges(sigma: float, size: int = 96) -> Image:
    step = np.zeros((size, size, 3), np.float32)
    for x in range(0, size, 24):
        step[:, x : x + 12] = 0.8
    return blurred(step, sigma)


@pytest.mark.parametrize("sigma", [0.8, 1.5, 2.5])
def test_the_blur_of_edges_is_measured(sigma: float) -> None:
    assert edge_blur(edges(sigma)) == pytest.approx(sigma, rel=0.45)


def test_more_blur_measures_as_more() -> None:
    measured = [edge_blur(edges(sigma)) for sigma in (0.5, 1.0, 2.0, 3.0)]
    assert measured == sorted(measured)


def test_a_flat_picture_has_no_sharp_edge() -> None:
    assert edge_blur(picture()) == 8.0
    assert edge_blur(picture(), np.zeros((60, 80), np.float32)) == 8.0


def test_only_the_edges_asked_for_count() -> None:
    both = np.concatenate([edges(0.6), edges(3.0)], axis=1)
    where = np.zeros(both.shape[:2], np.float32)
    where[:, 100:] = 1
    assert edge_blur(both, where) > 2 * edge_blur(both)


def test_softening_adds_what_is_missing_and_never_sharpens() -> None:
    assert softening(2.0, 1.0) == pytest.approx(3**0.5)
    assert softening(1.0, 2.0) == 0.0
