"""Lifting the lid: the closed line, the map, what stays in front, and the whole strategy."""

from __future__ import annotations

import numpy as np
import pytest

from contracts.blend import EDIT_SEMI_AXES
from contracts.face import SIDES, Side
from gen.app.src.eyeball.anatomy import eye_axes, opened_axes
from gen.app.src.eyeball.aperture import open_aperture
from gen.app.src.eyeball.grid import EyeGrid
from gen.app.src.in_front.eye_cover import covered_eye
from gen.app.src.in_front.foreground import behind, thin_foreground
from gen.app.src.lids.closed_line import closed_line
from gen.app.src.lids.motion import lid_ceiling, lift_lid
from gen.app.src.strategies.lid_lift import LidLift
from gen.app.src.strategy import Painting
from imaging import eye_mesh
from imaging.colour import luminance, to_linear
from tests.unit.drawn_lids import CEILING, LINE, WIDTH, U, aperture, axes_at, grid_over, plain_skin
from tests.unit.synthetic_face import face_mesh, face_picture, face_scene


class TestClosedLine:
    @pytest.mark.parametrize("off", [-0.05, 0.0, 0.05])
    def test_the_dark_line_is_found_where_the_mesh_is_a_little_off(self, off: float) -> None:
        mesh = face_mesh(260.0)
        picture = luminance(to_linear(face_picture(mesh)))
        wrong = mesh.copy()
        for side in SIDES:
            lids = [eye_mesh.EYE_REGION[side][k] for k in (*range(1, 8), *range(9, 16))]
            wrong[lids, 1] += off * eye_mesh.eye_width(mesh, side)
        for side in SIDES:
            axes = eye_axes(wrong, side)
            found = closed_line(picture, axes, eye_mesh.eye_region(wrong, side))
            middle = np.abs(U) < 0.3
            assert np.abs(found - LINE)[middle].max() < 0.035

    def test_without_any_line_the_mesh_is_believed(self) -> None:
        mesh = face_mesh()
        found = closed_line(
            np.full((240, 240), 0.3, np.float32), eye_axes(mesh, "left"), eye_mesh.eye_region(mesh, "left")
        )
        assert found == pytest.approx(LINE, abs=0.01)


class TestLift:
    def test_what_lay_above_the_line_lies_on_the_open_margin(self) -> None:
        grid, opening = grid_over(axes_at()), aperture()
        above = np.interp(grid.u, U, LINE) - grid.v
        picture = np.repeat(((above > 0.03) & (above < 0.07))[..., None], 3, axis=2).astype(np.float32)
        lifted = lift_lid(picture, grid, LINE, opening, CEILING)[..., 0]
        column = int(np.argmin(np.abs(grid.u[0])))
        rows = np.flatnonzero(lifted[:, column] > 0.5)
        lowest = float(grid.v[rows.max(), column])
        assert lowest == pytest.approx(float(opening.upper_at(np.array(0.0))), abs=0.015)

    def test_the_brow_and_what_is_beside_the_eye_stay(self) -> None:
        grid = grid_over(axes_at(tilt=0.2))
        picture = plain_skin(grid)
        lifted = lift_lid(picture, grid, LINE, aperture(), CEILING)
        still = (grid.v < CEILING - 0.02) | ((np.abs(grid.u) > 0.74) & (grid.v < 0.0))
        assert np.abs(lifted - picture)[still].max() < 2e-3

    @pytest.mark.parametrize("ceiling", [-0.6, -0.3, -0.2])
    def test_the_lid_never_folds(self, ceiling: float) -> None:
        grid = grid_over(axes_at())
        opening = open_aperture(LINE, 0.0, 0.35, ceiling)
        ramp = np.repeat(grid.v[..., None], 3, axis=2) + 1.0  # linear in v: shows the map itself
        source = lift_lid(ramp, grid, LINE, opening, ceiling)[..., 0]
        on_lid = (grid.v < opening.upper_at(grid.u)) & (grid.v > -0.55)
        steps = np.diff(source, axis=0)[on_lid[1:] & on_lid[:-1]]
        assert steps.min() > 0

    def test_the_ceiling_is_between_crease_and_brow(self) -> None:
        mesh = face_mesh()
        assert lid_ceiling(eye_axes(mesh, "left"), eye_mesh.eye_region(mesh, "left")) == pytest.approx(
            -0.57, abs=0.03
        )


