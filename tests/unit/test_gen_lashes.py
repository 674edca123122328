"""Lashes: taking the closed eye's off the skin, and giving the open eye its own."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from gen.app.src.eye_box import box_around
from gen.app.src.eyeball.grid import EyeGrid, drawing_grid, eye_grid
from gen.app.src.lids.lash_removal import LashField, erase_lashes
from gen.app.src.lids.lashes import draw_hairs, lash_line, own_lashes
from imaging.colour import luminance
from tests.unit.drawn_lids import LINE, U, aperture, axes_at, grid_over, plain_skin


def with_lashes(skin: np.ndarray, grid: EyeGrid, darkness: float, length: float = 0.15) -> np.ndarray:
    """Skin behind a closed line with hanging lashes."""
    below = grid.v - np.interp(grid.u, U, LINE)
    comb = 0.5 + 0.5 * np.cos(grid.u * 260.0)
    hanging = (below > -0.01) & (below < length) & (np.abs(grid.u) < 0.45)
    share = np.where(hanging, darkness * np.maximum(comb, below < 0.03), 0.0)
    return np.asarray(skin * (1 - share[..., None]), np.float32)


class TestLashRemoval:
    @pytest.mark.parametrize("darkness", [0.3, 0.6, 0.95])
    def test_lashes_go_and_skin_stays(self, darkness: float) -> None:
        grid = grid_over(axes_at())
        skin = plain_skin(grid)
        field = erase_lashes(with_lashes(skin, grid, darkness), grid, LINE, U)
        below = grid.v - np.interp(grid.u, U, LINE)
        visible = (below > 0.04) & (below < 0.5) & (np.abs(grid.u) < 0.40)
        error = np.abs(field.skin - skin).max(axis=2) / skin.max(axis=2)
        assert float(np.quantile(error[visible], 0.95)) < 0.10
        untouched = (below > 0.34) & (np.abs(grid.u) < 0.4)
        assert np.abs(field.skin - skin)[untouched].max() < 1e-3

    def test_hairs_fainter_than_their_line_go_and_wrinkles_as_faint_stay(self) -> None:
        grid = grid_over(axes_at())
        below = grid.v - np.interp(grid.u, U, LINE)
        skin = plain_skin(grid)
        hairs = np.zeros_like(below)
        for root in np.linspace(-0.3, 0.3, 7):
            beside = np.abs(grid.u - root) < 0.012
            hairs[beside & (below > 0) & (below < 0.13)] = 0.22
        wrinkle = np.where((np.abs(below - 0.19) < 0.008) & (np.abs(grid.u) < 0.35), 0.15, 0.0)
        lined = with_lashes(skin, grid, 0.9, 0.03) * (1 - np.maximum(hairs, wrinkle))[..., None]
        shown = erase_lashes(np.asarray(lined, np.float32), grid, LINE, U).skin
        ratio = luminance(np.asarray(shown / skin, np.float32))
        tips = (hairs > 0) & (below > 0.08) & (below < 0.12)
        assert float(ratio[tips].mean()) > 0.95
        assert float(ratio[wrinkle > 0].mean()) == pytest.approx(0.85, abs=0.04)

    def test_texture_survives(self) -> None:
        grid = grid_over(axes_at())
        skin = plain_skin(grid)
        field = erase_lashes(with_lashes(skin, grid, 0.9), grid, LINE, U)
        below = grid.v - np.interp(grid.u, U, LINE)
        erased = (below > 0.05) & (below < 0.13) & (np.abs(grid.u) < 0.3)

        def roughness(picture: np.ndarray) -> float:
            grey = luminance(np.asarray(picture, np.float32))
            return float((grey - cv2.GaussianBlur(grey, (0, 0), 2.0))[erased].std())

        assert roughness(field.skin) > 0.5 * roughness(skin)

    def test_fair_lashes_have_less_contrast(self) -> None:
        grid = grid_over(axes_at())
        contrasts = [
            erase_lashes(with_lashes(plain_skin(grid), grid, darkness), grid, LINE, U).contrast
            for darkness in (0.15, 0.45, 0.9)
        ]
        assert contrasts == sorted(contrasts)
        assert contrasts[0] < 0.5 < contrasts[2]

    def test_soft_shading_below_the_eye_is_not_erased(self) -> None:
        grid = grid_over(axes_at())
        shade = 1 - 0.25 * np.exp(-(((grid.v - 0.25) / 0.15) ** 2))
        skin = plain_skin(grid) * shade[..., None].astype(np.float32)
        field = erase_lashes(with_lashes(skin, grid, 0.9, 0.08), grid, LINE, U)
        there = (np.abs(grid.v - 0.28) < 0.05) & (np.abs(grid.u) < 0.35)
        assert field.skin[there].mean() == pytest.approx(skin[there].mean(), rel=0.05)

    def test_lashes_beside_the_corner_go_and_wrinkles_and_hair_stay(self) -> None:
        axes = axes_at()
        corners = np.array([[u, v] for u in (-1.0, 0.8) for v in (-0.6, 0.6)])
        grid = eye_grid(axes, box_around(axes.to_crop(corners), 2.0, (240, 300)))
        skin = plain_skin(grid)
        lashes = with_lashes(skin, grid, 0.9)
        low = np.abs(grid.v - 0.05) < 0.02
        stem, wrinkle, hair = (
            low & (grid.u > a) & (grid.u < b) for a, b in ((-0.75, -0.4), (-0.8, -0.65), (-1, -0.4))
        )
        for dark, stays in ((stem, False), (wrinkle, True), (hair, True)):
            picture = np.where(dark[..., None], skin * 0.2, lashes).astype(np.float32)
            shown = erase_lashes(picture, grid, LINE, U).skin
            beside = dark & (grid.u < -0.66) & (grid.u > -0.72) & (np.abs(grid.v - 0.05) < 0.01)
            kept = float(shown[beside].mean() / skin[beside].mean())
            assert kept < 0.4 if stays else kept > 0.8


class TestBesideTheCorners:
    """What the closed line goes on as: liner, lash line, creases."""

    def grid(self) -> EyeGrid:
        axes = axes_at()
        corners = np.array([[u, v] for u in (-1.0, 0.8) for v in (-0.6, 0.6)])
        return eye_grid(axes, box_around(axes.to_crop(corners), 2.0, (240, 300)))

    def drawn(self, grid: EyeGrid, mark: np.ndarray) -> tuple[LashField, np.ndarray]:
        """The field of an eye with lashes and a dark mark, and its skin without either."""
        skin = plain_skin(grid)
        picture = np.where(mark[..., None], skin * 0.2, with_lashes(skin, grid, 0.9)).astype(np.float32)
        return erase_lashes(picture, grid, LINE, U), skin

    def wing(self, grid: EyeGrid, end: float) -> np.ndarray:
        """Liner that rises from the outer corner."""
        rises = LINE[0] + 0.5 * (grid.u + 0.44)
        return np.asarray((np.abs(grid.v - rises) < 0.025) & (grid.u < -0.42) & (grid.u > end))

    def test_liner_that_ends_beside_the_outer_corner_goes(self) -> None:
        grid = self.grid()
        wing = self.wing(grid, end=-0.70)
        field, skin = self.drawn(grid, wing)
        beside = wing & (grid.u < -0.54)
        assert float(field.skin[beside].mean() / skin[beside].mean()) > 0.85
        assert float(field.lid[beside].mean() / skin[beside].mean()) > 0.85

    def test_a_wing_that_goes_on_stays_and_follows_the_lid(self) -> None:
        grid = self.grid()
        wing = self.wing(grid, end=-1.1)
        field, skin = self.drawn(grid, wing)
        far, corner = wing & (grid.u < -0.68), wing & (grid.u > -0.58) & (grid.u < -0.46)
        assert float(field.skin[far].mean() / skin[far].mean()) < 0.3
        assert float(field.lid[corner].mean() / skin[corner].mean()) < 0.3

    def test_the_end_of_the_line_in_the_inner_corner_goes_and_the_shade_of_the_nose_stays(self) -> None:
        grid = self.grid()
        below = grid.v - np.interp(grid.u, U, LINE)
        end = (np.abs(below) < 0.02) & (grid.u > 0.40) & (grid.u < 0.56)
        field, skin = self.drawn(grid, end)
        assert float(field.skin[end].mean() / skin[end].mean()) > 0.85
        shade = (1 - 0.5 / (1 + np.exp((0.62 - grid.u) / 0.03)))[..., None].astype(np.float32)
        picture = with_lashes(plain_skin(grid), grid, 0.9) * shade
        shaded = erase_lashes(picture, grid, LINE, U).skin
        nose = (grid.u > 0.66) & (np.abs(below) < 0.2)
        assert np.abs(shaded - picture)[nose].max() < 0.02 * picture[nose].max()


class TestSkinAroundLashes:
    def test_freckles_below_lashes_stay(self) -> None:
        grid = grid_over(axes_at())
        below = grid.v - np.interp(grid.u, U, LINE)
        freckles = np.zeros_like(below)
        for u, depth in ((-0.3, 0.24), (-0.1, 0.21), (0.12, 0.23), (0.3, 0.20)):
            freckles += np.exp(-(((grid.u - u) / 0.012) ** 2) - ((below - depth) / 0.012) ** 2)
        skin = plain_skin(grid) * (1 - 0.45 * freckles)[..., None].astype(np.float32)
        field = erase_lashes(with_lashes(skin, grid, 0.9, 0.10), grid, LINE, U)
        spots = freckles > 0.6
        assert float(np.median(field.skin[spots] / skin[spots])) == pytest.approx(1.0, abs=0.06)

    def test_the_veil_beside_lashes_goes_and_a_wrinkle_in_it_keeps_its_contrast(self) -> None:
        grid = grid_over(axes_at())
        below = grid.v - np.interp(grid.u, U, LINE)
        across = np.abs(grid.u) < 0.42
        veil = 1 - 0.18 * np.exp(-((np.maximum(below - 0.10, 0) / 0.05) ** 2)) * (below > 0) * across
        wrinkle = 1 - 0.15 * np.exp(-(((below - 0.16) / 0.008) ** 2)) * (np.abs(grid.u) < 0.3)
        skin = plain_skin(grid) * wrinkle[..., None].astype(np.float32)
        picture = with_lashes(skin * veil[..., None].astype(np.float32), grid, 0.9, 0.10)
        bared = luminance(erase_lashes(picture, grid, LINE, U).skin)

        def level(plane: np.ndarray, depth: float, half: float = 0.006) -> float:
            return float(plane[(np.abs(below - depth) < half) & (np.abs(grid.u) < 0.28)].mean())

        shown, clean = luminance(np.asarray(picture, np.float32)), luminance(skin)
        assert level(bared, 0.135) > level(shown, 0.135) + 0.3 * (level(clean, 0.135) - level(shown, 0.135))
        contrast = level(bared, 0.16, 0.004) / level(bared, 0.19)
        assert contrast == pytest.approx(level(clean, 0.16, 0.004) / level(clean, 0.19), abs=0.06)

    def test_long_lashes_leave_no_pattern_in_the_skin_that_replaces_them(self) -> None:
        grid = grid_over(axes_at())
        skin = plain_skin(grid)
        field = erase_lashes(with_lashes(skin, grid, 0.9, 0.30), grid, LINE, U)
        below = grid.v - np.interp(grid.u, U, LINE)
        near = (below > 0.0) & (below < 0.08) & (np.abs(grid.u) < 0.3)

        def unevenness(picture: np.ndarray) -> float:
            level = luminance(np.asarray(picture, np.float32))
            return float((level / cv2.GaussianBlur(level, (0, 0), 6.0))[near].std())

        assert unevenness(field.skin) < 1.2 * unevenness(skin)

    def test_colour_comes_from_beyond_the_fringe_that_lashes_tint(self) -> None:
        grid = grid_over(axes_at())
        below = grid.v - np.interp(grid.u, U, LINE)
        skin = plain_skin(grid)
        fringe = ((below > 0.08) & (below < 0.13) & (np.abs(grid.u) < 0.45))[..., None]
        bluish = np.where(fringe, skin * np.array([0.80, 0.88, 1.05]), skin)
        field = erase_lashes(with_lashes(bluish, grid, 0.9, 0.09), grid, LINE, U)
        erased = (below > 0.03) & (below < 0.06) & (np.abs(grid.u) < 0.35)
        hue = field.skin[erased].mean(axis=0) / skin[erased].mean(axis=0)
        assert float(hue.max() / hue.min()) < 1.06


class TestLashes:
    def test_own_lashes_are_turned_up_onto_the_margin(self) -> None:
        grid, opening = grid_over(axes_at()), aperture()
        field = erase_lashes(with_lashes(plain_skin(grid), grid, 0.9), grid, LINE, U)
        passed = own_lashes(field, grid, LINE, opening, mascara=0.0)
        above = opening.upper_at(grid.u) - grid.v
        near = (above > 0.005) & (above < 0.02) & (np.abs(grid.u) < 0.3)
        assert passed[near].mean() < 0.6
        assert passed[(above > 0.25) | (above < -0.04)].min() > 0.97

    def test_own_lashes_end_at_the_corner(self) -> None:
        grid, opening = grid_over(axes_at()), aperture()
        skin = plain_skin(grid)
        wide = (np.abs(grid.v - 0.05) < 0.02) & (grid.u > -0.7) & (grid.u < 0)
        picture = np.where(wide[..., None], skin * 0.2, with_lashes(skin, grid, 0.9)).astype(np.float32)
        passed = own_lashes(erase_lashes(picture, grid, LINE, U), grid, LINE, opening, mascara=0.0)
        assert passed[grid.u < -0.62].min() > 0.97

    def test_the_line_is_thickest_outside_and_as_dark_as_the_lashes(self) -> None:
        grid, opening = grid_over(axes_at()), aperture()
        dark, fair = (lash_line(grid, opening, contrast, mascara=0.0) for contrast in (0.9, 0.3))
        assert dark.min() < 0.2 and fair.min() > 0.65
        shade = (1 - dark).sum(axis=0)
        columns = [int(np.argmin(np.abs(grid.u[0] - u))) for u in (-0.33, 0.35)]
        assert shade[columns[0]] > 1.2 * shade[columns[1]]

    def test_single_hairs_only_where_they_would_be_seen(self) -> None:
        rng = np.random.default_rng(0)
        large = axes_at()
        fine = drawing_grid(large, grid_over(large).box)
        assert 0.002 < draw_hairs(fine, aperture(), 0.8, rng).mean() < 0.05
        small = axes_at(30.0, 24.0, 24.0)
        tiny = drawing_grid(small, grid_over(small, (48, 60)).box)
        assert draw_hairs(tiny, aperture(), 0.8, rng).max() == 0.0
