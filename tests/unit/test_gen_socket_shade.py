"""The shade around an open eye: where it lies, how dark it is, and that it ends softly."""

from __future__ import annotations

import numpy as np
import pytest

from gen.app.src.lids.socket_shade import corner_shade, fold_shade, lower_lid_shade
from tests.unit.drawn_lids import CEILING, aperture, axes_at, grid_over


def test_the_skin_under_the_open_lid_lies_in_a_shade_that_fades() -> None:
    grid, opening = grid_over(axes_at()), aperture()
    shade = lower_lid_shade(grid, opening)
    column = int(np.argmin(np.abs(grid.u[0])))
    below = grid.v[:, column] > float(opening.lower_at(np.array(0.0)))
    steps = np.diff(shade[below, column])
    assert (steps >= 0).all() and steps.max() < 0.03
    assert 0.65 < shade.min() < 0.8
    assert shade[np.abs(grid.u) > 0.6].min() == 1.0
    assert shade[grid.v > 0.55].min() > 0.98


def test_the_fold_is_darkest_at_a_crease_above_the_margin() -> None:
    grid, opening = grid_over(axes_at()), aperture()
    shade = fold_shade(grid, opening, CEILING)
    column = int(np.argmin(np.abs(grid.u[0])))
    above = float(opening.upper_at(np.array(0.0))) - grid.v[:, column]
    assert 0.05 < above[np.argmin(shade[:, column])] < 0.16
    assert 0.5 < shade.min() < 0.8
    assert shade[(above < -0.05) | (above > 0.30), column].min() > 0.99


@pytest.mark.parametrize("room", [0.05, 0.10, 0.30])
def test_the_crease_lies_below_what_stays_under_the_brow(room: float) -> None:
    grid, opening = grid_over(axes_at()), aperture()
    ceiling = float(opening.upper.min()) - room
    shade = fold_shade(grid, opening, ceiling)
    column = int(np.argmin(np.abs(grid.u[0])))
    assert grid.v[np.argmin(shade[:, column]), column] > ceiling


def test_the_outer_corner_is_shaded_and_the_inner_one_is_not() -> None:
    grid, opening = grid_over(axes_at()), aperture()
    shade = corner_shade(grid, opening)
    v, u = np.unravel_index(int(np.argmin(shade)), shade.shape)
    assert -0.7 < grid.u[v, u] < -0.4 and abs(grid.v[v, u]) < 0.15
    assert 0.5 < shade.min() < 0.7
    assert shade[grid.u > -0.1].min() == 1.0
    assert shade[np.hypot(grid.u + 0.5, grid.v) > 0.45].min() > 0.97


def test_no_shade_has_an_edge() -> None:
    grid, opening = grid_over(axes_at()), aperture()
    skin = (grid.v < opening.upper_at(grid.u) - 0.02) | (grid.v > opening.lower_at(grid.u) + 0.02)
    for shade in (fold_shade(grid, opening, CEILING), corner_shade(grid, opening)):
        down, across = np.gradient(shade)
        assert np.hypot(down, across)[skin].max() < 0.08
