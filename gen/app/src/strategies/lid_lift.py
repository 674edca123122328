"""Opens eyes without a donor: lifts the subject's own upper lid off an eyeball drawn in the scene's light."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from contracts.face import SIDES, Side
from contracts.gen import PaintedEye
from gen.app.src.eye_box import Box, blurred, box_around
from gen.app.src.eyeball.catchlight import Catchlight, catchlight_of
from gen.app.src.eyeball.grid import EyeGrid, Plane, drawing_grid, eye_grid, soft_step
from gen.app.src.eyeball.iris import IrisLook, pupil_radius
from gen.app.src.eyeball.light import SceneLight, estimate_light
from gen.app.src.eyeball.placement import OpenEyePlan, plan_eyes
from gen.app.src.eyeball.render import Eyeball, draw_eyeball
from gen.app.src.eyeball.sclera import sclera_colour, seen_white, white_gain
from gen.app.src.eyeball.shading import draw_lower_margin
from gen.app.src.eyeball.tone import PhotoTone
from gen.app.src.iris_colour import IrisColour, choose_iris_colour, measured_albedo, shown_colour
from gen.app.src.lashes import draw_hairs, lash_line, own_lashes
from gen.app.src.lid_motion import LashField, erase_lashes, lift_lid
from gen.app.src.strategy import EyeScene, FaceView, Painting
from imaging import eye_mesh
from imaging.colour import Image, luminance, to_encoded, to_linear

FloatArray = NDArray[np.float64]

_WORKING_WIDTH = 250.0
"""Wider eyes are painted at this width, px, and the difference enlarged: lids and iris have no finer detail
that would be missed, and time grows with the area."""
_SHARPNESS_SHARE = 0.42
"""Blur of drawn parts relative to the photo's edge blur; more looks soft beside the lids."""
_SIDE_REACH, _LOWER_REACH = 0.80, 0.55
"""How far the paint reaches beside and below the eye's middle, eye widths."""
_LASH_BLACK = 0.03
"""Linear RGB of black lashes relative to the skin beside them."""


@dataclass(frozen=True)
class _Scene:
    """What both eyes share while they are painted."""

    linear: Image
    light: SceneLight
    catchlight: Catchlight
    iris: IrisLook
    white_gain: float
    tone: PhotoTone | None
    blur: float
    seed: int


class LidLift:
    """The strategy; see `gen.app.src.strategy.Strategy`."""

    name = "lid_lift"

    def refuse(self, scene: EyeScene) -> str | None:
        return None

    def paint(self, scene: EyeScene) -> Painting:
        return paint_lid_lift(scene)


def paint_lid_lift(scene: EyeScene) -> Painting:
    widest = max(eye_mesh.eye_width(scene.mesh, side) for side in scene.sides)
    scale = min(1.0, _WORKING_WIDTH / widest)
    if scale == 1.0:
        painted, alpha, eyes = _paint(scene, scene.crop, scene.mesh)
        return Painting(painted, alpha, eyes)
    size = scene.crop.shape[1::-1]
    small_size = (round(size[0] * scale), round(size[1] * scale))
    small = np.asarray(cv2.resize(scene.crop, small_size, interpolation=cv2.INTER_AREA), np.float32)
    painted, alpha, eyes = _paint(scene, small, scene.mesh * (small_size[0] / size[0]))
    difference = cv2.resize(painted - small, size, interpolation=cv2.INTER_CUBIC)
    alpha = np.clip(cv2.resize(alpha, size, interpolation=cv2.INTER_LINEAR), 0.0, 1.0)
    whole = np.clip(scene.crop + difference, 0.0, 1.0)
    return Painting(np.where(alpha[..., None] > 0, whole, scene.crop), alpha, eyes)


