"""Made-up lashes: told from bare ones in the closed eye, and kept in the open one."""

from __future__ import annotations

import numpy as np
import pytest

from gen.app.src.eyeball.grid import EyeGrid, drawing_grid
from gen.app.src.lids.lash_removal import LashField, erase_lashes
from gen.app.src.lids.lashes import light_past_lashes, own_lashes
from gen.app.src.lids.mascara import contrast_with, draw_tufts, mascara_of
from tests.unit.drawn_lids import LINE, WIDTH, U, aperture, axes_at, grid_over, plain_skin

BARE, FALSE_LASHES = (0.10, 0.4), (0.34, 0.95)
"""Length and density of lashes."""


def closed_eye(
    grid: EyeGrid, length: float, density: float, light: float | np.ndarray = 1.0, line: float = 0.9
) -> LashField:
    """A dark line with lashes of a length and a density, 0..1; light: one, or (height, width)."""
    below = grid.v - np.interp(grid.u, U, LINE)
    across = np.abs(grid.u) < 0.46
    comb = (0.5 + 0.5 * np.cos(grid.u * 180.0)) ** (3.0 * (1.0 - density))
    hanging = (below > -0.01) & (below < length) & across
    hidden = np.where(hanging, 0.9 * density * comb, 0.0)
    hidden = np.where((np.abs(below) < 0.02) & across, line, hidden)
    skin = np.broadcast_to(light, grid.u.shape)[..., None] * plain_skin(grid)
    return erase_lashes(np.asarray(skin * (1 - hidden[..., None]), np.float32), grid, LINE, U)


class TestCover:
    @pytest.mark.parametrize("light", [0.08, 1.0])
    @pytest.mark.parametrize("width", [30.0, WIDTH])
    def test_bare_lashes_cover_little_and_false_ones_much(self, width: float, light: float) -> None:
        grid = grid_over(axes_at(width=width))
        bare, false = (closed_eye(grid, *lashes, light).cover for lashes in (BARE, FALSE_LASHES))
        assert bare < 0.06
        assert false > 0.16
        assert mascara_of([bare]) == 0.0
        assert mascara_of([false]) > 0.8

    @pytest.mark.parametrize("line", [0.6, 0.9, 0.99])
    def test_liner_does_not_hide_false_lashes(self, line: float) -> None:
        grid = grid_over(axes_at())
        assert mascara_of([closed_eye(grid, *FALSE_LASHES, line=line).cover]) > 0.7
        assert mascara_of([closed_eye(grid, *BARE, line=line).cover]) == 0.0

    def test_cover_grows_with_the_lashes(self) -> None:
        grid = grid_over(axes_at())
        covers = [closed_eye(grid, length, 0.9).cover for length in (0.08, 0.14, 0.20, 0.26)]
        assert covers == sorted(covers)

    def test_the_shade_of_a_hat_is_no_mascara(self) -> None:
        grid = grid_over(axes_at())
        lit = 1.0 - 0.5 / (1.0 + np.exp((grid.v - 0.28) / 0.03))
        assert mascara_of([closed_eye(grid, *BARE, light=lit).cover]) < 0.2

    def test_a_faint_line_makes_no_mascara_of_the_shade_below(self) -> None:
        grid = grid_over(axes_at())
        below = grid.v - np.interp(grid.u, U, LINE)
        shade = 0.2 * ((below > -0.02) & (below < 0.3)) + 0.1 * (np.abs(below) < 0.02)
        picture = np.asarray(plain_skin(grid) * (1 - shade[..., None]), np.float32)
        assert mascara_of([erase_lashes(picture, grid, LINE, U).cover]) < 0.05

    def test_both_eyes_count(self) -> None:
        shaded, bare = 0.185, 0.06
        assert mascara_of([bare, shaded]) == mascara_of([shaded, bare]) < 0.5 < mascara_of([shaded, shaded])

    def test_it_grows_without_a_step(self) -> None:
        shares = np.array([mascara_of([cover]) for cover in np.arange(0.0, 0.3, 0.002)])
        assert shares[0] == 0.0 and shares[-1] == 1.0
        assert np.diff(shares).min() >= 0.0 and np.diff(shares).max() < 0.06


class TestOpenEye:
    def passed(self, grid: EyeGrid, field: LashField, mascara: float) -> np.ndarray:
        rng = np.random.default_rng(0)
        return np.asarray(light_past_lashes(field, grid, LINE, aperture(), mascara, 0.0, rng))

    @pytest.mark.parametrize("width", [30.0, WIDTH])
    def test_lashes_grow_darker_and_longer_with_the_mascara(self, width: float) -> None:
        grid = grid_over(axes_at(width=width))
        field = closed_eye(grid, *FALSE_LASHES)
        above = aperture().upper_at(grid.u) - grid.v
        outside = (grid.u > -0.45) & (grid.u < -0.15)
        near, tips = outside & (above > 0.02) & (above < 0.06), outside & (above > 0.09) & (above < 0.13)
        levels = [self.passed(grid, field, share) for share in (0.0, 0.3, 0.6, 1.0)]
        for place, least in ((near, 0.1), (tips, 0.1)):
            shown = [float(level[place].mean()) for level in levels]
            assert shown == sorted(shown, reverse=True)
            assert shown[0] - shown[-1] > least
        assert levels[-1][above > 0.30].min() > 0.97

    def test_bare_lashes_are_as_they_were_without_any(self) -> None:
        grid = grid_over(axes_at())
        field = closed_eye(grid, *BARE)
        assert contrast_with(field.contrast, 0.0) == field.contrast
        none, hint = (self.passed(grid, field, share) for share in (0.0, 0.02))
        assert 0.0 < np.abs(hint - none).max() < 0.06

    def test_tufts_are_longest_at_the_outer_third(self) -> None:
        grid = drawing_grid(axes_at(), grid_over(axes_at()).box)
        tufts = draw_tufts(grid, aperture(), 1.0, np.random.default_rng(0))
        above = aperture().upper_at(grid.u) - grid.v

        def longest(outer: float, inner: float) -> float:
            return float(above[(tufts > 0.3) & (grid.u > outer) & (grid.u < inner)].max())

        assert 0.15 < longest(-0.40, -0.20) < 0.28
        assert longest(-0.40, -0.20) > 1.3 * longest(0.0, 0.15)

    def test_no_tufts_without_mascara(self) -> None:
        grid = drawing_grid(axes_at(), grid_over(axes_at()).box)
        assert draw_tufts(grid, aperture(), 0.0, np.random.default_rng(0)).max() == 0.0

    def test_small_eyes_have_a_fringe_without_hairs(self) -> None:
        axes = axes_at(30.0, 24.0, 24.0)
        small = grid_over(axes, (48, 60))
        field = closed_eye(small, *FALSE_LASHES)
        fringe = self.passed(small, field, 1.0)
        above = aperture().upper_at(small.u) - small.v
        band = (above > 0.03) & (above < 0.07) & (np.abs(small.u + 0.1) < 0.25)
        assert float(fringe[band].mean()) < 0.6
        assert float(fringe[band].std()) < 0.2

    def test_own_lashes_reach_farther_up_with_mascara(self) -> None:
        grid = grid_over(axes_at())
        field = closed_eye(grid, *FALSE_LASHES)
        above = aperture().upper_at(grid.u) - grid.v
        tips = (above > 0.10) & (above < 0.15) & (np.abs(grid.u) < 0.3)
        bare, full = (float(own_lashes(field, grid, LINE, aperture(), m)[tips].mean()) for m in (0.0, 1.0))
        assert full < bare - 0.1
