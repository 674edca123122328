"""What an open eye of the same person tells about the one to be opened: its light and its colour."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from contracts.face import SIDES, Side
from gen.app.src.eye_box import blurred
from gen.app.src.eyeball.sclera import sclera_colour, seen_white, white_gain, white_tint
from gen.app.src.sampling import sampled
from gen.app.src.seen.iris_colour import IrisColour, choose_iris_colour, measured_albedo
from gen.app.src.strategy import EyeScene, FaceView
from imaging import eye_mesh
from imaging.colour import Image, to_linear

FloatArray = NDArray[np.float64]


def open_side(scene: EyeScene) -> Side | None:
    """The eye that is open already and stays as it is."""
    rest = [side for side in SIDES if side not in scene.sides]
    return next((side for side in rest if scene.document.eye(side).state == "open"), None)


def iris_colour_of(scene: EyeScene, linear: Image, other: Side | None, gain: float) -> IrisColour:
    """The iris colour for a scene.

    Args:
        linear: the scene's crop in linear light. other: its open eye. gain: of its sclera.

    Raises:
        StageError: BAD_REQUEST where a colour asked for is unknown.
    """
    own = None if other is None else _measured(linear, scene.mesh, other, gain)
    return choose_iris_colour(scene.params, own, _donor_albedo(scene.donor))


def _donor_albedo(donor: FaceView | None) -> FloatArray | None:
    """Albedo of the donor's first iris that can be measured."""
    if donor is None:
        return None
    linear = to_linear(donor.crop)
    for side in SIDES:
        if donor.document.eye(side).state == "open":
            albedo = _measured(linear, donor.mesh, side, seen_white_gain(linear, donor.mesh, side))
            if albedo is not None:
                return albedo
    return None


def _measured(linear: Image, mesh: FloatArray, side: Side, gain: float) -> FloatArray | None:
    return measured_albedo(linear, mesh, side, sclera_colour(skin_around(linear, mesh, side), gain))


def seen_white_gain(linear: Image, mesh: FloatArray, side: Side) -> float:
    """How this face's sclera differs from the ordinary, where an open eye shows it."""
    seen = seen_white(linear, mesh, side)
    return 1.0 if seen is None else white_gain(seen, skin_around(linear, mesh, side))


def seen_white_tint(linear: Image, mesh: FloatArray, side: Side) -> FloatArray:
    """Per channel, how the tint of this face's sclera differs from the ordinary; 1 where none is seen."""
    seen = seen_white(linear, mesh, side)
    return np.ones(3) if seen is None else white_tint(seen, skin_around(linear, mesh, side))


def skin_around(linear: Image, mesh: FloatArray, side: Side) -> FloatArray:
    """Linear RGB of the skin on the rings around an eye, median over their points."""
    region = eye_mesh.eye_region(mesh, side)[:, :2].astype(np.float32)
    rings = np.concatenate([region[eye_mesh.FIRST_RING], region[eye_mesh.SECOND_RING]])
    smooth = blurred(linear, 0.03 * eye_mesh.eye_width(mesh, side))
    seen = sampled(smooth, rings)
    return np.asarray(np.median(seen.reshape(-1, 3), axis=0), float)
