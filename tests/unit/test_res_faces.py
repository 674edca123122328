"""Alignment, outline, iris colours and enlarging of the restore stage."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.face import SIDES
from imaging import affine
from res.app.src.alignment import FACE_SIZE, TEMPLATE, alignment, similarity
from res.app.src.enlarging import enlarged, enlarged_size, from_enlarged
from res.app.src.face_outline import face_mask
from res.app.src.iris_guard import iris_change, visible_iris
from res.app.src.restored_face import MOST_IRIS_CHANGE
from tests.synthetic_faces import textured_picture, textured_unit
from tests.unit.res_fakes import open_face

ANGLES = st.floats(-3.1, 3.1)


@given(st.floats(0.05, 20), ANGLES, st.floats(-5000, 5000), st.floats(-5000, 5000))
def test_a_similarity_is_found_again(scale: float, angle: float, x: float, y: float) -> None:
    cos, sin = scale * np.cos(angle), scale * np.sin(angle)
    truth = np.array([[cos, -sin, x], [sin, cos, y]])
    found = similarity(affine.apply(affine.inverse(truth), TEMPLATE), TEMPLATE)
    assert np.allclose(affine.compose(found, affine.inverse(truth)), [[1, 0, 0], [0, 1, 0]], atol=1e-6)


@pytest.mark.parametrize("tilt", [0.0, 0.5, -2.5])
def test_faces_are_turned_upright_and_scaled_to_the_template(tilt: float) -> None:
    mesh = np.asarray(open_face((700.0, 420.0), 61.0, tilt=tilt).mesh)
    aligned = affine.apply(alignment(mesh), mesh[:, :2])
    eyes = [aligned[[33, 133]].mean(axis=0), aligned[[362, 263]].mean(axis=0)]
    assert np.allclose(eyes, TEMPLATE[:2], atol=0.5)


def test_the_mask_is_whole_inside_and_nothing_at_the_rim() -> None:
    mesh = np.asarray(open_face((0.0, 0.0), 100.0).mesh)
    mask = face_mask(affine.apply(alignment(mesh), mesh[:, :2]))
    assert mask.shape == (FACE_SIZE, FACE_SIZE)
    assert mask[314, 256] == 1.0 and mask.min() == 0.0
    assert mask[0].max() == mask[-1].max() == mask[:, 0].max() == mask[:, -1].max() == 0.0
    steps = np.abs(np.diff(mask, axis=0)).max()
    assert steps < 0.06, "no edge anywhere"


def test_iris_colours_are_compared_where_the_iris_is_seen() -> None:
    mesh = np.asarray(open_face((256.0, 240.0), 126.0).mesh)
    eyes = textured_unit((512, 512))
    for x in (193, 319):
        cv2.circle(eyes, (x, 240), 12, (0.30, 0.18, 0.10), -1)
    green = eyes.copy()
    cv2.circle(green, (193, 240), 12, (0.15, 0.32, 0.12), -1)
    assert iris_change(eyes, eyes, mesh, "left") == 0
    assert (iris_change(eyes, green, mesh, "left") or 0) > MOST_IRIS_CHANGE
    assert iris_change(eyes, green, mesh, "right") == 0
    # A catchlight, a pupil and sharpening are no change of colour.
    lit = eyes.copy()
    cv2.circle(lit, (196, 236), 3, (1, 1, 1), -1)
    cv2.circle(lit, (193, 240), 4, (0.02, 0.02, 0.02), -1)
    assert (iris_change(eyes, lit, mesh, "left") or 0) < MOST_IRIS_CHANGE / 2
    hidden = mesh.copy()
    hidden[468:473, 1] += 60
    assert iris_change(eyes, green, hidden, "left") is None
    for side in SIDES:
        assert 100 < np.count_nonzero(visible_iris(mesh, side, (512, 512))) < 500


@given(st.integers(1, 4000), st.integers(1, 4000), st.floats(1, 4))
def test_sizes_and_corners_of_the_enlarged_picture(width: int, height: int, factor: float) -> None:
    size = enlarged_size((width, height), factor)
    assert size[0] >= width and size[1] >= height
    corner = affine.apply(from_enlarged((width, height), size), (size[0] - 0.5, size[1] - 0.5))
    assert np.allclose(corner, (width - 0.5, height - 0.5), atol=1e-6)


@pytest.mark.parametrize(("depth", "channels"), [(8, 1), (16, 3)])
def test_enlarging_keeps_depth_and_colours(depth: int, channels: int) -> None:
    levels = textured_picture((60, 40), channels, depth, noise=0)
    same = enlarged(levels, (60, 40))
    assert np.array_equal(same, levels) and same is not levels
    twice = enlarged(levels, (120, 80))
    assert twice.dtype == levels.dtype and twice.shape == (80, 120, channels)
    back = twice.reshape(40, 2, 60, 2, channels).mean(axis=(1, 3))
    assert np.abs(back - levels).max() < 0.02 * np.iinfo(levels.dtype).max
