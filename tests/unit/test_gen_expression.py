"""How wide a face's expression lets its eyes stand."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from contracts.face import SIDES
from gen.app.src.expression import expected_openness, scrunched_openness
from imaging import eye_mesh
from tests.unit.synthetic_face import face_mesh

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
