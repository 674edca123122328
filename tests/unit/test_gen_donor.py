"""The donor strategy on a drawn face of which everything is known."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from contracts.crop import CropDocument
from contracts.face import SIDES, EyeState, Side
from contracts.gen import GenItemParams
from gen.app.src.eye_box import blurred
from gen.app.src.open_shape import open_eye_of
from gen.app.src.strategies.donor import Donor
from gen.app.src.strategy import EyeScene, FaceView, Painting, Refused
from gen.app.src.working_scale import WORKING_WIDTH, paint_at_working_scale, scaled_view
from imaging import eye_mesh
from imaging.colour import Image, to_encoded, to_linear
from tests.unit.synthetic_face import face_picture, face_scene
from tests.unit.synthetic_open_face import closed_mesh, open_face, open_mesh, with_brows


def scene_of(
    donor: FaceView | None = None, sides: tuple[Side, ...] = SIDES, spacing: float = 100.0, **fields: Any
) -> EyeScene:
    mesh = closed_mesh(spacing)
    scene = face_scene(face_picture(mesh), mesh, sides, **fields)
    return replace(scene, donor=open_face(spacing) if donor is None else donor)


def donor_of(scene: EyeScene) -> FaceView:
    assert scene.donor is not None
    return scene.donor


def grainy(face: FaceView, sigma: float = 0.01) -> FaceView:
    grain = np.random.default_rng(0).normal(0, sigma, face.crop.shape).astype(np.float32)
    return replace(face, crop=np.clip(face.crop + grain, 0, 1))


def shown(scene: EyeScene, painting: Painting) -> Image:
    return scene.crop + (painting.painted - scene.crop) * painting.alpha[..., None]


def with_state(document: CropDocument, side: Side, state: EyeState) -> CropDocument:
    eye = replace(document.eye(side), state=state)
    return replace(document, left_eye=eye) if side == "left" else replace(document, right_eye=eye)


def test_both_eyes_open_as_in_the_donor() -> None:
    scene = scene_of()
    painting = Donor().paint(scene)
    result, truth = shown(scene, painting), donor_of(scene).crop
    for side in SIDES:
        x, y = (round(c) for c in eye_mesh.eye_center(scene.mesh, side))
        eye = (slice(y - 8, y + 8), slice(x - 16, x + 16))
        assert np.abs(result[eye] - truth[eye]).mean() < 0.03
        assert np.abs(scene.crop[eye] - truth[eye]).mean() > 0.1
    assert [eye.side for eye in painting.eyes] == ["left", "right"]
    assert all(eye.iris_source == "donor" for eye in painting.eyes)
    assert set(painting.intermediates) == {"prepared", "base_output"}


def test_only_the_wanted_eye_is_touched() -> None:
    scene = scene_of(sides=("right",))
    painting = Donor().paint(scene)
    x, y = (round(c) for c in eye_mesh.eye_center(scene.mesh, "left"))
    assert painting.alpha[y - 15 : y + 15, x - 20 : x + 20].max() == 0
    x, y = (round(c) for c in eye_mesh.eye_center(scene.mesh, "right"))
    assert painting.alpha[y, x] == 1


def test_the_paint_ends_inside_of_the_region_that_may_be_edited() -> None:
    scene = scene_of()
    y, x = np.nonzero(Donor().paint(scene).alpha > 0)
    inside = np.zeros(len(x), bool)
    for side in SIDES:
        (cx, cy), w = eye_mesh.eye_center(scene.mesh, side), eye_mesh.eye_width(scene.mesh, side)
        inside |= ((x - cx) / (1.3 * w)) ** 2 + ((y - cy) / (1.2 * w)) ** 2 <= 1
    assert inside.all()


def test_no_lash_of_the_closed_eye_shows_through() -> None:
    scene = scene_of()
    dark = replace(scene, face=replace(scene.face, crop=face_picture(scene.mesh, lash=1.0)))
    bare = replace(scene, face=replace(scene.face, crop=face_picture(scene.mesh, lash=0.0)))
    results = [shown(s, Donor().paint(s)) for s in (dark, bare)]
    assert np.abs(results[0] - results[1]).max() < 0.02


@pytest.mark.parametrize("gain", [(0.5, 0.5, 0.5), (1.6, 1.6, 1.6), (1.2, 1.0, 0.75)])
def test_a_donor_in_other_light_gives_the_same_eyes(gain: tuple[float, ...]) -> None:
    plain = scene_of()
    lit = to_encoded((to_linear(donor_of(plain).crop) * np.array(gain)).astype(np.float32))
    other = replace(plain, donor=replace(donor_of(plain), crop=lit))
    first, second = (shown(s, Donor().paint(s)) for s in (plain, other))
    assert np.abs(first - second).mean() < 0.004
    assert np.abs(first - second).max() < 0.2


@pytest.mark.parametrize("factor", [0.6, 2.3])
def test_a_donor_of_another_size_gives_the_same_eyes(factor: float) -> None:
    plain = scene_of()
    other = replace(plain, donor=open_face(100.0 * factor))
    first, second = (shown(s, Donor().paint(s)) for s in (plain, other))
    assert np.abs(first - second).mean() < 0.006


def test_a_grey_photo_stays_grey() -> None:
    scene = scene_of(greyscale=True)
    grey = np.repeat(scene.crop.mean(axis=2, keepdims=True), 3, axis=2)
    scene = replace(scene, face=replace(scene.face, crop=grey))
    painting = Donor().paint(scene)
    result = shown(scene, painting)
    assert np.ptp(result, axis=2).max() < 2 / 255
    assert np.abs(result - grey).max() > 0.1


def test_openness_narrows_and_widens_without_squeezing_the_iris() -> None:
    scene = scene_of()
    x, y = (round(c) for c in eye_mesh.eye_center(scene.mesh, "left"))
    seen = {}
    for openness in (0.75, 1.0, 1.15):
        wide = replace(scene, params=GenItemParams(openness=openness))
        painting = Donor().paint(wide)
        result = shown(wide, painting)
        whites = result[y - 20 : y + 15, x - 25 : x + 25, 2] > 0.65
        seen[openness] = (whites.sum(), result[y, x], painting.eyes[0].openness)
    assert seen[0.75][0] < seen[1.0][0] < seen[1.15][0]
    assert seen[0.75][2] < seen[1.0][2] < seen[1.15][2]
    assert np.allclose(seen[0.75][1], seen[1.0][1], atol=0.05)


def test_the_same_scene_gives_the_same_picture() -> None:
    first, second = (Donor().paint(scene_of()) for _ in range(2))
    # Vectorised sums differ in the last bit with the place in memory; a 16-bit level is 1.5e-5.
    assert np.allclose(first.painted, second.painted, rtol=0, atol=1e-6)
    assert np.allclose(first.alpha, second.alpha, rtol=0, atol=1e-6)


def test_big_eyes_are_painted_small_and_only_the_difference_is_enlarged() -> None:
    spacing = 1.3 * WORKING_WIDTH / 0.45
    scene = scene_of(spacing=spacing, donor=open_face(300.0))
    scene = replace(scene, face=grainy(scene.face), donor=grainy(donor_of(scene)))
    painting = paint_at_working_scale(Donor(), scene)
    assert painting.painted.shape == scene.crop.shape and painting.alpha.shape == scene.crop.shape[:2]
    assert painting.intermediates["prepared"].shape == scene.crop.shape
    x, y = (round(c) for c in eye_mesh.eye_center(scene.mesh, "left"))
    assert painting.alpha[y, x] == pytest.approx(1, abs=0.01)
    patch = (slice(y + 60, y + 100), slice(x - 20, x + 20))  # below the eye, inside of the paint
    detail = painting.painted[patch] - blurred(painting.painted[patch], 2.0)
    assert detail.std() > 0.006


def test_a_scaled_view_keeps_points_on_their_pixels() -> None:
    face = open_face(100.0)
    half = scaled_view(face, 0.5)
    assert half.crop.shape[0] == round(face.crop.shape[0] * 0.5)
    iris = [view.mesh[eye_mesh.IRIS["left"][0], :2] for view in (face, half)]
    assert np.allclose((iris[0] + 0.5) * 0.5 - 0.5, iris[1], atol=0.3)


def reason(scene: EyeScene) -> str | None:
    return Donor().refuse(scene)


def test_a_good_donor_is_not_refused() -> None:
    assert reason(scene_of()) is None


def test_no_donor() -> None:
    assert reason(replace(scene_of(), donor=None)) == "there is no donor photo"


def test_another_person() -> None:
    scene = replace(scene_of(), params=GenItemParams(donor_same_person=False))
    assert reason(scene) == "the donor is another person"


@pytest.mark.parametrize(
    ("state", "words"), [("closed", "right eye is closed"), ("undetermined", "not clearly")]
)
def test_a_donor_whose_eye_is_not_open(state: EyeState, words: str) -> None:
    scene = scene_of()
    donor = replace(donor_of(scene), document=with_state(donor_of(scene).document, "right", state))
    assert words in str(reason(replace(scene, donor=donor)))
    assert reason(replace(scene_of(sides=("left",)), donor=donor)) is None


def test_a_donor_turned_away() -> None:
    scene = scene_of()
    document = donor_of(scene).document
    turned = replace(document, pose=replace(document.pose, yaw=31.0))
    assert "31 degrees" in str(reason(replace(scene, donor=replace(donor_of(scene), document=turned))))


def test_a_tiny_donor() -> None:
    assert "px wide" in str(reason(replace(scene_of(), donor=open_face(40.0))))


def test_tiny_eyes() -> None:
    assert "only 4 px" in str(reason(scene_of(scale=10.0)))


def test_a_donor_that_squints() -> None:
    scene = scene_of()
    mesh = donor_of(scene).mesh.copy()
    mesh[list(eye_mesh.IRIS["left"]), 0] += 0.15 * eye_mesh.eye_width(mesh, "left")
    mesh[list(eye_mesh.IRIS["right"]), 0] -= 0.15 * eye_mesh.eye_width(mesh, "right")
    assert "crossed" in str(reason(replace(scene, donor=replace(donor_of(scene), mesh=mesh))))


def test_a_stare_stays_in_the_donors_photo() -> None:
    scene = scene_of()
    wide = np.array(donor_of(scene).mesh)
    for side in SIDES:
        wide[list(eye_mesh.EYE_REGION[side][eye_mesh.UPPER_LID]), 1] -= 0.1 * eye_mesh.eye_width(wide, side)
    stares = replace(scene, donor=replace(donor_of(scene), mesh=wide))
    opening = Donor().paint(stares).eyes[0].openness
    assert opening < 0.85 * open_eye_of(wide, "left").aspect_ratio
    assert opening == pytest.approx(Donor().paint(scene).eyes[0].openness, rel=0.15)


def test_calm_eyes_are_narrowed_in_a_laughing_face() -> None:
    scene = scene_of()
    laughing = np.array(scene.mesh)
    laughing[[129, 358], 0] += [-6.0, 6.0]
    laughs = replace(scene, face=replace(scene.face, mesh=laughing))
    calm, narrowed = (Donor().paint(each).eyes[0].openness for each in (scene, laughs))
    assert 0.7 * calm < narrowed < 0.95 * calm


def test_a_donor_that_looks_far_aside() -> None:
    donor = open_face(gaze=0.3)
    assert "aside" in str(reason(replace(scene_of(), donor=donor)))


def test_brows_drawn_down_over_the_eyes() -> None:
    mesh = closed_mesh(brow=0.38)
    scene = replace(face_scene(face_picture(mesh), mesh), donor=open_face())
    assert "brow is too low" in str(reason(scene))


def test_a_donor_far_out_of_focus_is_refused_and_a_soft_one_is_told() -> None:
    sharp = scene_of()
    sharp = replace(
        sharp,
        face=replace(sharp.face, crop=blurred(with_brows(sharp.crop, sharp.mesh), 0.8)),
        donor=replace(donor_of(sharp), crop=with_brows(donor_of(sharp).crop, donor_of(sharp).mesh)),
    )

    def with_blur(sigma: float) -> EyeScene:
        return replace(sharp, donor=replace(donor_of(sharp), crop=blurred(donor_of(sharp).crop, sigma)))

    with pytest.raises(Refused, match="times as blurred"):
        Donor().paint(with_blur(9.0))
    assert [notice.code for notice in Donor().paint(with_blur(3.0)).warnings] == ["DONOR_BLURRED"]
    assert Donor().paint(with_blur(1.0)).warnings == ()


def test_grain_alone_does_not_refuse_a_clean_donor() -> None:
    scene = scene_of()
    assert Donor().paint(replace(scene, face=grainy(scene.face, 0.05))).warnings == ()


def test_an_open_mesh_is_open() -> None:
    assert eye_mesh.aspect_ratio(eye_mesh.eye_region(open_mesh(closed_mesh()), "left")) > 0.15
