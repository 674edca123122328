"""Which colour the iris gets: asked for, the person's own where it can be seen, else a default."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from contracts.error_codes import ErrorCode, StageError
from contracts.exit_codes import ExitCode
from contracts.face import Side
from contracts.gen import GenItemParams
from gen.app.src.eyeball.iris import REFERENCE_WHITE
from imaging import eye_mesh
from imaging.colour import LUMINANCE, Image, to_linear

FloatArray = NDArray[np.float64]

# Mean linear RGB of irises under white light that shows the sclera at REFERENCE_WHITE. Order and ratios
# follow measured open eyes (iris to sclera 0.06-0.12 for brown, 0.25-0.35 for blue and grey; red to green
# and to blue of 25 brown ones 1.45 and 2.1, medians).
ALBEDO = {
    "dark": (0.046, 0.026, 0.016),
    "brown": (0.082, 0.057, 0.038),
    "amber": (0.185, 0.100, 0.034),
    "hazel": (0.148, 0.112, 0.050),
    "green": (0.104, 0.116, 0.070),
    "blue": (0.100, 0.142, 0.196),
    "grey": (0.146, 0.158, 0.170),
}
FALLBACK = "dark"
_SYNONYMS = {
    "gray": "grey",
    "dark brown": "dark",
    "dark_brown": "dark",
    "black": "dark",
    "light brown": "hazel",
}

_LUMINANCE_LIMITS = (0.012, 0.19)
"""Darkest and lightest mean albedo of an iris; beyond these a measurement hit a highlight or the pupil."""
_SHOWN_SHARE = 0.70
"""Mean light on a drawn iris relative to the sclera's open parts: lids and limbal ring take the rest."""
_TYPICAL_WHITE = 0.33
"""Linear luminance of a sclera in a well exposed photo, for colours that come without their scene."""
_VIOLET = 0.9
"""Of red and of blue: no iris has less green than both; coated lenses reflect such a colour."""
_DARKNESS_WEIGHT = 0.25
"""Of the squared difference in log luminance beside those of the channels' ratios: light and shade on an eye
change its luminance by half, and hardly its hue."""
_ENOUGH_PIXELS, _LEAST_PIXELS = 14, 7


@dataclass(frozen=True)
class IrisColour:
    """albedo: mean linear RGB relative to REFERENCE_WHITE; source: as in `contracts.gen.PaintedEye`."""

    albedo: FloatArray
    source: str


def choose_iris_colour(
    params: GenItemParams, other_eye: FloatArray | None, donor: FloatArray | None
) -> IrisColour:
    """The colour by precedence: asked for, other eye, donor, prompt, default, dark brown.

    Args:
        other_eye, donor: albedos measured with `measured_albedo`, None where there is nothing to measure.

    Raises:
        StageError: BAD_REQUEST where a colour's name is unknown.
    """
    if params.eye_colour:
        return IrisColour(albedo_named(params.eye_colour), "eye_colour")
    if other_eye is not None:
        return IrisColour(other_eye, "other_eye")
    if donor is not None:
        return IrisColour(donor, "donor")
    if params.prompt_colour:
        return IrisColour(albedo_named(params.prompt_colour), "prompt")
    return IrisColour(albedo_named(params.default_colour or FALLBACK), "default")


def albedo_named(colour: str) -> FloatArray:
    """Albedo of a colour's name or of "#rrggbb", the mean colour as a well exposed photo shows it."""
    name = colour.strip().lower()
    name = _SYNONYMS.get(name, name)
    if name in ALBEDO:
        return np.array(ALBEDO[name])
    if re.fullmatch(r"#[0-9a-f]{6}", name):
        encoded = np.array([[[int(name[k : k + 2], 16) / 255 for k in (1, 3, 5)]]], np.float32)
        return _albedo_of_shown(to_linear(encoded)[0, 0].astype(float), _TYPICAL_WHITE * np.ones(3))
    raise StageError(
        ErrorCode.BAD_REQUEST,
        f"unknown eye colour {colour!r}",
        f'use "#rrggbb" or one of {", ".join(ALBEDO)}',
        ExitCode.USAGE,
    )