class TestForeground:
    def rim(self, grid: EyeGrid, end: float = 0.9) -> np.ndarray:
        return (np.abs(grid.v + 0.32 + 0.05 * grid.u) < 0.016) & (np.abs(grid.u) < end)

    def test_a_rim_is_found_and_taken_off(self) -> None:
        grid = grid_over(axes_at())
        skin, rim = plain_skin(grid), self.rim(grid)
        picture = np.where(rim[..., None], skin * 0.15, skin).astype(np.float32)
        found = thin_foreground(picture, grid, LINE, U)
        assert found[rim].mean() > 0.9
        assert found[np.abs(grid.v + 0.32) > 0.1].max() == 0.0
        without = behind(picture, found, WIDTH)
        assert np.abs(without - skin)[rim].max() < 0.1 * skin.max()

    def test_creases_and_plain_skin_are_none(self) -> None:
        grid = grid_over(axes_at())
        skin = plain_skin(grid)
        assert thin_foreground(skin, grid, LINE, U).max() == 0.0
        crease = np.where(self.rim(grid, end=0.5)[..., None], skin * 0.5, skin).astype(np.float32)
        assert thin_foreground(crease, grid, LINE, U).max() == 0.0


class TestCover:
    def test_sunglasses_and_reflections_cover_shade_does_not(self) -> None:
        mesh = face_mesh()
        linear = to_linear(face_picture(mesh))
        assert covered_eye(linear, mesh, "left") is None
        region = np.zeros(linear.shape[:2], bool)
        x, y = eye_mesh.eye_center(mesh, "left").astype(int)
        region[y - 22 : y + 20, x - 34 : x + 34] = True

        def filled(level: float) -> np.ndarray:
            return np.where(region[..., None], np.float32(level), linear).astype(np.float32)

        assert "dark" in (covered_eye(filled(0.01), mesh, "left") or "")
        assert "reflection" in (covered_eye(filled(1.0), mesh, "left") or "")
        shaded = np.where(region[..., None], linear * 0.4, linear).astype(np.float32)
        assert covered_eye(shaded, mesh, "left") is None
        assert covered_eye(filled(0.01), mesh, "right") is None


def painted(spacing: float = 160.0, sides: tuple[Side, ...] = SIDES, **scene: object) -> Painting:
    mesh = face_mesh(spacing)
    return LidLift().paint(face_scene(face_picture(mesh), mesh, sides, **scene))  # type: ignore[arg-type]


