"""The drawn eyeball: where it lies, how it is lit, what colour it has."""

from __future__ import annotations

import numpy as np
import pytest

from contracts.error_codes import StageError
from contracts.face import SIDES
from contracts.gen import GenItemParams
from gen.app.src.eye_box import box_around
from gen.app.src.eyeball.anatomy import eye_axes, globes, head_axes, opened_axes
from gen.app.src.eyeball.aperture import SAMPLES, iris_height, open_aperture, squeezed_openness
from gen.app.src.eyeball.catchlight import catchlight_of
from gen.app.src.eyeball.grid import drawing_grid
from gen.app.src.eyeball.iris import IrisLook, draw_iris, pupil_radius
from gen.app.src.eyeball.light import SceneLight, estimate_light
from gen.app.src.eyeball.render import Eyeball, draw_eyeball
from gen.app.src.eyeball.sclera import sclera_colour, white_gain, white_tint
from gen.app.src.eyeball.tone import PhotoTone
from gen.app.src.lids.placement import plan_eyes
from gen.app.src.seen.iris_colour import (
    ALBEDO,
    albedo_named,
    choose_iris_colour,
    measured_albedo,
    shown_colour,
)
from imaging import eye_mesh
from imaging.colour import LUMINANCE, luminance, to_linear
from tests.unit.synthetic_face import SKIN, face_mesh, face_picture

FRONT = SceneLight(np.array([0.0, -0.4, -0.9165]), 0.6)
U = np.linspace(-0.5, 0.5, SAMPLES)
RELAXED = 0.08 * (1 - (2 * U) ** 2)


def closed_line_at(depth: float) -> np.ndarray:
    return depth * (1 - (2 * U) ** 2)


def iris_places(yaw: float) -> dict[str, float]:
    """Iris position across each eye, from 0 at its left end in the picture to 1, as a scorer reads it."""
    mesh = face_mesh(yaw=yaw)
    places: dict[str, float] = {}
    for side, globe in globes(mesh).items():
        u = float(eye_axes(mesh, side).to_eye(globe.center)[0])
        places[side] = 0.5 + u if side == "left" else 0.5 - u
    return places


class TestGaze:
    @pytest.mark.parametrize("yaw", [-25, -12, 0, 12, 25])
    def test_both_eyes_look_the_same_way_whatever_the_pose(self, yaw: float) -> None:
        places = iris_places(yaw)
        assert abs(places["left"] - places["right"]) < 0.10

    def test_irises_turn_against_the_head_to_stay_on_the_camera(self) -> None:
        turned = [iris_places(yaw) for yaw in (-20, 0, 20)]
        for side in SIDES:  # the nose moves right with yaw, the iris stays behind: to the left
            assert turned[0][side] > turned[1][side] > turned[2][side]

    def test_iris_of_a_frontal_face_is_where_real_ones_are(self) -> None:
        mesh = face_mesh()
        for side, globe in globes(mesh).items():
            from_outer = 0.5 + float(eye_axes(mesh, side).to_eye(globe.center)[0])
            assert 0.41 < from_outer < 0.54
            assert globe.iris_radius == pytest.approx(9.6, rel=0.15)

    def test_a_winking_eye_follows_the_open_one(self) -> None:
        mesh, level = face_mesh(), np.full((240, 240), 0.3, np.float32)
        straight = globes(mesh)["right"].center
        ring = [(0, 0), (9, 0), (0, 9), (-9, 0), (0, -9)]
        for aside in (-5.0, 5.0):
            mesh[list(eye_mesh.IRIS["right"]), :2] = straight + np.array([aside, 0.0]) + np.array(ring)
            plan = plan_eyes(level, mesh, ("left",), "right", 1.0)["left"]
            moved = (
                plan.globe.center[0] - plan_eyes(level, mesh, ("left",), None, 1.0)["left"].globe.center[0]
            )
            assert moved == pytest.approx(aside, abs=1.0)


