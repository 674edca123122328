"""How wide a face's expression lets its eyes stand."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from contracts.face import SIDES
from gen.app.src.open_shape import OpenEye, open_eye_of, with_openness
from gen.app.src.seen.expression import expected_openness, openness_without_stare, scrunched_openness
from imaging import eye_mesh
from tests.unit.synthetic_face import face_mesh
from tests.unit.synthetic_open_face import closed_mesh, open_mesh

FloatArray = NDArray[np.float64]
SPACING = 100.0


def wide_nose(mesh: FloatArray, by: float) -> FloatArray:
    """The mesh with its nose wings apart by `by` inter-ocular distances more."""
    moved = np.array(mesh)
    moved[129, 0] -= by / 2 * SPACING
    moved[358, 0] += by / 2 * SPACING
    return moved


def lowered_brows(mesh: FloatArray, by: float) -> FloatArray:
    moved = np.array(mesh)
    for side in SIDES:
        moved[[eye_mesh.EYE_REGION[side][k] for k in eye_mesh.BROW], 1] += by * SPACING
    return moved


class TestExpectedOpenness:
    @pytest.mark.parametrize("changed", [wide_nose, lowered_brows])
    def test_a_laugh_and_a_frown_narrow_the_eyes(
        self, changed: Callable[[FloatArray, float], FloatArray]
    ) -> None:
        shares = [expected_openness(changed(face_mesh(SPACING), by)) for by in (0.04, 0.08, 0.12)]
        assert shares[0] > shares[1] > shares[2] >= 0.75

    def test_a_calm_face_is_not_widened(self) -> None:
        assert expected_openness(wide_nose(lowered_brows(face_mesh(SPACING), -0.1), -0.1)) == 1

    def test_size_does_not_count_and_turning_little(self) -> None:
        laugh = wide_nose(face_mesh(SPACING), 0.08)
        assert expected_openness(3 * laugh) == pytest.approx(expected_openness(laugh))
        turned = face_mesh(SPACING, yaw=15)
        assert expected_openness(turned) == pytest.approx(expected_openness(face_mesh(SPACING)), abs=0.03)

    def test_closing_the_eyes_does_not_count(self) -> None:
        mesh = wide_nose(face_mesh(SPACING), 0.08)
        opened = mesh.copy()
        for side in SIDES:
            opened[[eye_mesh.EYE_REGION[side][k] for k in range(9, 16)], 1] -= 0.15 * SPACING
        assert expected_openness(opened) == expected_openness(mesh)


class TestScrunchedOpenness:
    def test_furrows_at_the_root_of_the_nose_narrow_the_eyes(self) -> None:
        mesh = face_mesh(SPACING)
        smooth = np.full((300, 240), 0.3, np.float32)
        assert scrunched_openness(smooth, mesh) == 1
        furrowed = smooth.copy()
        furrowed[:, 95:145] *= 1 + 0.3 * np.sin(np.arange(300) * 2 * np.pi / 6)[:, None]
        assert scrunched_openness(furrowed.astype(np.float32), mesh) < 0.85

    def test_grain_all_over_the_face_is_no_furrow(self) -> None:
        rng = np.random.default_rng(0)
        grain = (0.3 * np.exp(0.15 * rng.standard_normal((300, 240)))).astype(np.float32)
        assert scrunched_openness(grain, face_mesh(SPACING)) == 1

    def test_one_hard_edge_is_no_furrow(self) -> None:
        edge = np.full((300, 240), 0.3, np.float32)
        edge[:, :118] = 0.06
        assert scrunched_openness(edge, face_mesh(SPACING)) == 1


class TestOpennessWithoutStare:
    @staticmethod
    def eyes(openness: float) -> list[OpenEye]:
        mesh = open_mesh(closed_mesh(SPACING))
        return [with_openness(open_eye_of(mesh, side), openness) for side in SIDES]

    def test_ordinary_eyes_stay(self) -> None:
        assert openness_without_stare(self.eyes(1.0)) == 1

    def test_a_stare_is_opened_until_the_lid_covers_the_rim_of_the_iris(self) -> None:
        stare = self.eyes(1.2)
        calm = openness_without_stare(stare)
        assert 0.8 < calm < 0.9
        for eye in stare:
            eye = with_openness(eye, calm)
            lid = eye.region[eye_mesh.UPPER_LID, 1].min()
            assert eye.iris[0, 1] - lid == pytest.approx(0.85 * eye.iris_radius, rel=0.02)

    def test_a_wider_stare_ends_at_the_same_height(self) -> None:
        heights = [openness * openness_without_stare(self.eyes(openness)) for openness in (1.1, 1.2)]
        assert heights[0] == pytest.approx(heights[1], rel=0.01)
