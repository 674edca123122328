"""Reasons not to paint, shared by the strategies. Each check answers a clause in plain words, or None."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from contracts.crop import CropDocument
from contracts.face import SIDES, Side
from gen.app.src.eye_box import blurred
from gen.app.src.in_front.eye_cover import covered_eye
from gen.app.src.open_shape import brow_room
from gen.app.src.strategy import EyeScene, FaceView
from imaging import eye_mesh
from imaging.colour import luminance, to_linear
from imaging.gaze import iris_position

FloatArray = NDArray[np.float64]

SMALLEST_EYE = 10.0
"""px in the photo; in a narrower eye the iris has less than 4 px and nothing can be painted that looks."""
HIDDEN_YAW = 40.0
"""Degrees; further round, the nose hides the inner corner of the far eye."""
FAR_EYE_SHARE = 0.45
"""The far eye of such a face is seen at less than this share of the near one's width."""

LEAST_BROW_ROOM = 0.4
"""Of the skin between lid and brow in the source; squeezed further it looks pasted over the brow."""
_SIDE_LIGHT = 2.5
"""Ratio of the skin's luminance beside both eyes from which light and shade are modelled differently."""
_BELOW_EYE = np.r_[33:40, 55:60]
"""Points of an eye region on the cheek: lower half of the second ring and of the third."""
_CROSSED, _DIVERGED = -0.20, 0.30
"""Right minus left iris position; open eyes of the labelled photos lie within -0.11..0.19."""
_SIDEWAYS = 0.27
"""Mean iris position off the middle; the farthest labelled look aside has 0.22."""


def too_small(scene: EyeScene) -> str | None:
    """An eye to open is too narrow in the photo, whatever the crop was enlarged to."""
    widths = [eye_mesh.eye_width(scene.mesh, side) / scene.document.scale for side in scene.sides]
    if min(widths) < SMALLEST_EYE:
        return f"the eye is only {min(widths):.0f} px wide, {SMALLEST_EYE:.0f} are needed"
    return None


def hidden_by_turn(scene: EyeScene) -> str | None:
    """The head is turned so far that an eye to open is hidden behind the nose."""
    widths = {side: eye_mesh.eye_width(scene.mesh, side) for side in SIDES}
    far: Side = "left" if widths["left"] < widths["right"] else "right"
    share = min(widths.values()) / max(widths.values())
    if far in scene.sides and (share < FAR_EYE_SHARE or abs(scene.document.pose.yaw) > HIDDEN_YAW):
        return f"the head is turned by {abs(scene.document.pose.yaw):.0f} degrees, the {far} eye is hidden"
    return None


def covered(scene: EyeScene) -> str | None:
    """Sunglasses or a reflection hide the lids of an eye to open."""
    linear = to_linear(scene.crop)
    return next((why for side in scene.sides if (why := covered_eye(linear, scene.mesh, side))), None)


def turned_apart(a: CropDocument, b: CropDocument, limit: float) -> str | None:
    """Donor and target look in directions more than `limit` degrees of yaw apart."""
    apart = abs(a.pose.yaw - b.pose.yaw)
    return f"the donor's head is turned by {apart:.0f} degrees against this one" if apart > limit else None


def unusable_gaze(face: FaceView, whose: str) -> str | None:
    """The irises of open eyes do not look the same way, or far aside."""
    left, right = (iris_position(face.mesh, side) for side in SIDES)
    if right - left < _CROSSED:
        return f"{whose} eyes are crossed"
    if right - left > _DIVERGED:
        return f"{whose} eyes look in different directions"
    if abs((left + right) / 2 - 0.5) > _SIDEWAYS:
        return f"{whose} eyes look far aside"
    return None


def not_open(face: FaceView, sides: Sequence[Side], whose: str) -> str | None:
    """One of the eyes that are to be copied is not known to be open."""
    for side in sides:
        state = face.document.eye(side).state
        if state != "open":
            return f"{whose} {side} eye is {state if state == 'closed' else 'not clearly open'}"
    return None


def low_brow(source: FloatArray, scene: EyeScene, whose: str) -> str | None:
    """The brow is drawn down so far that the source's open eye does not fit below it.

    Args:
        source: mesh (478, 3) with the open eyes.
    """
    room = min(brow_room(source, scene.mesh, side) for side in scene.sides)
    return f"the brow is too low for {whose}" if room < LEAST_BROW_ROOM else None


def hard_side_light(scene: EyeScene) -> str | None:
    """One half of the face lies in light, the other in shade: a mirrored eye would bring its light along."""
    levels = {side: _skin_level(scene.face, side) for side in SIDES}
    ratio = max(levels.values()) / max(min(levels.values()), 1e-3)
    if ratio > _SIDE_LIGHT:
        return f"one half of the face is {ratio:.1f} times as bright as the other"
    return None


def _skin_level(face: FaceView, side: Side) -> float:
    """Median linear luminance of the skin on the cheek side of an eye's second and third ring."""
    region = eye_mesh.eye_region(face.mesh, side)
    points = region[_BELOW_EYE, :2].astype(np.float32)
    size = np.array(face.crop.shape[1::-1]) - 1
    x, y = np.clip(points, 0, size).round().astype(int).T
    near = blurred(luminance(to_linear(face.crop)), 0.06 * eye_mesh.eye_width(face.mesh, side))
    return float(np.median(near[y, x]))
