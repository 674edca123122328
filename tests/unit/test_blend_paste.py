"""Pasting: no change stays no change, nothing outside changes, what is painted arrives where it belongs."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import pyvips
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from blend.app.src.edits import PaintedFace
from blend.app.src.paste import paste_face
from contracts.blend import EDIT_SEMI_AXES, BlendParams, EyePaste
from contracts.crop import CropParams
from contracts.face import SIDES, Side
from crop.app.src.crop import crop_face
from imaging import affine, eye_mesh
from imaging.canvas import Canvas
from imaging.crop_files import quantised
from imaging.photo import Photo, PhotoHeader
from tests.synthetic_faces import face_of, synthetic_mesh, textured_picture

SIZE = (400, 320)
MIDDLE = (203.4, 158.7)
PLAIN = BlendParams(match_colour=False, match_grain=False)


def display_p3() -> bytes:
    return bytes(pyvips.Operation.call("profile_load", "p3"))


def photo_of(pixels: NDArray[Any], icc: bytes | None = None) -> Photo:
    header = PhotoHeader("PNG", pixels.shape[1], pixels.shape[0], pixels.dtype.itemsize * 8, "rgb")
    return Photo(pixels, None, icc, header)


def painted_face(
    photo: Photo, mesh: NDArray[np.float64], eyes: tuple[Side, ...] = SIDES, **params: Any
) -> PaintedFace:
    """A crop, unpainted, fully opaque around both eyes."""
    crop = crop_face(photo, face_of(mesh), SIDES, CropParams(**params))
    picture = quantised(crop.picture)
    alpha = np.divide(crop.mask, 255, dtype=np.float32)
    return PaintedFace(crop.document, picture, picture.copy(), alpha, eyes)


def paint(face: PaintedFace, colour: float | tuple[float, ...] = 0.2) -> PaintedFace:
    """The masks filled with a colour."""
    face.painted[face.alpha > 0] = colour
    return face


def paste(
    photo: Photo, face: PaintedFace, params: BlendParams = PLAIN, seed: int = 0
) -> tuple[NDArray[Any], list[EyePaste]]:
    canvas = Canvas(photo.pixels.copy(), photo.icc)
    return canvas.levels, paste_face(canvas, face, params, seed)


def distance_from_eye(face: PaintedFace, side: Side) -> NDArray[np.float64]:
    """Ellipse radius of every photo pixel, 1 on the edge of what may be edited."""
    mesh = np.asarray(face.document.mesh)
    y, x = np.mgrid[0 : SIZE[1], 0 : SIZE[0]]
    points = affine.apply(face.transform, np.dstack([x, y]))
    outer, inner = eye_mesh.corners(mesh, side)
    along = (inner - outer) / np.linalg.norm(inner - outer)
    offset = points - (outer + inner) / 2
    a, b = (axis * np.linalg.norm(inner - outer) for axis in EDIT_SEMI_AXES)
    radius: NDArray[np.float64] = np.hypot(offset @ along / a, offset @ [-along[1], along[0]] / b)
    return radius


@given(
    tilt=st.floats(-math.pi, math.pi),
    distance=st.floats(30, 130),
    size=st.one_of(st.none(), st.integers(48, 500)),
    x=st.floats(-20, 420),
    y=st.floats(-20, 340),
    depth=st.sampled_from([8, 16]),
    channels=st.sampled_from([1, 3]),
)
@settings(max_examples=40, deadline=None)
def test_no_change_stays_no_change(
    tilt: float, distance: float, size: int | None, x: float, y: float, depth: int, channels: int
) -> None:
    photo = photo_of(textured_picture(SIZE, channels, depth), display_p3() if channels == 3 else None)
    face = painted_face(photo, synthetic_mesh((x, y), distance, tilt), crop_output_size=size)
    levels, pastes = paste(photo, face, BlendParams())
    assert np.array_equal(levels, photo.pixels)
    assert [p.changed_px for p in pastes] == [0, 0]
    assert all(p.region[0] == p.region[2] for p in pastes)


@given(
    tilt=st.floats(-1, 1),
    distance=st.floats(30, 130),
    size=st.one_of(st.none(), st.integers(48, 400)),
    depth=st.sampled_from([8, 16]),
    channels=st.sampled_from([1, 3]),
)
@settings(max_examples=25, deadline=None)
def test_nothing_outside_of_the_ellipses_changes(
    tilt: float, distance: float, size: int | None, depth: int, channels: int
) -> None:
    photo = photo_of(textured_picture(SIZE, channels, depth))
    face = painted_face(photo, synthetic_mesh(MIDDLE, distance, tilt), crop_output_size=size)
    face.alpha[:] = 1
    face.painted[:] = 1 - face.crop
    levels, pastes = paste(photo, face, BlendParams())
    changed = (levels != photo.pixels).any(axis=2)
    allowed = np.minimum(distance_from_eye(face, "left"), distance_from_eye(face, "right")) < 1 + 1e-4
    assert changed.any()
    assert not (changed & ~allowed).any()
    boxes = np.zeros_like(changed)
    for one in pastes:
        x1, y1, x2, y2 = one.region
        boxes[y1:y2, x1:x2] = True
    assert not (changed & ~boxes).any()
    assert sum(one.changed_px for one in pastes) == changed.sum()


@pytest.mark.parametrize("depth", [8, 16])
@pytest.mark.parametrize("tilt", [0.0, 0.35])
@pytest.mark.parametrize("size", [None, 90, 640])
def test_painting_arrives_where_it_was_painted(depth: int, tilt: float, size: int | None) -> None:
    """A smooth bump in the crop shows at the eye's place in the photo, to a tenth of a pixel."""
    photo = photo_of(textured_picture(SIZE, 3, depth, noise=0))
    mesh = synthetic_mesh(MIDDLE, 80, tilt)
    face = painted_face(photo, mesh, crop_output_size=size)
    face.alpha[:] = 1
    v, u = np.indices(face.alpha.shape)
    center, sigma = face.document.left_eye.center, 5 * face.document.scale
    bump = 0.3 * np.exp(-((u - center[0]) ** 2 + (v - center[1]) ** 2) / (2 * sigma**2))
    face.painted[:] = face.crop + bump[:, :, None].astype(np.float32)
    levels, _ = paste(photo, face, BlendParams(0.0, match_colour=False, match_grain=False))
    y, x = np.mgrid[0 : SIZE[1], 0 : SIZE[0]]
    eye = eye_mesh.eye_center(mesh, "left")
    # Where the bump is nearly zero, it was cut off by the ellipse.
    expected = 0.3 * np.exp(-((x - eye[0]) ** 2 + (y - eye[1]) ** 2) / (2 * 5**2))
    added = (levels.astype(float) - photo.pixels)[:, :, 1] / (2**depth - 1)
    near = np.hypot(x - eye[0], y - eye[1]) < 20
    assert np.abs(added - expected)[near].max() < 0.3 * 0.1 / 5 + 1.5 / 255
    weights = added[near]
    assert (weights * x[near]).sum() / weights.sum() == pytest.approx(eye[0], abs=0.1)
    assert (weights * y[near]).sum() / weights.sum() == pytest.approx(eye[1], abs=0.1)


