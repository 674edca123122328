"""Feathering, light, tone and grain: each by itself."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from blend.app.src.blend_eye_patch import feather_mask
from blend.app.src.grain import (
    LUMA,
    chroma_detail,
    grain_for,
    luma_detail,
    measure_grain,
    noise_level,
)
from blend.app.src.matching import change_of, matched_light, matched_tone
from blend.app.src.seam import seam_ratio
from contracts.crop import CropDocument, CropParams
from crop.app.src.crop import crop_face
from imaging.canvas import Canvas
from imaging.colour import to_encoded, to_linear
from imaging.tone import tone_of
from tests.synthetic_faces import face_of, synthetic_mesh, textured_picture, textured_unit
from tests.unit.test_blend_paste import photo_of

FloatImage = NDArray[np.float32]


def disc(size: int = 120, radius: int = 40) -> NDArray[np.bool_]:
    y, x = np.mgrid[0:size, 0:size] - size / 2
    inside: NDArray[np.bool_] = np.hypot(x, y) < radius
    return inside


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_feather_keeps_dtype_and_range(dtype: type) -> None:
    top = 1 if dtype is np.float32 else np.iinfo(dtype).max
    mask: NDArray[Any] = (disc() * top).astype(dtype)
    soft = feather_mask(mask, 25)
    assert soft.dtype == mask.dtype and soft.shape == mask.shape
    assert soft[60, 60] == top
    assert ((soft > 0) & (soft < top)).any()
    assert (soft <= mask).all()


def test_feather_is_as_wide_as_asked() -> None:
    row = feather_mask(disc(200, 80).astype(np.float32), 30)[100]
    fading = np.flatnonzero((row[:100] > 0) & (row[:100] < 1))
    assert len(fading) == pytest.approx(30, abs=2)
    assert np.abs(np.diff(row)).max() < 0.06


def test_soft_masks_stay_as_they_are() -> None:
    y, x = np.mgrid[0:200, 0:200] - 100.0
    soft = np.clip(2 - np.hypot(x, y) / 40, 0, 1).astype(np.float32)
    feathered = feather_mask(soft, 12)
    assert np.abs(feathered - soft).max() < 0.05


def test_mask_ends_at_the_picture_s_edge() -> None:
    feathered = feather_mask(np.full((60, 60), 255, np.uint8), 20)
    assert feathered[0].max() < 10
    assert feathered[30, 30] == 255


@given(st.integers(0, 10), st.floats(0, 1))
@settings(max_examples=20, deadline=None)
def test_nothing_is_matched_where_nothing_was_painted(seed: int, colour: float) -> None:
    crop = textured_unit((120, 120), seed=seed)
    painted = crop.copy()
    painted[disc()] = colour
    opacity = feather_mask(disc(120, 55).astype(np.float32), 20)
    change = change_of(crop, painted, 50)
    assert not change.entry[(painted == crop).all(axis=2)].any()
    assert (change.replaced <= change.entry).all()
    for matched in (
        matched_light(crop, painted, opacity, change, 50),
        matched_tone(crop, painted, change, tone_of(crop)),
    ):
        assert np.array_equal(matched[change.entry == 0], crop[change.entry == 0])


@pytest.mark.parametrize("gain", [0.92, 1.08])
def test_light_of_the_rim_is_matched(gain: float) -> None:
    crop = textured_unit((120, 120), noise=0.005)
    painted = crop.copy()
    painted[disc(120, 55)] = to_encoded(to_linear(crop) * np.float32(gain))[disc(120, 55)]
    opacity = feather_mask(disc(120, 55).astype(np.float32), 25)
    matched = matched_light(crop, painted, opacity, change_of(crop, painted, 50), 50)
    center = (slice(50, 70), slice(50, 70))
    before, after = (np.abs(p - crop)[center].mean() for p in (painted, matched))
    assert after < 0.4 * before


def test_content_is_no_light() -> None:
    """A dark iris in the middle of an unchanged rim must stay dark."""
    crop = textured_unit((120, 120))
    painted = crop.copy()
    painted[disc(120, 15)] = 0.05
    opacity = feather_mask(disc(120, 55).astype(np.float32), 25)
    matched = matched_light(crop, painted, opacity, change_of(crop, painted, 50), 50)
    assert np.array_equal(matched, painted)


def test_gain_is_limited() -> None:
    crop = textured_unit((120, 120))
    painted = np.where(disc(120, 55)[:, :, None], np.float32(0.05), crop)
    opacity = feather_mask(disc(120, 55).astype(np.float32), 25)
    matched = matched_light(crop, painted, opacity, change_of(crop, painted, 50), 50)
    assert matched[60, 60].max() < 0.06


def test_tone_of_sepia_is_taken_over() -> None:
    grey = textured_unit((120, 120), 1, noise=0.03)
    sepia = np.clip(grey * np.array([1.0, 0.85, 0.6], np.float32), 0, 1)
    painted = sepia.copy()
    painted[disc()] = (0.2, 0.4, 0.8)  # a blue iris
    matched = matched_tone(sepia, painted, change_of(sepia, painted, 50), tone_of(sepia))
    red, green, blue = matched[60, 60]
    assert red > green > blue


def test_what_gets_lighter_in_a_sepia_photo_gets_no_other_hue() -> None:
    ramp = np.repeat(np.linspace(0.0, 0.9, 120, dtype=np.float32)[:, None], 120, axis=1)[..., None]
    tint = np.array([1.0, 0.85, 0.6], np.float32)
    sepia = np.clip(ramp * tint + np.float32(0.06) * (tint - 0.8), 0, 1)
    sepia[40:80, 40:80] = 0.0  # a brow
    painted = sepia.copy()
    painted[40:80, 40:80] = 0.35
    red, green, blue = matched_tone(sepia, painted, change_of(sepia, painted, 50), tone_of(sepia))[60, 60]
    assert red >= green >= blue


def document(distance: float = 110) -> CropDocument:
    photo = photo_of(textured_picture((400, 320)))
    return crop_face(photo, face_of(synthetic_mesh((200, 120), distance)), (), CropParams()).document


@pytest.mark.parametrize("noise", [0.01, 0.025])
def test_grain_is_measured_and_topped_up(noise: float) -> None:
    photo = textured_picture((400, 320), noise=noise)
    grain = measure_grain(Canvas(photo, None), document(), True)
    assert grain is not None and grain.luma is not None and grain.chroma is not None
    truth = luma_detail(np.divide(photo, 255, dtype=np.float32)).std()
    assert grain.luma.std == pytest.approx(truth, rel=0.25)
    smooth = textured_unit((200, 200), noise=0)
    replaced = np.ones((200, 200), np.float32)
    added = grain_for(smooth, replaced, grain, np.random.default_rng(0))
    result = smooth + added
    inner = slice(20, -20)
    assert noise_level(luma_detail(result)[inner, inner]) == pytest.approx(grain.luma.std, rel=0.3)
    assert noise_level(chroma_detail(result)[inner, inner]) == pytest.approx(grain.chroma.std, rel=0.35)
    assert abs((added @ LUMA).mean()) < 0.1 * grain.luma.std


def test_a_painting_with_grain_gets_none() -> None:
    photo = textured_picture((400, 320), noise=0.02)
    grain = measure_grain(Canvas(photo, None), document(), True)
    assert grain is not None
    own = textured_unit((200, 200), noise=0.022)
    added = grain_for(own, np.ones((200, 200), np.float32), grain, np.random.default_rng(0))
    assert (added @ LUMA).std() < 0.25 * 0.02


def test_grain_stays_out_of_what_was_kept_and_of_black_and_white() -> None:
    photo = textured_picture((400, 320), noise=0.02)
    grain = measure_grain(Canvas(photo, None), document(), True)
    assert grain is not None
    picture = np.full((100, 100, 3), 0.5, np.float32)
    picture[:30], picture[30:60] = 0.0, 1.0
    replaced = np.ones((100, 100), np.float32)
    replaced[:, 50:] = 0
    added = grain_for(picture, replaced, grain, np.random.default_rng(0))
    assert not added[:, 50:].any()
    assert not added[:60].any()
    assert added[60:, :50].any()


def test_clean_and_small_faces_get_no_grain() -> None:
    clean = textured_picture((400, 320), noise=0)
    grain = measure_grain(Canvas(clean, None), document(), True)
    assert grain is None or grain.luma is None or grain.luma.std < 1 / 255
    assert measure_grain(Canvas(clean, None), document(40), True) is None


def test_grain_of_a_black_and_white_photo_has_no_colour() -> None:
    photo = np.repeat(textured_picture((400, 320), 1, noise=0.02), 3, axis=2)
    grain = measure_grain(Canvas(photo, None), document(), False)
    assert grain is not None and grain.chroma is None
    picture = np.full((60, 60, 3), 0.5, np.float32)
    added = grain_for(picture, np.ones((60, 60), np.float32), grain, np.random.default_rng(0))
    assert np.ptp(added, axis=2).max() == 0


@pytest.mark.parametrize("quality", [10, 30])
def test_block_borders_of_a_jpeg_are_hardly_grain(quality: int) -> None:
    smooth = textured_picture((400, 320), noise=0)
    _, encoded = cv2.imencode(".jpg", smooth, [cv2.IMWRITE_JPEG_QUALITY, quality])
    blocky = np.asarray(cv2.imdecode(encoded, cv2.IMREAD_COLOR))
    assert (blocky != smooth).mean() > 0.3
    grain = measure_grain(Canvas(blocky, None), document(), True)
    assert grain is None or grain.luma is None or grain.luma.std < 1 / 255


def test_seam_of_nothing_is_none() -> None:
    picture = textured_unit((80, 80))
    assert seam_ratio(picture, picture, 40) is None
