"""Taking the closed line and the lashes that hang from it off the skin below.

Works in a box of the crop, in linear light, in the eye's own frame (`anatomy.EyeAxes`: u from the
outer to the inner corner, v down, in eye widths).
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from gen.app.src.eye_box import blurred
from gen.app.src.eyeball.grid import EyeGrid, FloatArray, Plane, soft_step
from gen.app.src.lids.lash_parts import Liner, hanging
from gen.app.src.lids.skin_behind import roughness, skin_tone, with_skin_for
from gen.app.src.smoothing import reaching_blur
from imaging.colour import luminance

_SEARCHED, _ORDINARY, _SHORTEST = 0.42, 0.14, 0.07
"""Hanging lashes are looked for down to here, reach so far where it cannot be seen, and at least so far
below the closed line, eye widths."""
_FADED = 0.08
"""Mean darkness, relative to the skin below, at which lashes are taken to end."""
_TIPS = 0.12
"""Tips of the longest lashes reach this far beyond the mean reach, eye widths."""
_OUTER_END, _INNER_END = -0.98, 0.60
"""u between which lashes are erased."""
_BROAD_OUTER, _BROAD_INNER = -0.60, 0.52
"""u between which broad darkness at the line is lashes; beyond, it is the corner's and the nose's shade."""
_OUTER_LONGER = 0.06
"""How much farther lashes hang at the outer corner than in the middle, eye widths."""
_LASH_CLUSTER, _GAP = 0.13, 0.03
"""Lashes stick together in clusters up to this wide, and what is seen through gaps up to this wide is
tinted by them, eye widths."""
_HAIR = 0.07
"""Hairs and small tufts are narrower along the line, eye widths."""
_THRESHOLD_SHARE, _THRESHOLD_LIMITS = 0.36, (0.09, 0.30)
"""A pixel counts as lash from this share of the lash line's own darkness: shading beside black lashes
is spared, and fair lashes are found."""
_LINER, _AS_DARK, _LEAST_DARK = 0.25, (0.6, 0.8), 0.30
"""Thin things count as liner from this darkness on, broad ones where they are as dark as these shares of
the lash line, and not fairer than the last: eye shadow merges into liner, the darkest part of it does not."""
_WING_KEPT = 0.55
"""A wing that goes on is cut from the closed line at this distance from the middle, eye widths."""
_FAIR_SHARE, _FAIR_ENDS = 0.4, (-0.62, 0.46)
"""Hair that hangs from the line counts as lash from this share of the threshold on, and between these u."""
_RAISED_CONTRAST, _CONTRAST_LIMITS = 1.25, (0.30, 0.92)
"""Lash roots lie denser in the view of an open eye than of a closed one."""
_LINE_LIMITS = (0.5, 0.9)
"""Darkness of a line below which it is no measure for what hangs from it, and above which it is liner, that
is blacker than lashes."""
_FAINTEST, _RIM = 0.045, 0.045
"""Relative darkness that still counts right beside a lash, as its blurred rim, and how near that is."""
_LINER_RIM, _GROWN = 0.018, 0.016
"""Rims of liner and of everything, eye widths."""


@dataclass(frozen=True)
class LashField:
    """Hanging lashes and what is behind them.

    Attributes:
        lid: the box with its closed line, without what the line goes on as beside the corners unless it
            is the lid's own to carry along, linear RGB (height, width, 3).
        skin: the box without lashes and closed line, linear RGB (height, width, 3).
        transmission: share of the skin's light that the lashes let through, 0..1, (height, width).
        contrast: how dark the lash line of the open eye is, 0 invisible .. 1 black.
        cover: depth of the skin below the closed line that lashes would hide if they were as dense as that
            line; mean over the eye's width, eye widths. Too small where the picture ends beside the eye.
    """

    lid: Plane
    skin: Plane
    transmission: Plane
    contrast: float
    cover: float


def erase_lashes(picture: Plane, grid: EyeGrid, line: FloatArray, line_u: FloatArray) -> LashField:
    """Take the closed line, its liner and the lashes that hang from it off the skin.

    Only what is much darker than the skin around and hangs together with the line is replaced, by that
    skin's low-pass times fine structure from farther below; beside it the darkness that lashes lay over
    the skin fades out. Skin between and beside the lashes stays the photo's own.

    Args:
        picture: the box, linear RGB (height, width, 3).
        grid: of the box, one sample per pixel.
        line: v of the closed line at `line_u`.
    """
    u, width = grid.u, grid.axes.width
    below = (grid.v - np.interp(u, line_u, line)).astype(np.float32)
    # Outer lashes are the longest.
    reach = _lash_reach(picture, below, u, width) + _OUTER_LONGER * soft_step(-0.12 - u, 0.15)
    dark = _Darkness.of(picture, below, u, reach, width)

    dense, tips = _zones(dark, below, u, reach)
    lash = dark.over_threshold() * np.maximum(dense, tips)
    lash = np.maximum(lash, _fair_lashes(dark, below, u, reach))
    kept, goes_on = hanging(lash > 0.5, below, u, reach, width)
    lined, wing = _liner(dark, below, u, width)
    lash = np.maximum(lash * kept, lined)
    opacity = np.maximum(lash, _rim(dark, lash, width) * np.maximum(dense, tips))
    opacity = np.maximum(opacity, soft_step(0.012 - np.abs(below), 0.012) * dense)
    opacity = _grown_a_little(_closed(opacity, _GAP * width), width)

    skin = with_skin_for(picture, opacity, below, u, width)
    # Hair, shade and wings that go on beside the outer corner stay, and follow the lid.
    beside = soft_step((u if goes_on or wing else np.abs(u)) - 0.48, 0.04)[..., None]
    lid = picture + (skin - picture) * beside
    transmission = 1.0 - dark.relative * np.maximum(dense, lash)
    contrast = float(np.clip(_RAISED_CONTRAST * dark.mean, *_CONTRAST_LIMITS))
    hanging_below = transmission[(below > 0) & (np.abs(u) < 0.5)]
    cover = float(_density(hanging_below, dark.peak).sum()) * grid.pixel**2
    return LashField(lid.astype(np.float32), skin, transmission.astype(np.float32), contrast, cover)


def _density(transmission: Plane, peak: float) -> Plane:
    """Optical density relative to the line's, 0..1: shade is thin beside lashes.

    Args:
        transmission: share of light that is let through, above 0.
        peak: share of light that is missing at the line.
    """
    line = np.log(1.0 - np.clip(peak, *_LINE_LIMITS))
    return np.asarray(np.minimum(np.log(transmission) / line, 1.0), np.float32)


@dataclass(frozen=True)
class _Darkness:
    """How dark the box is.

    Attributes:
        relative: share of light that is missing against the skin behind, 0..0.97, (height, width).
        thin: the same against what is around, of structures narrower than a few lashes.
        upright: the same of structures narrower than a few hairs along the line: lashes, but no wrinkles.
        peak, mean: `relative` of the closed line, its dark part and all of it.
        threshold: `relative` from which on a pixel is lash.
    """

    relative: Plane
    thin: Plane
    upright: Plane
    peak: float
    mean: float
    threshold: float

    @classmethod
    def of(cls, picture: Plane, below: Plane, u: Plane, reach: Plane, width: float) -> _Darkness:
        skin = skin_tone(picture, below, u, reach, width)
        steady = blurred(luminance(picture), max(0.4, 0.008 * width))  # grain is no lash
        relative = np.clip(1.0 - steady / np.maximum(luminance(skin), 1e-4), 0.0, 0.97).astype(np.float32)
        thin = 1.0 - steady / np.maximum(_closed(steady, _LASH_CLUSTER * width / 2), 1e-4)
        size = 2 * round(_HAIR * width / 2) + 1  # crops are upright, so lines run along rows
        across = cv2.morphologyEx(steady, cv2.MORPH_CLOSE, np.ones((1, size), np.uint8))
        upright = np.asarray(1.0 - steady / np.maximum(across, 1e-4), np.float32)
        on_line = relative[(np.abs(below) < 0.03) & (np.abs(u) < 0.38)]
        peak = float(np.quantile(on_line, 0.85)) if on_line.size else 0.4
        mean = float(on_line.mean()) if on_line.size else 0.0
        threshold = float(np.clip(_THRESHOLD_SHARE * peak, *_THRESHOLD_LIMITS))
        threshold = max(threshold, 2.5 * roughness(steady, skin, below, u))
        return cls(relative, thin, upright, peak, mean, threshold)

    def over_threshold(self) -> Plane:
        """0 where the darkness is well below the threshold .. 1 well above."""
        return soft_step(self.relative - self.threshold, 0.45 * self.threshold)


def _zones(dark: _Darkness, below: Plane, u: Plane, reach: Plane) -> tuple[Plane, Plane]:
    """Where everything dark is lash, and where thin dark things are their tips, 0..1."""
    dense = soft_step(below + 0.05, 0.02) * soft_step(reach + 0.02 - below, 0.03)
    dense = dense * soft_step(u - _BROAD_OUTER, 0.12) * soft_step(_BROAD_INNER - u, 0.08)
    # Below the dense part only thin things are lashes; broad darkness there is the socket's own shading.
    thin = soft_step(dark.thin - 0.4 * dark.threshold, 0.25 * dark.threshold)
    tips = np.maximum(thin, soft_step(reach - below, 0.03))
    tips = tips * soft_step(below + 0.02, 0.03) * soft_step(reach + _TIPS - below, 0.05)
    tips = tips * soft_step(u - _OUTER_END, 0.12) * soft_step(_INNER_END - u, 0.04)
    return dense, np.asarray(tips, np.float32)


def _fair_lashes(dark: _Darkness, below: Plane, u: Plane, reach: Plane) -> Plane:
    """Opacity of lashes that are fainter than the line they hang from: lit, fair, or few."""
    faint = np.minimum(dark.upright, dark.relative)  # skin between shining grains is dark beside them only
    hair = soft_step(faint - _FAIR_SHARE * dark.threshold, 0.15 * dark.threshold)
    hair = hair * soft_step(below + 0.02, 0.03) * soft_step(reach + _TIPS - below, 0.05)
    outer, inner = _FAIR_ENDS
    return np.asarray(hair * soft_step(u - outer, 0.06) * soft_step(inner - u, 0.04), np.float32)


def _liner(dark: _Darkness, below: Plane, u: Plane, width: float) -> tuple[Plane, bool]:
    """Opacity of what the line goes on as beside its corners, and whether that is a long wing."""
    thin = dark.thin > max(dark.threshold, _LINER)
    broad = [dark.relative > max(share * dark.peak, _LEAST_DARK) for share in _AS_DARK]
    ends = np.any([Liner.of(kind, below, u, width).ends for kind in (thin, *broad)], axis=0)
    lined = _dilated(ends.astype(np.float32), _LINER_RIM * width)
    wing = Liner.of(thin & broad[0], below, u, width).wing
    return (lined * soft_step(u + _WING_KEPT, 0.04) if wing else lined), wing


def _rim(dark: _Darkness, lash: Plane, width: float) -> Plane:
    """Opacity of the blurred rims of lashes."""
    return np.asarray(
        _dilated(lash, _RIM * width) * soft_step(dark.relative - _FAINTEST, _FAINTEST), np.float32
    )


def _lash_reach(picture: Plane, below: Plane, u: Plane, width: float) -> float:
    """Depth below the closed line at which the mean darkness of the lashes has faded, eye widths."""
    far = soft_step(below - 0.26, 0.04) * soft_step(0.54 - below, 0.05)
    reference = luminance(reaching_blur(picture, far, 0.12 * width))
    darkness = 1.0 - luminance(picture) / np.maximum(reference, 1e-4)
    middle = np.abs(u) < 0.38
    starts = np.arange(0.02, _SEARCHED, 0.02)
    slices = [darkness[middle & (below >= a) & (below < a + 0.02)] for a in starts]
    profile = np.array([float(part.mean()) if part.size else 0.0 for part in slices])
    faded = np.flatnonzero(profile < max(_FADED, 0.36 * float(profile.max())))
    # Darkness that does not fade at all is a shadow or a lens, and says nothing about lashes.
    return float(np.clip(float(starts[faded[0]]) + 0.01, _SHORTEST, _SEARCHED)) if faded.size else _ORDINARY


def _grown_a_little(opacity: Plane, width: float) -> Plane:
    """Covers the blurred rims of lashes, softly."""
    return blurred(_dilated(opacity, _GROWN * width), max(0.5, 0.010 * width))


def _dilated(mask: Plane, radius: float) -> Plane:
    return np.asarray(cv2.dilate(mask, _round_element(radius)))


def _closed(plane: Plane, radius: float) -> Plane:
    """Dark structures up to a radius in px filled from around."""
    return np.asarray(cv2.morphologyEx(plane, cv2.MORPH_CLOSE, _round_element(radius)))


def _round_element(radius: float) -> NDArray[np.uint8]:
    size = 2 * round(radius) + 1
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size)), np.uint8)
