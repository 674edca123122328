"""The crop's square: upright, around the eyes, everything that may be edited inside, exact both ways."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.blend import EDIT_SEMI_AXES
from contracts.crop import CropParams
from contracts.face import SIDES
from crop.app.src.crop_eye_region import align_face, create_eye_mask
from crop.app.src.geometry import crop_geometry
from crop.app.src.masks import eye_mask
from imaging import affine, eye_mesh
from tests.synthetic_faces import EYE_WIDTH, synthetic_mesh

faces = st.builds(
    lambda x, y, distance, tilt: synthetic_mesh((x, y), distance, tilt),
    st.floats(-50, 1050),
    st.floats(-50, 850),
    st.floats(12, 900),
    st.floats(-math.pi, math.pi),
)


@given(faces)
@settings(deadline=None)
def test_eyes_are_level_and_centred(mesh: np.ndarray) -> None:
    geometry = crop_geometry(mesh, (1000, 800), CropParams())
    left, right = (affine.apply(geometry.transform, eye_mesh.eye_center(mesh, side)) for side in SIDES)
    assert left[1] == pytest.approx(right[1], abs=1e-6)
    assert left[0] < right[0]
    assert (left + right) / 2 == pytest.approx((geometry.size - 1) / 2)
    assert np.linalg.norm(right - left) == pytest.approx(
        geometry.scale * eye_mesh.inter_ocular_distance(mesh), rel=1e-6
    )


@given(faces, st.one_of(st.none(), st.integers(64, 1536)))
@settings(deadline=None)
def test_edit_ellipses_lie_inside(mesh: np.ndarray, size: int | None) -> None:
    geometry = crop_geometry(mesh, (1000, 800), CropParams(crop_output_size=size))
    angle = np.linspace(0, 2 * np.pi, 90)
    for side in SIDES:
        outer, inner = eye_mesh.corners(mesh, side)
        along = inner - outer
        across = np.array([-along[1], along[0]])
        a, b = EDIT_SEMI_AXES
        ellipse = (
            (outer + inner) / 2 + a * np.cos(angle)[:, None] * along + b * np.sin(angle)[:, None] * across
        )
        in_crop = affine.apply(geometry.transform, ellipse)
        assert in_crop.min() >= -0.5
        assert in_crop.max() <= geometry.size - 0.5


@given(faces)
@settings(deadline=None)
def test_native_crops_keep_the_resolution(mesh: np.ndarray) -> None:
    geometry = crop_geometry(mesh, (1000, 800), CropParams())
    assert geometry.size <= CropParams().max_crop_size
    assert geometry.scale == 1 or geometry.size == CropParams().max_crop_size


def test_half_profile_gets_a_larger_square() -> None:
    mesh = synthetic_mesh((500, 400), 100)
    near, far = (eye_mesh.eye_region(mesh, side) for side in SIDES)
    near[:, 0] = 450 + (near[:, 0] - 450) * 1.6
    mesh[list(eye_mesh.EYE_REGION["left"])] = near
    assert crop_geometry(mesh, (1000, 800), CropParams()).size > 240
    assert far.shape == (71, 3)


@pytest.mark.parametrize(("middle", "padded"), [((500, 400), False), ((60, 400), True), ((500, 790), True)])
def test_padding_is_told(middle: tuple[float, float], padded: bool) -> None:
    assert crop_geometry(synthetic_mesh(middle, 100), (1000, 800), CropParams()).padded == padded


def test_rotation_and_position_say_where_it_lies() -> None:
    tilt = math.radians(12)
    mesh = synthetic_mesh((500, 400), 100, tilt)
    geometry = crop_geometry(mesh, (1000, 800), CropParams())
    assert geometry.rotation == pytest.approx(-12)
    # Turned about the middle between the eyes, the photo has the crop's corner at this position.
    turn = np.array([[math.cos(tilt), math.sin(tilt)], [-math.sin(tilt), math.cos(tilt)]])
    corner = affine.apply(affine.inverse(geometry.transform), [(0.0, 0.0)])[0]
    assert turn @ (corner - [500, 400]) + [500, 400] == pytest.approx(geometry.position)


@given(st.floats(0.0, 0.5), st.floats(0.0, 0.3))
@settings(max_examples=25, deadline=None)
def test_masks_grow_with_their_factor(growth: float, openness: float) -> None:
    mesh = synthetic_mesh((150, 150), 120, openness=openness)
    width = EYE_WIDTH * 120
    mask = eye_mask(mesh, "left", 300, growth)
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    assert columns[-1] - columns[0] + 1 == pytest.approx((1 + 2 * growth) * width, abs=3)
    assert rows[-1] - rows[0] + 1 == pytest.approx(openness * width + 2 * growth * width, abs=3)
    assert set(np.unique(mask)) <= {0, 255}
    assert mask[150, 90] == 255


def test_mask_takes_another_width() -> None:
    mesh = synthetic_mesh((150, 150), 120)
    width = EYE_WIDTH * 120
    wider = eye_mask(mesh, "right", 300, 0.0, width * 1.5)
    columns = np.flatnonzero(wider.any(axis=0))
    assert columns[-1] - columns[0] + 1 == pytest.approx(1.5 * width, abs=3)


def test_face_alignment_of_the_reference() -> None:
    image = np.random.default_rng(0).integers(0, 255, (512, 512, 3), dtype=np.uint8)
    crop, rotation, (x, y) = align_face(
        image, [[100, 100], [105, 102], [110, 100]], [[200, 110], [205, 112], [210, 110]]
    )
    assert crop.shape[0] == crop.shape[1]
    assert rotation.shape == (2, 3)
    center = affine.apply(rotation, [(155, 105.67)])[0] - [x, y]
    assert center == pytest.approx((crop.shape[0] - 1) / 2, abs=1.01)


def test_align_face_turns_the_eyes_level() -> None:
    image = np.zeros((300, 300, 3), np.uint8)
    left, right = np.array([[100.0, 150.0]]), np.array([[180.0, 190.0]])
    image[150, 100] = image[190, 180] = 255
    crop, rotation, offset = align_face(image, left, right)
    a, b = (affine.apply(rotation, point)[0] - offset for point in (left, right))
    assert a[1] == pytest.approx(b[1], abs=1e-6)
    for point in (a, b):
        x, y = np.round(point).astype(int)
        assert crop[y - 1 : y + 2, x - 1 : x + 2].max() > 60


def test_mask_generation_of_the_reference() -> None:
    mask = create_eye_mask([(100, 100), (120, 100), (120, 110), (100, 110)], (512, 512))
    assert mask.shape == (512, 512)
    assert mask.dtype == np.uint8
    assert mask.max() == 255
    assert mask.min() == 0
    assert np.count_nonzero(mask) == 21 * 11
