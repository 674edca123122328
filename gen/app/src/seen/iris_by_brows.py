"""How light and how brown an iris may be that nothing shows: dark brows go with dark irises, fair ones with
light irises, which are often grey or blue.

Pigment of hair and iris is inherited together (Sulem et al., "Genetic determinants of hair, eye and skin
pigmentation in Europeans", 2007).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from contracts.face import SIDES, Side
from gen.app.src.eye_box import blurred
from gen.app.src.eyeball.anatomy import eye_axes
from gen.app.src.sampling import sampled
from gen.app.src.seen.iris_colour import IrisColour
from gen.app.src.seen.open_eyes import skin_around
from imaging import eye_mesh
from imaging.colour import LUMINANCE, Image, luminance

FloatArray = NDArray[np.float64]

# Least squares of the logarithm of measured albedo on the brows' darkness over 30 people with open eyes:
# correlation -0.77; people left out of the fit are met with an error of 0.66, by the mean of all with 1.00.
_OF_BARE_BROWS, _PER_DARKNESS = -1.95, -1.16
_DARKEST_BROW = 2.0
_LIMITS = (0.030, 0.130)
"""Luminance albedo: dark brown .. where brown turns to hazel."""
_HUE_OF_BARE_BROWS, _WHOLE_HUE_FROM = 0.5, 1.2
"""Share of the default's hue that an iris by bare brows keeps, as an exponent of its channels' ratios, and
the darkness of brows from which on it keeps all of it. By darkness below 0.7 the logarithm of red to green is
0.23 on average (7 people, three with grey or blue irises), above 1 it is 0.68 (11 people, one)."""
_LOWER = 0.08
"""Eye widths by which the hair of brows lies below the mesh's points."""
_QUANTILE = 0.25
"""Of the luminance in a brow's outline: the hair, without the skin between."""
_CALM = 0.04
"""Blur of single hairs, eye widths."""
_ALONG, _ACROSS = 25, 9
"""Samples of a brow."""
_DARKEST_LEVEL = 1e-3


def as_light_as_brows(colour: IrisColour, linear: Image, mesh: FloatArray) -> IrisColour:
    """The default colour as light, and as grey, as irises beside such brows are on average; others unchanged.

    Args:
        linear: crop in linear light. mesh: (478, 3) in its frame.
    """
    if colour.source != "default":
        return colour
    darkness = float(np.mean([brow_darkness(linear, mesh, side) for side in SIDES]))
    expected = np.exp(_OF_BARE_BROWS + _PER_DARKNESS * np.clip(darkness, 0.0, _DARKEST_BROW))
    kept = float(np.interp(darkness, (0.0, _WHOLE_HUE_FROM), (_HUE_OF_BARE_BROWS, 1.0)))
    hue = colour.albedo**kept
    level = float(hue @ LUMINANCE)
    return replace(colour, albedo=hue * (float(np.clip(expected, *_LIMITS)) / level))


def brow_darkness(linear: Image, mesh: FloatArray, side: Side) -> float:
    """Natural logarithm of the luminance of the skin around an eye over that of its brow's hair."""
    axes = eye_axes(mesh, side)
    brow = axes.to_eye(eye_mesh.eye_region(mesh, side)[list(eye_mesh.BROW), :2]) + np.array([0.0, _LOWER])
    edge = len(eye_mesh.BROW_EDGE)
    ends, along = np.linspace(0, 1, edge), np.linspace(0, 1, _ALONG)
    lower, upper = (
        np.stack([np.interp(along, ends, points[:, k]) for k in (0, 1)], axis=-1)
        for points in (brow[:edge], brow[edge:][::-1])
    )
    share = np.linspace(0, 1, _ACROSS)[:, None, None]
    at = axes.to_crop(upper + (lower - upper) * share)
    calm = blurred(luminance(linear), max(_CALM * axes.width, 0.4))
    seen = sampled(calm, at)
    skin = max(float(skin_around(linear, mesh, side) @ LUMINANCE), _DARKEST_LEVEL)
    return float(np.log(skin / max(float(np.quantile(seen, _QUANTILE)), _DARKEST_LEVEL)))