def _paint(
    scene: EyeScene, crop: Image, mesh: FloatArray
) -> tuple[Image, NDArray[np.float32], tuple[PaintedEye, ...]]:
    """Painted crop, alpha and what was done, at the working size."""
    linear = to_linear(crop)
    rng = np.random.default_rng(scene.seed)
    other = _open_eye(scene)
    gain = 1.0 if other is None else _white_gain(linear, mesh, other)
    colour = _iris_colour(scene, linear, mesh, other, gain)
    skin_level = float(luminance(_skin_of(linear, mesh, scene.sides[0])[None, None].astype(np.float32))[0, 0])
    light = estimate_light(linear, mesh)
    shared = _Scene(
        linear,
        light,
        catchlight_of(light, skin_level, rng),
        IrisLook(colour.albedo, pupil_radius(skin_level, rng)),
        gain,
        PhotoTone(linear) if scene.greyscale or scene.sepia else None,
        _SHARPNESS_SHARE * edge_blur(crop),
        scene.seed,
    )
    plans = plan_eyes(luminance(linear), mesh, scene.sides, other, scene.params.openness)
    painted, alpha = crop.copy(), np.zeros(crop.shape[:2], np.float32)
    eyes = []
    for side in scene.sides:
        plan = plans[side]
        box, opened, mask, skin = _paint_eye(shared, plan)
        view = painted[box.slices]
        view[mask > 0] = to_encoded(opened)[mask > 0]
        alpha[box.slices] = np.maximum(alpha[box.slices], mask)
        shown = to_encoded(shown_colour(colour.albedo, sclera_colour(skin, gain)).astype(np.float32))
        rgb = tuple(int(k) for k in np.round(shown * 255))
        eyes.append(
            PaintedEye(side, round(plan.aperture.height(), 3), colour.source, (rgb[0], rgb[1], rgb[2]))
        )
    return painted, alpha, tuple(eyes)


def _paint_eye(shared: _Scene, plan: OpenEyePlan) -> tuple[Box, Image, Plane, FloatArray]:
    """Box, opened eye in linear light, how far to take it (0..1), and the skin's linear RGB."""
    axes, aperture = plan.axes, plan.aperture
    reach = np.array([[u, v] for u in (-_SIDE_REACH, _SIDE_REACH) for v in (plan.ceiling, _LOWER_REACH)])
    box = box_around(axes.to_crop(reach), 0.06 * axes.width + 2, shared.linear.shape[:2])
    grid = eye_grid(axes, box)
    picture = shared.linear[box.slices]

    field = erase_lashes(picture, grid, plan.line, aperture.u)
    skin = _lid_skin(field.skin, grid, plan)
    base = _lids_apart(picture, field, grid, plan)
    opened = _with_eyeball(base, shared, plan, field, skin, box)

    within = soft_step(_SIDE_REACH - 0.05 - np.abs(grid.u), 0.05) * soft_step(
        _LOWER_REACH - 0.04 - grid.v, 0.04
    )
    within = within * soft_step(grid.v - plan.ceiling + 0.02, 0.02)
    return box, opened, within.astype(np.float32), skin


def _lids_apart(picture: Plane, field: LashField, grid: EyeGrid, plan: OpenEyePlan) -> Plane:
    """The lids in their open places, with nothing between them yet but skin."""
    aperture = plan.aperture
    beyond = soft_step(np.abs(grid.u) - 0.48, 0.04)[..., None]  # no lashes are left beside the corners
    lifted = lift_lid(picture * (1 - beyond) + field.skin * beyond, grid, plan.line, aperture, plan.ceiling)
    middle = np.interp(grid.u, aperture.u, (aperture.upper + aperture.lower) / 2)
    upper = soft_step((middle - grid.v).astype(np.float32), 0.012)[..., None]
    return lifted * upper + field.skin * (1 - upper)


def _with_eyeball(
    base: Plane, shared: _Scene, plan: OpenEyePlan, field: LashField, skin: FloatArray, box: Box
) -> Plane:
    """Eyeball, lower lid margin and lashes over the parted lids."""
    axes, aperture = plan.axes, plan.aperture
    fine = drawing_grid(axes, box)
    seed = 2 * shared.seed + SIDES.index(plan.side)
    rng = np.random.default_rng(seed)
    white = sclera_colour(skin, shared.white_gain)
    eye, cover = draw_eyeball(
        Eyeball(axes, plan.globe, aperture, shared.iris, shared.catchlight, shared.light, skin, white, seed),
        fine,
    )
    contrast = float(np.clip(1.25 * field.contrast, 0.30, 0.92))
    rim, rim_cover = draw_lower_margin(fine, aperture, skin, shared.light, contrast)
    if shared.tone:
        eye, rim = shared.tone(eye), shared.tone(rim)
    opened = _over(base, fine, eye, cover, shared.blur)
    opened = _over(opened, fine, rim, rim_cover, shared.blur)

    hairs = draw_hairs(fine, aperture, axes.width, contrast, rng)
    drawn = lash_line(fine, aperture, contrast) * (1 - contrast * hairs)
    passed: Plane = blurred(np.asarray(fine.down(drawn), np.float32), shared.blur)
    grid = eye_grid(axes, box)
    above = soft_step((aperture.upper_at(grid.u) - grid.v + 0.012).astype(np.float32), 0.012)
    passed = passed * (1 - above * (1 - own_lashes(field, grid, plan.line, aperture)))
    return opened * passed[..., None] + (_LASH_BLACK * skin) * (1 - passed[..., None])