class TestOpenedCorners:
    @pytest.mark.parametrize("roll", [-20.0, 0.0, 20.0])
    def test_the_outer_corner_of_an_open_eye_is_the_higher_one(self, roll: float) -> None:
        mesh, angle = face_mesh(), np.radians(roll)
        mesh[:, :2] = mesh[:, :2] @ [[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]]
        down = head_axes(mesh)[1, :2]
        for side in SIDES:
            axes = opened_axes(mesh, side, winks=False)
            outer, inner = axes.to_crop(np.array([[-0.5, 0.0], [0.5, 0.0]]))
            assert (outer - inner) @ down / axes.width == pytest.approx(-0.10, abs=0.02)
            assert axes.width < eye_axes(mesh, side).width

    def test_a_wink_keeps_its_tilt(self) -> None:
        mesh = face_mesh()
        closed, winking = eye_axes(mesh, "left"), opened_axes(mesh, "left", winks=True)
        assert winking.along @ closed.along == pytest.approx(1.0, abs=1e-3)


class TestAperture:
    def test_margins_meet_in_the_corners_and_nowhere_cross(self) -> None:
        aperture = open_aperture(RELAXED, -0.03, 0.31, -0.58)
        assert aperture.lower[[0, -1]] == pytest.approx(aperture.upper[[0, -1]], abs=0.01)
        assert (aperture.lower >= aperture.upper).all()
        assert aperture.height() == pytest.approx(0.31, abs=0.03)

    def test_no_white_above_the_iris(self) -> None:
        aperture = open_aperture(RELAXED, -0.03, 0.31, -0.58)
        for guess in (-0.2, -0.06, 0.1):
            v = iris_height(aperture, -0.03, guess, 0.21)
            assert aperture.upper_at(np.array(-0.03)) > v - 0.21
            assert aperture.lower_at(np.array(-0.03)) < v + 0.21 * 1.1

    def test_raised_cheeks_open_less(self) -> None:
        shares = [squeezed_openness([closed_line_at(depth)] * 2) for depth in (0.09, 0.04, -0.01)]
        assert shares[0] > shares[1] > shares[2]

    def test_a_line_that_lies_high_in_one_eye_alone_is_no_raised_cheek(self) -> None:
        assert squeezed_openness([closed_line_at(0.12), closed_line_at(-0.01)]) == 1

    def test_an_expression_that_narrows_lifts_the_lower_lid_and_lowers_the_upper(self) -> None:
        mesh, level = face_mesh(), np.full((240, 240), 0.3, np.float32)
        calm, laughing = (plan_eyes(level, mesh, SIDES, None, 1.0, share)["left"] for share in (1.0, 0.75))
        calm_lids, lids = calm.aperture, laughing.aperture
        middle = SAMPLES // 2
        assert lids.height() < 0.85 * calm_lids.height()
        assert lids.lower[middle] < calm_lids.lower[middle] - 0.01
        assert lids.upper[middle] > calm_lids.upper[middle] + 0.01

    def test_where_the_other_eye_is_open_it_tells_and_not_the_expression(self) -> None:
        mesh, level = face_mesh(), np.full((240, 240), 0.3, np.float32)
        wide, narrow = (plan_eyes(level, mesh, ("left",), "right", 1.0, share)["left"] for share in (1, 0.75))
        assert wide.aperture.height() == narrow.aperture.height()

    def test_a_low_brow_bounds_the_opening(self) -> None:
        low = open_aperture(RELAXED, 0.0, 0.45, -0.25)
        assert low.upper.min() > -0.25

    def test_openness_scales_the_height_of_both_eyes(self) -> None:
        mesh, level = face_mesh(), np.full((240, 240), 0.3, np.float32)
        heights = [
            plan_eyes(level, mesh, SIDES, None, openness)["left"].aperture.height()
            for openness in (0.5, 1.0, 1.2)
        ]
        assert heights[0] < 0.6 * heights[1] < 0.6 * heights[2]