def test_rounding_shifts_nothing_as_a_whole() -> None:
    photo = photo_of(textured_picture(SIZE, noise=0.02))
    face = painted_face(photo, synthetic_mesh(MIDDLE, 80, 0.2))
    face.painted[:] = np.clip(face.crop + 0.3 / 255, 0, 1)  # less than half a level
    levels, _ = paste(photo, face, BlendParams(0.0, match_colour=False, match_grain=False))
    inside = np.minimum(distance_from_eye(face, "left"), distance_from_eye(face, "right")) < 1
    mean = (levels.astype(float) - photo.pixels)[inside].mean()
    assert abs(mean) < 0.35


@pytest.mark.parametrize("side", SIDES)
def test_one_eye_alone(side: Side) -> None:
    photo = photo_of(textured_picture(SIZE))
    mesh = synthetic_mesh(MIDDLE, 80)
    face = painted_face(photo, mesh, (side,))
    face.alpha[:] = 1
    face.painted[:] = 0.1
    levels, pastes = paste(photo, face)
    assert [one.side for one in pastes] == [side]
    columns = np.flatnonzero((levels != photo.pixels).any(axis=(0, 2)))
    assert (columns < MIDDLE[0]).all() if side == "left" else (columns > MIDDLE[0]).all()
    # The edit fades towards the other eye instead of ending in a line.
    middle_row = np.abs(levels[round(MIDDLE[1])].astype(float) - photo.pixels[round(MIDDLE[1])]).mean(axis=1)
    assert np.abs(np.diff(middle_row)).max() < 40


def test_both_eyes_meet_without_a_line() -> None:
    photo = photo_of(textured_picture(SIZE, noise=0))
    face = painted_face(photo, synthetic_mesh(MIDDLE, 80))
    face.alpha[:] = 1
    face.painted[:] = 0.1
    levels, _ = paste(photo, face)
    row = levels[round(MIDDLE[1]), :, 1].astype(float)
    steps = np.abs(np.diff(row))[round(MIDDLE[0]) - 8 : round(MIDDLE[0]) + 8]
    assert steps.max() < 12