def nearest_name(albedo: FloatArray) -> str:
    """The colour of `ALBEDO` that looks most like this one: hue counts more than how dark it is."""
    return min(ALBEDO, key=lambda name: _unlikeness(albedo, np.array(ALBEDO[name])))


def _unlikeness(one: FloatArray, other: FloatArray) -> float:
    ratio = np.log(one / other)
    hue = ratio - ratio[1]
    return float(hue @ hue + _DARKNESS_WEIGHT * np.log((one @ LUMINANCE) / (other @ LUMINANCE)) ** 2)


def measured_albedo(linear: Image, mesh: FloatArray, side: Side, white: FloatArray) -> FloatArray | None:
    """Albedo of an iris that is seen, None where too little of it is, or a reflection instead.

    Args:
        linear: crop in linear light. mesh: (478, 3) in its frame.
        white: linear RGB of the sclera in the light of this eye.
    """
    iris = mesh[list(eye_mesh.IRIS[side]), :2]
    radius = float(np.linalg.norm(iris[1:] - iris[0], axis=1).mean())
    region = eye_mesh.eye_region(mesh, side)[:, :2]
    shown = seen_iris(
        linear, iris[0], radius, region[list(eye_mesh.UPPER_MARGIN)], region[list(eye_mesh.LOWER_MARGIN)]
    )
    if shown is None:
        return None
    albedo = _albedo_of_shown(shown, white)
    red, green, blue = albedo
    return None if green < _VIOLET * min(red, blue) else albedo


def seen_iris(
    linear: Image, centre: FloatArray, radius: float, upper: FloatArray, lower: FloatArray
) -> FloatArray | None:
    """Mean linear RGB that an iris shows, without pupil, limbus, highlights and lid shadow.

    Args:
        linear: crop in linear light.
        centre: (x, y), crop px. radius: px.
        upper, lower: the lids' margins, (n, 2), crop px.

    Returns:
        None where too little of it is seen.
    """
    if radius < 2.0:
        return None
    height, width = linear.shape[:2]
    x1, y1 = (max(0, int(k)) for k in np.floor(centre - radius))
    x2, y2 = int(min(width, centre[0] + radius + 2)), int(min(height, centre[1] + radius + 2))
    if x2 <= x1 or y2 <= y1:
        return None
    y, x = np.mgrid[y1:y2, x1:x2]
    distance = np.hypot(x - centre[0], y - centre[1]) / radius
    above, below = _height_at(upper, x), _height_at(lower, x)
    inside = (y > above) & (y < below)
    # Below the shadow of the upper lid and above the lower lid's, beside the pupil, inside the limbal ring.
    lit = (y > above + 0.30 * radius) & (y < below - 0.10 * radius)
    seen = (distance > 0.42) & (distance < 0.85) & lit
    if seen.sum() < _ENOUGH_PIXELS:  # a small eye: what there is
        seen = (distance > 0.30) & (distance < 0.90) & inside
    if seen.sum() < _LEAST_PIXELS:
        return None
    pixels = linear[y1:y2, x1:x2][seen].astype(float)
    level = pixels @ LUMINANCE
    middle = pixels[(level >= np.quantile(level, 0.15)) & (level <= np.quantile(level, 0.75))]
    return np.asarray(np.median(middle, axis=0))


def shown_colour(albedo: FloatArray, white: FloatArray) -> FloatArray:
    """Mean linear RGB at which an iris of this albedo is drawn beside a sclera of this linear RGB."""
    return albedo * white / REFERENCE_WHITE * _SHOWN_SHARE


def _albedo_of_shown(shown: FloatArray, white: FloatArray) -> FloatArray:
    albedo = np.maximum(shown, 1e-4) * REFERENCE_WHITE / (np.maximum(white, 1e-3) * _SHOWN_SHARE)
    level = float(albedo @ LUMINANCE)
    return albedo * (float(np.clip(level, *_LUMINANCE_LIMITS)) / level)


def _height_at(curve: FloatArray, x: NDArray[np.int_]) -> FloatArray:
    """y of a polyline at x; the crop is upright, so a lid margin is a function of x."""
    order = np.argsort(curve[:, 0])
    return np.asarray(np.interp(x, curve[order, 0], curve[order, 1]))