class TestLight:
    @pytest.mark.parametrize("side", [-1.0, 1.0])
    def test_side_light_is_found_on_its_side(self, side: float) -> None:
        mesh = face_mesh()
        light = estimate_light(to_linear(face_picture(mesh, light=0.6 * side)), mesh)
        assert np.sign(light.direction[0]) == side
        assert abs(light.direction[0]) > 0.4

    def test_even_light_is_soft_and_from_the_front(self) -> None:
        mesh = face_mesh()
        even = estimate_light(to_linear(face_picture(mesh)), mesh)
        hard = estimate_light(to_linear(face_picture(mesh, light=0.8)), mesh)
        assert even.ambient > hard.ambient
        assert even.direction[2] < -0.5

    def test_irradiance_is_relative_to_a_surface_that_faces_the_viewer(self) -> None:
        assert FRONT.irradiance(np.array([[0.0, 0.0, -1.0]]))[0] == pytest.approx(1.0)

    def test_catchlight_lies_towards_the_light_and_goes_out_in_the_dark(self) -> None:
        left = SceneLight(np.array([-0.7, -0.4, -0.59]), 0.3)
        lit = catchlight_of(left, 0.3, np.random.default_rng(0))
        assert lit.x < -0.15 and lit.y < 0
        assert np.hypot(lit.x, lit.y) < 0.6
        assert lit.level > 0.5
        assert catchlight_of(left, 0.01, np.random.default_rng(0)).level == 0.0


class TestSclera:
    def test_level_follows_the_skin_and_is_never_white(self) -> None:
        levels = [float(sclera_colour(SKIN * gain) @ LUMINANCE) for gain in (0.02, 0.1, 0.5, 1.0, 3.0)]
        assert levels == sorted(levels)
        assert levels[0] < 0.05
        assert levels[-1] < 0.8

    def test_dark_skin_has_relatively_brighter_sclera(self) -> None:
        ratio = [float(sclera_colour(SKIN * g) @ LUMINANCE) / float(SKIN * g @ LUMINANCE) for g in (0.3, 1.5)]
        assert ratio[0] > 1.5 > 1.2 > ratio[1]

    def test_shows_less_colour_than_the_skin(self) -> None:
        white = sclera_colour(SKIN)
        assert 1.0 < white[0] / white[2] < SKIN[0] / SKIN[2]

    def test_a_bright_white_is_taken_over_but_no_mirror_of_the_sky(self) -> None:
        gains = [white_gain(share * sclera_colour(SKIN), SKIN) for share in (0.8, 1.3, 1.6, 3.0)]
        assert gains[0] < gains[1] < gains[2] <= gains[3] < 2
        assert float(sclera_colour(SKIN, 5.0) @ LUMINANCE) < 0.8

    def test_gain_brings_the_seen_level_back(self) -> None:
        assert white_gain(0.5 * sclera_colour(SKIN), SKIN) == pytest.approx(0.5 / 0.8, rel=0.01)

    def test_the_seen_tint_comes_back(self) -> None:
        bluish = np.array([0.20, 0.22, 0.24])
        usual = sclera_colour(SKIN)
        shown = usual * white_tint(bluish, SKIN)
        assert usual[0] / usual[2] > 1.2 > 1.1 > shown[0] / shown[2]
        assert shown @ LUMINANCE == pytest.approx(usual @ LUMINANCE, rel=0.03)


