"""Lashes: taking the closed eye's off the skin, and giving the open eye its own."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from gen.app.src.eye_box import box_around
from gen.app.src.eyeball.grid import EyeGrid, drawing_grid, eye_grid
from gen.app.src.lash_removal import erase_lashes
from gen.app.src.lashes import draw_hairs, lash_line, own_lashes
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


class TestLashes:
    def test_own_lashes_are_turned_up_onto_the_margin(self) -> None:
        grid, opening = grid_over(axes_at()), aperture()
        field = erase_lashes(with_lashes(plain_skin(grid), grid, 0.9), grid, LINE, U)
        passed = own_lashes(field, grid, LINE, opening)
        above = opening.upper_at(grid.u) - grid.v
        near = (above > 0.005) & (above < 0.02) & (np.abs(grid.u) < 0.3)
        assert passed[near].mean() < 0.6
        assert passed[(above > 0.25) | (above < -0.04)].min() > 0.97

    def test_own_lashes_end_at_the_corner(self) -> None:
        grid, opening = grid_over(axes_at()), aperture()
        skin = plain_skin(grid)
        wide = (np.abs(grid.v - 0.05) < 0.02) & (grid.u > -0.7) & (grid.u < 0)
        picture = np.where(wide[..., None], skin * 0.2, with_lashes(skin, grid, 0.9)).astype(np.float32)
        passed = own_lashes(erase_lashes(picture, grid, LINE, U), grid, LINE, opening)
        assert passed[grid.u < -0.62].min() > 0.97

    def test_the_line_is_thickest_outside_and_as_dark_as_the_lashes(self) -> None:
        grid, opening = grid_over(axes_at()), aperture()
        dark, fair = (lash_line(grid, opening, contrast) for contrast in (0.9, 0.3))
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