class TestStrategy:
    def test_opens_both_eyes_with_iris_and_sclera(self) -> None:
        mesh = face_mesh(160.0)
        picture = face_picture(mesh)
        painting = LidLift().paint(face_scene(picture, mesh))
        grey = luminance(to_linear(painting.painted))
        for side, eye in zip(SIDES, painting.eyes):
            assert eye.side == side
            assert 0.2 < eye.openness < 0.45
            axes = eye_axes(mesh, side)
            iris, white = (
                axes.to_crop(np.array(at)).round().astype(int) for at in ((-0.03, 0.0), (-0.33, 0.0))
            )
            assert grey[iris[1], iris[0]] < 0.20 * float(luminance(to_linear(picture)).max())
            assert grey[white[1], white[0]] > 4 * grey[iris[1], iris[0]]

    def test_nothing_changes_outside_of_the_edit(self) -> None:
        mesh = face_mesh(160.0)
        picture = face_picture(mesh)
        painting = LidLift().paint(face_scene(picture, mesh))
        assert (painting.painted == picture)[painting.alpha == 0].all()
        y, x = np.mgrid[0 : picture.shape[0], 0 : picture.shape[1]]
        allowed = np.zeros(picture.shape[:2], bool)
        for side in SIDES:
            axes = eye_axes(mesh, side)
            at = axes.to_eye(np.stack([x, y], axis=-1))
            allowed |= np.hypot(at[..., 0] / EDIT_SEMI_AXES[0], at[..., 1] / EDIT_SEMI_AXES[1]) < 1
        assert (painting.alpha[~allowed] == 0).all()

    def test_one_eye_leaves_the_other_alone(self) -> None:
        mesh = face_mesh(160.0)
        iris = [(0, 0), (15, 0), (0, 15), (-15, 0), (0, -15)]
        mesh[list(eye_mesh.IRIS["right"]), :2] = eye_mesh.eye_center(mesh, "right") + np.array(iris)
        picture = face_picture(mesh)
        painting = LidLift().paint(face_scene(picture, mesh, ("left",)))
        half = picture.shape[1] // 2 + 10
        assert (painting.painted[:, half:] == picture[:, half:]).all()
        assert [eye.side for eye in painting.eyes] == ["left"]

    def test_seed_and_openness_make_variations(self) -> None:
        first, again, other = painted(seed=1), painted(seed=1), painted(seed=2)
        assert (first.painted == again.painted).all()
        assert np.abs(first.painted - other.painted).max() > 0.02
        narrow, wide = painted(openness=0.6), painted(openness=1.15)
        assert narrow.eyes[0].openness < 0.7 * wide.eyes[0].openness
        assert first.eyes[0].iris_rgb == other.eyes[0].iris_rgb

    def test_grey_photos_get_grey_eyes(self) -> None:
        mesh = face_mesh(120.0)
        grey = np.repeat(face_picture(mesh).mean(axis=2, keepdims=True), 3, axis=2)
        painting = LidLift().paint(face_scene(grey, mesh, greyscale=True, eye_colour="blue"))
        assert np.ptp(painting.painted, axis=2).max() < 1e-6

    def test_asked_colour_is_drawn_and_reported(self) -> None:
        blue = painted(eye_colour="blue").eyes[0]
        assert blue.iris_source == "eye_colour"
        assert blue.iris_rgb is not None and blue.iris_rgb[2] > blue.iris_rgb[0]

    @pytest.mark.parametrize("width", [11, 16, 25])
    def test_small_eyes_become_a_few_right_pixels(self, width: int) -> None:
        mesh = face_mesh(width / 0.45)
        picture = face_picture(mesh)
        painting = LidLift().paint(face_scene(picture, mesh))
        assert np.isfinite(painting.painted).all()
        axes = opened_axes(mesh, "left", winks=False)
        x, y = axes.to_crop(np.array([-0.03, -0.02])).round().astype(int)
        assert painting.painted[y, x].mean() < 0.6 * picture.max(axis=(0, 1)).mean()

    @pytest.mark.parametrize("level", [0.0, 1.0])
    def test_black_and_blown_out_pictures_give_numbers(self, level: float) -> None:
        mesh = face_mesh(60.0)
        picture = np.full((144, 144, 3), level, np.float32)
        painting = LidLift().paint(face_scene(picture, mesh))
        assert np.isfinite(painting.painted).all()
        assert 0.0 <= painting.painted.min() <= painting.painted.max() <= 1.0

    def test_refuses_what_would_not_be_good(self) -> None:
        strategy, mesh = LidLift(), face_mesh(100.0)
        picture = face_picture(mesh)
        assert strategy.refuse(face_scene(picture, mesh)) is None
        assert "px wide" in (strategy.refuse(face_scene(picture, mesh, scale=6.0)) or "")
        assert "hidden" in (strategy.refuse(face_scene(picture, mesh, yaw=55.0)) or "")
        dark = picture.copy()
        dark[97:143] = 0.05
        assert "covers" in (strategy.refuse(face_scene(dark, mesh)) or "")