class TestIris:
    def draw(self, name: str, seed: int = 0, width: float = 200.0) -> np.ndarray:
        y, x = np.mgrid[-1:1:80j, -1:1:80j].astype(np.float32)
        look = IrisLook(np.array(ALBEDO[name]), 0.36)
        return draw_iris(x, y, look, sclera_colour(SKIN), FRONT, width, np.random.default_rng(seed))

    def test_pupil_is_darker_than_the_iris_and_the_limbus_darker_than_its_middle(self) -> None:
        grey = luminance(self.draw("blue"))
        y, x = np.mgrid[-1:1:80j, -1:1:80j]
        radius = np.hypot(x, y)
        pupil, middle = grey[radius < 0.25].mean(), grey[(radius > 0.5) & (radius < 0.7)].mean()
        limbus = grey[(radius > 0.93) & (radius < 1.0)].mean()
        assert pupil < 0.2 * middle
        assert limbus < 0.6 * middle

    @pytest.mark.parametrize("name", ["dark", "blue"])
    def test_pupils_of_small_eyes_are_not_black_and_still_darker_than_the_iris(self, name: str) -> None:
        y, x = np.mgrid[-1:1:80j, -1:1:80j]
        radius = np.hypot(x, y)
        pupils = []
        for width in (40.0, 90.0, 200.0):
            grey = luminance(self.draw(name, width=width))
            pupils.append(float(grey[radius < 0.25].mean()))
            assert pupils[-1] < grey[(radius > 0.5) & (radius < 0.7)].mean()
        assert pupils[0] >= pupils[1] > pupils[2]

    def test_beside_an_open_eye_pupils_are_black_at_any_size(self) -> None:
        albedo = np.array(ALBEDO["blue"])
        small, large = (
            IrisLook(albedo, 0.36, beside_open=True).pupil_albedo(width) for width in (20.0, 200.0)
        )
        assert small == large < IrisLook(albedo, 0.36).pupil_albedo(20.0)

    def test_light_falls_on_the_far_side(self) -> None:
        grey = np.mean([luminance(self.draw("blue", seed)) for seed in range(8)], axis=0)  # light from above
        assert grey[55:70, 30:50].mean() > 1.15 * grey[10:25, 30:50].mean()

    def test_seeds_change_fibres_only(self) -> None:
        a, b = self.draw("brown", 0), self.draw("brown", 1)
        assert np.abs(a - b).max() > 0.005
        assert a.mean(axis=(0, 1)) == pytest.approx(b.mean(axis=(0, 1)), rel=0.06)

    def test_pupils_are_smaller_in_bright_scenes(self) -> None:
        bright, dim = (pupil_radius(level, np.random.default_rng(3)) for level in (0.6, 0.05))
        assert 0.28 < bright < dim < 0.48


class TestIrisColour:
    BLUE, BROWN = np.array([0.1, 0.14, 0.2]), np.array([0.08, 0.04, 0.02])

    def test_precedence(self) -> None:
        everything = GenItemParams(eye_colour="green", prompt_colour="amber", default_colour="brown")
        assert choose_iris_colour(everything, self.BLUE, self.BROWN).source == "eye_colour"
        no_wish = GenItemParams(prompt_colour="amber", default_colour="brown")
        other = choose_iris_colour(no_wish, self.BLUE, self.BROWN)
        assert other.source == "other_eye" and other.albedo is self.BLUE
        assert choose_iris_colour(no_wish, None, self.BROWN).source == "donor"
        prompt = choose_iris_colour(GenItemParams(prompt_colour="amber", default_colour="brown"), None, None)
        assert prompt.source == "prompt"
        assert prompt.albedo == pytest.approx(ALBEDO["amber"])
        fallback = choose_iris_colour(GenItemParams(), None, None)
        assert fallback.source == "default"
        assert fallback.albedo == pytest.approx(ALBEDO["dark"])

    def test_hexadecimal_colours_keep_their_hue(self) -> None:
        red, green, blue = albedo_named("#4a7ba6")
        assert blue > green > red

    @pytest.mark.parametrize("name", ["purplish", "#12345", ""])
    def test_unknown_names_are_refused_with_the_known_ones(self, name: str) -> None:
        with pytest.raises(StageError) as caught:
            albedo_named(name)
        assert "hazel" in caught.value.hint

    def test_a_seen_iris_is_measured_as_it_would_be_drawn(self) -> None:
        mesh = face_mesh(200.0)
        white, albedo = sclera_colour(SKIN), np.array(ALBEDO["green"])
        middle = eye_mesh.eye_center(mesh, "left")
        radius = 19.0
        mesh[list(eye_mesh.IRIS["left"]), :2] = middle + radius * np.array(
            [(0, 0), (1, 0), (0, 1), (-1, 0), (0, -1)]
        )
        region = list(eye_mesh.EYE_REGION["left"])
        mesh[[region[k] for k in range(9, 16)], 1] -= 30.0
        mesh[[region[k] for k in range(1, 8)], 1] += 14.0
        linear = np.full((480, 480, 3), 0.3, np.float32)
        y, x = np.mgrid[0:480, 0:480]
        linear[np.hypot(x - middle[0], y - middle[1]) < radius] = shown_colour(albedo, white)
        measured = measured_albedo(linear, mesh, "left", white)
        assert measured is not None
        assert measured == pytest.approx(albedo, rel=0.02)

    def test_an_iris_of_a_few_pixels_is_not_measured(self) -> None:
        mesh = face_mesh(20.0)
        assert measured_albedo(np.full((48, 48, 3), 0.1, np.float32), mesh, "left", np.ones(3)) is None


