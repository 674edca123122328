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
from imaging.colour import LUMINANCE
from tests.unit.drawn_lids import CEILING, U, aperture, axes_at, grid_over

CLOSED = np.zeros(len(U))
"""v of a closed line along the corner line."""


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
    shade = corner_shade(grid, opening, darkness=0.2)
    v, u = np.unravel_index(int(np.argmin(shade)), shade.shape)
    assert -0.7 < grid.u[v, u] < -0.4 and abs(grid.v[v, u]) < 0.15
    assert 0.5 < shade.min() < 0.7
    assert shade[grid.u > -0.1].min() == 1.0
    assert shade[np.hypot(grid.u + 0.5, grid.v) > 0.45].min() > 0.97


def test_the_open_corner_is_the_darker_the_darker_the_closed_one_is() -> None:
    grid, opening = grid_over(axes_at()), aperture()
    lightest = [float(corner_shade(grid, opening, darkness).min()) for darkness in (0.0, 0.3, 1.0, 1.8)]
    assert lightest[0] > 0.7
    assert np.diff(lightest).max() < -0.05
    assert corner_shade(grid, opening, darkness=-0.3).min() == 1.0
    assert corner_shade(grid, opening, darkness=9.0).min() > 0.25


@pytest.mark.parametrize("share", [1.4, 1.0, 0.5, 0.2])
def test_a_closed_corner_is_measured_against_the_cheek(share: float) -> None:
    grid = grid_over(axes_at())
    assert closed_corner_darkness(_closed_eye(grid, share), grid, CLOSED, U) == pytest.approx(
        -np.log(share), abs=0.05
    )


def test_a_little_more_light_changes_little() -> None:
    grid, opening = grid_over(axes_at()), aperture()
    shades = [corner_shade(grid, opening, darkness).min() for darkness in np.arange(-0.5, 2.5, 0.03)]
    assert np.abs(np.diff(shades)).max() < 0.06


def test_a_corner_off_the_picture_is_taken_for_an_ordinary_one() -> None:
    grid = grid_over(axes_at())
    assert closed_corner_darkness(_closed_eye(grid, 0.2), grid, CLOSED + 9.0, U) == pytest.approx(1.2)


def _closed_eye(grid: EyeGrid, share: float) -> Plane:
    """Skin whose outer corner has this share of the cheek's light."""
    corner = (grid.u < -0.35) & (np.abs(grid.v) < 0.2)
    return np.where(corner, 0.4 * share, 0.4).astype(np.float32)[..., None].repeat(3, axis=2)


def test_shade_on_skin_is_warm_and_in_photos_of_one_hue_neutral() -> None:
    half = np.full((2, 2), 0.5, np.float32)
    shade = on_skin(half, coloured=True)[0, 0]
    red, green, blue = shade
    assert red > 0.55 > green > blue and shade @ LUMINANCE == pytest.approx(0.5, abs=0.01)
    assert on_skin(half, coloured=False) == pytest.approx(0.5)


def test_no_shade_has_an_edge() -> None:
    grid, opening = grid_over(axes_at()), aperture()
    skin = (grid.v < opening.upper_at(grid.u) - 0.02) | (grid.v > opening.lower_at(grid.u) + 0.02)
    for shade in (fold_shade(grid, opening, CEILING), corner_shade(grid, opening, darkness=2.0)):
        down, across = np.gradient(shade)
        assert np.hypot(down, across)[skin].max() < 0.08
