"""Opens eyes without a donor: lifts the subject's own upper lid off an eyeball drawn in the scene's light."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from contracts.face import SIDES, Side
from contracts.gen import PaintedEye
from gen.app.src.eye_box import Box, Mask, blurred
from gen.app.src.eyeball.catchlight import Catchlight, catchlight_of
from gen.app.src.eyeball.grid import EyeGrid, Plane, drawing_grid, soft_step
from gen.app.src.eyeball.iris import IrisLook, pupil_radius
from gen.app.src.eyeball.light import SceneLight, estimate_light
from gen.app.src.eyeball.render import Eyeball, draw_eyeball
from gen.app.src.eyeball.sclera import sclera_colour
from gen.app.src.eyeball.shading import draw_lower_margin
from gen.app.src.eyeball.tone import PhotoTone
from gen.app.src.in_front.eye_cover import covered_eye
from gen.app.src.in_front.eyeglasses import GLASSES, Rims, find_rims
from gen.app.src.lids.closed_eye import ClosedEye
from gen.app.src.lids.lashes import light_past_lashes
from gen.app.src.lids.mascara import mascara_of
from gen.app.src.lids.motion import lift_lid
from gen.app.src.lids.placement import OpenEyePlan, plan_eyes
from gen.app.src.lids.socket_shade import corner_shade, fold_shade, lower_lid_shade, on_skin
from gen.app.src.refusals import hidden_by_turn, too_small
from gen.app.src.seen.catchlight import seen_catchlight
from gen.app.src.seen.expression import expected_openness, scrunched_openness
from gen.app.src.seen.iris_by_brows import as_light_as_brows
from gen.app.src.seen.iris_colour import IrisColour, shown_colour
from gen.app.src.seen.irises import with_seen_irises
from gen.app.src.seen.open_eyes import (
    iris_colour_of,
    open_side,
    seen_white_gain,
    seen_white_tint,
    skin_around,
)
from gen.app.src.seen.other_eye_iris import with_iris_of
from gen.app.src.seen.other_eye_tone import with_tones_of
from gen.app.src.strategy import EyeScene, Painting
from gen.app.src.transfer.texture_match import edge_blur
from imaging.colour import LUMINANCE, Image, luminance, to_encoded, to_linear

FloatArray = NDArray[np.float64]

_SHARPNESS_SHARE = 0.75
"""Blur of drawn parts relative to the photo's edge blur: 0.4 is too crisp in a face out of focus, 0.9 soft
in a sharp one, where lids and lashes are its sharpest edges."""
_CALM = 1.0
"""px; keeps grain and compression from passing for sharpness."""
_DARKEST_SKIN = 1e-4
"""Linear RGB; a black picture has no colour to take over."""
_LASH_BLACK = 0.03
"""Linear RGB of black lashes relative to the skin beside them."""


@dataclass(frozen=True)
class _Shared:
    """What both eyes have in common while they are painted."""

    light: SceneLight
    catchlight: Catchlight
    iris: IrisLook
    white_gain: float
    white_tint: FloatArray
    tone: PhotoTone | None
    blur: float
    seed: int
    rims: Rims


class LidLift:
    """The strategy; see `gen.app.src.strategy.Strategy`."""

    name = "lid_lift"

    def refuse(self, scene: EyeScene) -> str | None:
        reason = too_small(scene) or hidden_by_turn(scene)
        if reason:
            return reason
        linear = to_linear(scene.crop)
        covers = (covered_eye(linear, scene.mesh, side) for side in scene.sides)
        return next((cover for cover in covers if cover), None)

    def paint(self, scene: EyeScene) -> Painting:
        linear = to_linear(scene.crop)
        other = open_side(scene)
        if other is not None:
            scene = replace(scene, face=with_seen_irises(scene.face, [other]))
        gain = 1.0 if other is None else seen_white_gain(linear, scene.mesh, other)
        colour = as_light_as_brows(iris_colour_of(scene, linear, other, gain), linear, scene.mesh)
        shared = _shared(scene, linear, colour, gain, other)
        plans = plan_eyes(
            luminance(linear),
            scene.mesh,
            scene.sides,
            other,
            scene.params.openness,
            _expression(linear, scene.mesh, shared.rims),
        )
        pictures = {name: scene.crop.copy() for name in ("painted", "prepared", "base_output")}
        alpha = np.zeros(scene.crop.shape[:2], np.float32)
        eyes = []
        closed_eyes = [ClosedEye.of(linear, shared.rims, plan) for plan in plans.values()]
        mascara = mascara_of([closed.lashes.cover for closed in closed_eyes])
        for closed in closed_eyes:
            plan, eye = closed.plan, _paint_eye(shared, closed, mascara)
            region, taken = eye.box.slices, eye.alpha > 0
            for name, linear_view in eye.pictures.items():
                pictures[name][region][taken] = to_encoded(linear_view)[taken]
            alpha[region] = np.maximum(alpha[region], eye.alpha)
            eyes.append(_report(plan, colour, eye.white))
            if other is not None:
                _follow_other_eye(pictures["painted"], alpha, scene, linear, plan, other, colour)
        return Painting(pictures.pop("painted"), alpha, tuple(eyes), pictures)


def _follow_other_eye(
    painted: Image,
    alpha: Mask,
    scene: EyeScene,
    linear: Image,
    plan: OpenEyePlan,
    other: Side,
    colour: IrisColour,
) -> None:
    """Give the drawn eye in an encoded crop the tones of the open one, where there is paint."""

    def put(box: Box, linear_view: Image) -> None:
        taken = alpha[box.slices] > 0
        painted[box.slices][taken] = to_encoded(linear_view)[taken]

    mesh = scene.mesh
    put(*with_tones_of(to_linear(painted), linear, mesh, plan.side, plan.outline, other))
    if colour.source == "other_eye":
        put(*with_iris_of(to_linear(painted), linear, mesh, plan, other))


def _expression(linear: Image, mesh: FloatArray, rims: Rims) -> float:
    """How high the face's expression lets its eyes stand, of an ordinary one's."""
    scrunched = 1.0 if rims.evidence >= GLASSES else scrunched_openness(luminance(linear), mesh)
    return scrunched * expected_openness(mesh)


def _shared(scene: EyeScene, linear: Image, colour: IrisColour, gain: float, other: Side | None) -> _Shared:
    rng = np.random.default_rng(scene.seed)
    skin = np.mean([skin_around(linear, scene.mesh, side) for side in SIDES], axis=0)
    skin_level = float(skin @ LUMINANCE)
    light = estimate_light(linear, scene.mesh)
    catchlight = catchlight_of(light, skin_level, rng)
    if other is not None:
        catchlight = seen_catchlight(linear, scene.mesh, other, catchlight) or catchlight
    return _Shared(
        light=light,
        catchlight=catchlight,
        iris=IrisLook(colour.albedo, pupil_radius(skin_level, rng), beside_open=other is not None),
        white_gain=gain,
        white_tint=np.ones(3) if other is None else seen_white_tint(linear, scene.mesh, other),
        tone=PhotoTone(linear) if scene.greyscale or scene.sepia else None,
        blur=_SHARPNESS_SHARE * edge_blur(scene.crop, calm=_CALM),
        seed=scene.seed,
        rims=find_rims(scene.face),
    )


def _report(plan: OpenEyePlan, colour: IrisColour, white: FloatArray) -> PaintedEye:
    shown = to_encoded(shown_colour(colour.albedo, white).astype(np.float32))
    red, green, blue = (int(level) for level in np.round(shown * 255))
    return PaintedEye(plan.side, round(plan.aperture.height(), 3), colour.source, (red, green, blue))


@dataclass(frozen=True, eq=False)
class _PaintedEye:
    """One eye in its box of the crop.

    Attributes:
        pictures: linear RGB: "painted"; "prepared", the lids parted over bare skin; "base_output",
            with the eyeball, before the lashes.
        alpha: how far to take them, 0..1.
        white: linear RGB of its sclera.
    """

    box: Box
    pictures: dict[str, Image]
    alpha: Mask
    white: FloatArray


def _paint_eye(shared: _Shared, closed: ClosedEye, mascara: float) -> _PaintedEye:
    plan, grid, lashes = closed.plan, closed.grid, closed.lashes
    skin = _lid_skin(lashes.skin, grid, plan)
    white = sclera_colour(skin, shared.white_gain)
    parted = _lids_apart(closed, shared)
    with_eyeball = _with_eyeball(parted, shared, plan, grid.box, skin, white, lashes.contrast)
    rng = np.random.default_rng(_seed(shared, plan) + 1)
    passed = light_past_lashes(lashes, grid, plan.line, plan.aperture, mascara, shared.blur, rng)[..., None]
    painted = with_eyeball * passed + (_LASH_BLACK * skin) * (1 - passed)

    layers = {"prepared": parted, "base_output": with_eyeball, "painted": painted}
    in_front = closed.in_front[..., None]
    pictures = {
        name: np.asarray(layer * (1 - in_front) + closed.photo * in_front, np.float32)
        for name, layer in layers.items()
    }
    return _PaintedEye(grid.box, pictures, closed.paint_share(), white)


def _lids_apart(closed: ClosedEye, shared: _Shared) -> Plane:
    """The lids in their open places, with nothing between them yet but skin."""
    plan, grid, aperture = closed.plan, closed.grid, closed.plan.aperture
    coloured = shared.tone is None
    lifted = lift_lid(closed.lashes.lid, grid, plan.line, aperture, plan.ceiling)
    raised = lifted * on_skin(blurred(fold_shade(grid, aperture, plan.ceiling), shared.blur), coloured)
    middle = np.interp(grid.u, aperture.u, (aperture.upper + aperture.lower) / 2)
    upper = soft_step((middle - grid.v).astype(np.float32), 0.012)[..., None]
    lower = closed.lashes.skin * on_skin(lower_lid_shade(grid, aperture), coloured)
    parted = raised * upper + lower * (1 - upper)
    return parted * on_skin(corner_shade(grid, aperture, closed.corner_darkness), coloured)


def _with_eyeball(
    base: Plane,
    shared: _Shared,
    plan: OpenEyePlan,
    box: Box,
    skin: FloatArray,
    white: FloatArray,
    contrast: float,
) -> Plane:
    """Eyeball and lower lid margin over the parted lids."""
    grid = drawing_grid(plan.axes, box)
    eyeball = Eyeball(
        plan.axes,
        plan.globe,
        plan.aperture,
        shared.iris,
        shared.catchlight,
        shared.light,
        skin,
        white * shared.white_tint,
        white,
        _seed(shared, plan),
    )
    eye, cover = draw_eyeball(eyeball, grid)
    rim, rim_cover = draw_lower_margin(grid, plan.aperture, skin, shared.light, contrast)
    if shared.tone:
        eye, rim = shared.tone(eye), shared.tone(rim)
    return _over(_over(base, grid, eye, cover, shared.blur), grid, rim, rim_cover, shared.blur)


def _seed(shared: _Shared, plan: OpenEyePlan) -> int:
    """Both eyes differ in their fibres and lashes."""
    return 4 * shared.seed + 2 * SIDES.index(plan.side)


def _over(under: Plane, grid: EyeGrid, colour: Plane, cover: Plane, blur: float) -> Plane:
    """A drawn layer over a picture at crop pixels, as sharp as the photo."""
    alpha = blurred(np.asarray(grid.down(cover), np.float32), blur)[..., None]
    return under * (1 - alpha) + blurred(np.asarray(grid.down(colour * cover[..., None]), np.float32), blur)


def _lid_skin(clean: Plane, grid: EyeGrid, plan: OpenEyePlan) -> FloatArray:
    """Linear RGB of the skin around the opening, lashes left out."""
    line = np.interp(grid.u, plan.aperture.u, plan.line)
    lid = (grid.v < line - 0.10) & (grid.v > plan.ceiling)
    cheek = (grid.v > line + 0.10) & (grid.v < 0.45)
    skin = np.median(clean[(np.abs(grid.u) < 0.55) & (lid | cheek)], axis=0)
    return np.maximum(skin, _DARKEST_SKIN).astype(float)
