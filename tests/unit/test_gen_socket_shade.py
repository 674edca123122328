"""The shade around an open eye: where it lies, how dark it is, and that it ends softly."""

from __future__ import annotations

import numpy as np
import pytest

from gen.app.src.eyeball.grid import EyeGrid, Plane
from gen.app.src.lids.socket_shade import (
    closed_corner_darkness,
    corner_shade,
    fold_shade,
    lower_lid_shade,
    on_skin,
)
from tests.unit.drawn_lids import CEILING, aperture, axes_at, grid_over

LINE_U = np.linspace(-0.5, 0.5, 65)
LINE = np.zeros(65)


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
    shade = corner_shade(grid, opening, darkness=0.5)
    v, u = np.unravel_index(int(np.argmin(shade)), shade.shape)
    assert -0.7 < grid.u[v, u] < -0.4 and abs(grid.v[v, u]) < 0.15
    assert 0.5 < shade.min() < 0.7
    assert shade[grid.u > -0.1].min() == 1.0
    assert shade[np.hypot(grid.u + 0.5, grid.v) > 0.45].min() > 0.97


def test_the_open_corner_is_the_darker_the_darker_the_closed_one_is() -> None:
    grid, opening = grid_over(axes_at()), aperture()
    lightest = [float(corner_shade(grid, opening, darkness).min()) for darkness in (0.0, 0.3, 1.0, 1.8)]
    assert lightest[0] == 1.0
    assert np.diff(lightest).max() < -0.05
    assert corner_shade(grid, opening, darkness=9.0).min() > 0.3


@pytest.mark.parametrize("share", [1.0, 0.5, 0.2])
def test_a_closed_corner_is_measured_against_the_cheek(share: float) -> None:
    grid = grid_over(axes_at())
    assert closed_corner_darkness(_closed_eye(grid, share), grid, LINE, LINE_U) == pytest.approx(
        -np.log(share), abs=0.05
    )


def test_a_corner_lighter_than_the_cheek_or_off_the_picture_asks_for_no_shade() -> None:
    grid = grid_over(axes_at())
    assert closed_corner_darkness(_closed_eye(grid, 1.4), grid, LINE, LINE_U) == 0.0
    assert closed_corner_darkness(_closed_eye(grid, 0.2), grid, LINE + 9.0, LINE_U) == 0.0


def _closed_eye(grid: EyeGrid, share: float) -> Plane:
    """Skin whose outer corner has this share of the cheek's light."""
    corner = (grid.u < -0.35) & (np.abs(grid.v) < 0.2)
    return np.where(corner, 0.4 * share, 0.4).astype(np.float32)[..., None].repeat(3, axis=2)


def test_shade_on_skin_is_warm_and_on_grey_neutral() -> None:
    half = np.full((2, 2), 0.5, np.float32)
    red, green, blue = on_skin(half, np.array([0.4, 0.25, 0.15]))[0, 0]
    assert red > 0.53 and red > green > blue and green == pytest.approx(0.5, abs=0.03)
    assert on_skin(half, np.array([0.3, 0.3, 0.3])) == pytest.approx(0.5, abs=1e-4)


def test_no_shade_has_an_edge() -> None:
    grid, opening = grid_over(axes_at()), aperture()
    skin = (grid.v < opening.upper_at(grid.u) - 0.02) | (grid.v > opening.lower_at(grid.u) + 0.02)
    for shade in (fold_shade(grid, opening, CEILING), corner_shade(grid, opening, darkness=2.0)):
        down, across = np.gradient(shade)
        assert np.hypot(down, across)[skin].max() < 0.08