def _over(under: Plane, fine: EyeGrid, colour: Plane, cover: Plane, blur: float) -> Plane:
    """A drawn layer over a picture at crop pixels, as sharp as the photo."""
    alpha = blurred(fine.down(cover), blur)[..., None]
    return under * (1 - alpha) + blurred(fine.down(colour * cover[..., None]), blur)


def _lid_skin(clean: Plane, grid: EyeGrid, plan: OpenEyePlan) -> FloatArray:
    """Linear RGB of the skin around the opening, lashes left out."""
    line = np.interp(grid.u, plan.aperture.u, plan.line)
    lid = (grid.v < line - 0.10) & (grid.v > plan.ceiling)
    cheek = (grid.v > line + 0.10) & (grid.v < 0.45)
    return np.median(clean[(np.abs(grid.u) < 0.55) & (lid | cheek)], axis=0).astype(float)


def _open_eye(scene: EyeScene) -> Side | None:
    """The eye that is open already and stays as it is."""
    rest = [side for side in SIDES if side not in scene.sides]
    return next((side for side in rest if scene.document.eye(side).state == "open"), None)


def _iris_colour(
    scene: EyeScene, linear: Image, mesh: FloatArray, other: Side | None, gain: float
) -> IrisColour:
    own = None if other is None else _measured(linear, mesh, other, gain)
    return choose_iris_colour(scene.params, own, _donor_albedo(scene.donor))


def _donor_albedo(donor: FaceView | None) -> FloatArray | None:
    """Albedo of the donor's first iris that can be measured."""
    if donor is None:
        return None
    linear = to_linear(donor.crop)
    for side in SIDES:
        if donor.document.eye(side).state == "open":
            albedo = _measured(linear, donor.mesh, side, _white_gain(linear, donor.mesh, side))
            if albedo is not None:
                return albedo
    return None


def _measured(linear: Image, mesh: FloatArray, side: Side, gain: float) -> FloatArray | None:
    return measured_albedo(linear, mesh, side, sclera_colour(_skin_of(linear, mesh, side), gain))


def _white_gain(linear: Image, mesh: FloatArray, side: Side) -> float:
    """How this face's sclera differs from the ordinary, where an open eye shows it."""
    seen = seen_white(linear, mesh, side)
    return 1.0 if seen is None else white_gain(seen, _skin_of(linear, mesh, side))


def _skin_of(linear: Image, mesh: FloatArray, side: Side) -> FloatArray:
    """Linear RGB of the skin on the rings around an eye, median over their points."""
    region = eye_mesh.eye_region(mesh, side)[:, :2].astype(np.float32)
    rings = np.concatenate([region[eye_mesh.FIRST_RING], region[eye_mesh.SECOND_RING]])
    smooth = blurred(linear, 0.03 * eye_mesh.eye_width(mesh, side))
    seen = cv2.remap(smooth, rings[:, 0], rings[:, 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(np.median(seen.reshape(-1, 3), axis=0), float)


def edge_blur(crop: Image) -> float:
    """Blur of the crop's strongest edges, px."""
    grey = crop.mean(axis=2)
    sharp, soft = _slope(grey), _slope(cv2.GaussianBlur(grey, (0, 0), 1.0))
    strong = sharp > np.percentile(sharp, 97)
    ratio = float(np.median(sharp[strong] / (soft[strong] + 1e-5)))
    return float(np.clip(1.0 / np.sqrt(max(ratio * ratio - 1.0, 1e-3)), 0.3, 8.0))


def _slope(grey: Plane) -> Plane:
    return np.hypot(cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1))