class TestRender:
    def eyeball(self, spacing: float, seed: int = 5) -> tuple[np.ndarray, np.ndarray]:
        """Colour and coverage at crop pixels."""
        mesh = face_mesh(spacing)
        size = round(2.4 * spacing)
        plan = plan_eyes(np.full((size, size), 0.3, np.float32), mesh, SIDES, None, 1.0)["left"]
        corners = plan.axes.to_crop(np.array([[-0.6, -0.4], [0.6, -0.4], [-0.6, 0.3], [0.6, 0.3]]))
        grid = drawing_grid(plan.axes, box_around(corners, 2.0, (size, size)))
        eye = Eyeball(
            plan.axes,
            plan.globe,
            plan.aperture,
            IrisLook(np.array(ALBEDO["dark"]), 0.38),
            catchlight_of(FRONT, 0.3, np.random.default_rng(0)),
            FRONT,
            SKIN,
            sclera_colour(SKIN),
            sclera_colour(SKIN),
            seed,
        )
        colour, cover = draw_eyeball(eye, grid)
        covered = grid.down((colour * cover[..., None]).astype(np.float32))
        return covered, grid.down(cover)

    @pytest.mark.parametrize("width", [12, 25, 60, 200])
    def test_a_dark_iris_between_brighter_flanks_at_every_size(self, width: int) -> None:
        covered, cover = self.eyeball(width / 0.45)
        grey = luminance(np.asarray(covered, np.float32)).sum(axis=0) / np.maximum(cover.sum(axis=0), 1e-3)
        whole = np.flatnonzero(cover.sum(axis=0) > 0.35 * cover.sum(axis=0).max())
        third = len(whole) // 3
        left, middle, right = grey[whole[:third]], grey[whole[third:-third]], grey[whole[-third:]]
        assert middle.min() < 0.6 * min(left.max(), right.max())

    def test_nothing_outside_of_the_opening(self) -> None:
        _, cover = self.eyeball(150.0)
        rows = np.flatnonzero(cover.max(axis=1) > 0)
        assert 0.2 < len(rows) / (150 * 0.45) < 0.45
        assert cover.max() == pytest.approx(1.0)

    def test_the_same_seed_draws_the_same_eye(self) -> None:
        first, again, other = self.eyeball(200.0), self.eyeball(200.0), self.eyeball(200.0, seed=6)
        assert (first[0] == again[0]).all()
        assert not (first[0] == other[0]).all()

    def test_the_upper_lid_throws_a_shadow(self) -> None:
        covered, cover = self.eyeball(250.0)
        solid = cover > 0.99
        column = np.flatnonzero(solid.sum(axis=0) > 8)[6]  # sclera near the outer corner
        rows = np.flatnonzero(solid[:, column])
        grey = luminance(np.asarray(covered, np.float32))[rows, column]
        assert grey[0] < 0.7 * grey[len(grey) // 2]


class TestTone:
    def test_neutral_photo_gives_exactly_neutral_paint(self) -> None:
        grey = np.repeat(np.linspace(0, 1, 400, dtype=np.float32).reshape(20, 20, 1), 3, axis=2)
        toned = PhotoTone(grey)(np.random.default_rng(0).random((9, 9, 3)).astype(np.float32))
        assert np.ptp(toned, axis=2).max() == 0.0

    def test_sepia_photo_lends_its_hue_and_keeps_the_luminance(self) -> None:
        level = np.linspace(0.01, 0.9, 400).reshape(20, 20, 1)
        sepia = (level * np.array([1.25, 0.97, 0.6])).astype(np.float32)
        colour = np.full((4, 4, 3), (0.1, 0.2, 0.5), np.float32)
        toned = PhotoTone(sepia)(colour)
        assert (toned[..., 0] > toned[..., 1]).all() and (toned[..., 1] > toned[..., 2]).all()
        assert luminance(toned) == pytest.approx(luminance(colour), rel=0.03)