def test_grey_photo_stays_grey() -> None:
    photo = photo_of(textured_picture(SIZE, 1))
    face = paint(painted_face(photo, synthetic_mesh(MIDDLE, 80)), (0.9, 0.2, 0.1))
    levels, pastes = paste(photo, face, BlendParams())
    assert levels.shape[2] == 1
    assert pastes[0].changed_px > 0
    face_without_colour = paint(painted_face(photo, synthetic_mesh(MIDDLE, 80)), 0.2)
    assert face_without_colour.document.greyscale


def test_colour_does_not_come_into_a_black_and_white_rgb_photo() -> None:
    grey = np.repeat(textured_picture(SIZE, 1), 3, axis=2)
    photo = photo_of(grey)
    face = paint(painted_face(photo, synthetic_mesh(MIDDLE, 80)), (0.45, 0.25, 0.1))
    assert face.document.greyscale
    levels, pastes = paste(photo, face, BlendParams())
    assert pastes[0].changed_px > 0
    assert np.ptp(levels.astype(int), axis=2).max() <= 2


def test_profile_is_respected() -> None:
    """The same sRGB painting in a Display P3 photo gives other samples that look the same."""
    from imaging.profiles import ColourSpace

    pixels = textured_picture(SIZE, depth=16, noise=0)
    photo = photo_of(pixels, display_p3())
    colour = (0.55, 0.35, 0.2)
    face = paint(painted_face(photo, synthetic_mesh(MIDDLE, 80)), colour)
    face.alpha[:] = face.alpha > 0
    levels, _ = paste(photo, face)
    x, y = np.round(eye_mesh.eye_center(synthetic_mesh(MIDDLE, 80), "left")).astype(int)
    seen = ColourSpace(display_p3(), 3).to_srgb(
        np.divide(levels[y : y + 1, x : x + 1], 65535, dtype=np.float32)
    )
    assert seen.ravel() == pytest.approx(colour, abs=0.01)


def test_old_detail_finer_than_the_crop_goes_with_the_old_content() -> None:
    """Fine stripes (lashes) in a photo that is larger than its crop must not show through the painting."""
    pixels = textured_picture(SIZE, noise=0)
    pixels[:, ::3] //= 3
    photo = photo_of(pixels)
    face = paint(painted_face(photo, synthetic_mesh(MIDDLE, 110), crop_output_size=80), 0.8)
    levels, _ = paste(photo, face)
    x, y = np.round(eye_mesh.eye_center(synthetic_mesh(MIDDLE, 110), "left")).astype(int)
    patch = levels[y - 3 : y + 4, x - 10 : x + 11].astype(float)
    before = photo.pixels[y - 3 : y + 4, x - 10 : x + 11].astype(float)
    assert patch.std(axis=1).mean() < 0.15 * before.std(axis=1).mean()
    # Outside of the painting the stripes are what they were.
    assert np.array_equal(levels[:, :20], photo.pixels[:, :20])


def test_the_same_seed_gives_the_same_picture() -> None:
    photo = photo_of(textured_picture(SIZE, noise=0.03))
    face = paint(painted_face(photo, synthetic_mesh(MIDDLE, 100)), (0.5, 0.4, 0.35))
    first, again, other = (paste(photo, face, BlendParams(), seed)[0] for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_seam_is_near_one_for_a_faithful_painting() -> None:
    photo = photo_of(textured_picture(SIZE, noise=0.05))
    face = painted_face(photo, synthetic_mesh(MIDDLE, 100))
    v, u = np.indices(face.alpha.shape)
    center = face.document.left_eye.center
    bump = np.exp(-((u - center[0]) ** 2 + (v - center[1]) ** 2) / (2 * 12**2))
    face.painted[:] = np.clip(face.crop - 0.2 * bump[:, :, None].astype(np.float32), 0, 1)
    soft = paste(photo, face)[1][0].seam
    face.alpha[:] = 1
    hard = painted_face(photo, synthetic_mesh(MIDDLE, 100))
    hard.painted[:, : hard.painted.shape[1] // 2][hard.alpha[:, : hard.alpha.shape[1] // 2] > 0] = 0.1
    sharp = paste(photo, hard, BlendParams(0.0, False, False))[1][0].seam
    assert soft is not None and sharp is not None
    assert soft == pytest.approx(1, abs=0.25)
    assert sharp > 2 * soft
