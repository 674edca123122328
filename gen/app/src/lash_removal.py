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
from imaging.colour import luminance

_SEARCHED, _ORDINARY, _SHORTEST = 0.42, 0.14, 0.07
"""Hanging lashes are looked for down to here, reach so far where it cannot be seen, and at least so far
below the closed line, eye widths."""
_FADED = 0.08
"""Mean darkness, relative to the skin below, at which lashes are taken to end."""
_TIPS = 0.12
"""Tips of the longest lashes reach this far beyond the mean reach, eye widths."""
_OUTER_END, _INNER_END, _HAIR_FROM = -0.98, 0.52, -0.92
"""u between which lashes are erased, and u beyond which something dark is hair or make-up."""
_BESIDE = -0.56
"""u from which on lashes stand out beside the eye."""
_OUTER_LONGER = 0.06
"""How much farther lashes hang at the outer corner than in the middle, eye widths."""
_LASH_CLUSTER = 0.13
"""Lashes stick together in clusters up to this wide, eye widths."""
_ENVELOPE = 0.14
"""Scale of the skin's upper envelope, from which lashes stand out as dark, eye widths."""
_THRESHOLD_SHARE, _THRESHOLD_LIMITS = 0.36, (0.09, 0.30)
"""A pixel counts as lash from this share of the lash line's own darkness: shading beside black lashes
is spared, and fair lashes are found."""
_RAISED_CONTRAST, _CONTRAST_LIMITS = 1.25, (0.30, 0.92)
"""Lash roots lie denser in the view of an open eye than of a closed one."""
_FAINTEST = 0.045
"""Relative darkness that still counts right beside a lash: its blurred rim."""
_SHADE_REACH, _SHADE_LIMITS = 0.05, (0.55, 1.0)
"""How far the shade below erased lashes is carried on into them, eye widths, and its relative limits: it
may darken the skin, never brighten it."""
_DETAIL_FROM = 0.30
"""Fine skin structure for erased places is borrowed from this far below, eye widths."""
_DETAIL_LIMITS = (0.12, 0.60)
"""Least and greatest relative amplitude of it: smooth skin .. a coarse scan."""


@dataclass(frozen=True)
class LashField:
    """Hanging lashes and what is behind them.

    Attributes:
        skin: the box without lashes, linear RGB (height, width, 3).
        transmission: share of the skin's light that the lashes let through, 0..1, (height, width).
        contrast: how dark the lash line of the open eye is, 0 invisible .. 1 black.
    """

    skin: Plane
    transmission: Plane
    contrast: float


def erase_lashes(picture: Plane, grid: EyeGrid, line: FloatArray, line_u: FloatArray) -> LashField:
    """Take the closed line and the lashes that hang from it off the skin below.

    Only what is much darker than the skin around is replaced, by the low-pass of that skin times
    fine structure from farther below: skin between and beside the lashes stays the photo's own.

    Args:
        picture: the box, linear RGB (height, width, 3).
        grid: of the box, one sample per pixel.
        line: v of the closed line at `line_u`.
    """
    u, width = grid.u, grid.axes.width
    below = (grid.v - np.interp(u, line_u, line)).astype(np.float32)
    level = luminance(picture)
    # Outer lashes are the longest.
    reach = _lash_reach(picture, below, u, width) + _OUTER_LONGER * soft_step(-0.12 - u, 0.15)

    skin = _skin_behind(picture, below, u, reach, width)
    steady = blurred(level, max(0.4, 0.008 * width))  # grain is no lash
    darkness = np.clip(1.0 - steady / np.maximum(luminance(skin), 1e-4), 0.0, 0.97).astype(np.float32)
    on_line = (np.abs(below) < 0.03) & (np.abs(u) < 0.38)
    peak = float(np.quantile(darkness[on_line], 0.85)) if on_line.any() else 0.4
    threshold = float(np.clip(_THRESHOLD_SHARE * peak, *_THRESHOLD_LIMITS))
    threshold = max(threshold, 2.5 * _roughness(steady, skin, below, u))

    dense = soft_step(below + 0.05, 0.02) * soft_step(reach + 0.02 - below, 0.03)
    dense = dense * soft_step(u + 0.60, 0.12) * soft_step(_INNER_END - u, 0.08)
    # Below the dense part only thin things are lashes; broad darkness there is the socket's own shading.
    thin = _thin_darkness(steady, width)
    tips = soft_step(below + 0.02, 0.03) * soft_step(reach + _TIPS - below, 0.05)
    tips = tips * np.maximum(
        soft_step(thin - 0.4 * threshold, 0.25 * threshold), soft_step(reach - below, 0.03)
    )
    tips = tips * soft_step(u - _OUTER_END, 0.12) * soft_step(_INNER_END - u, 0.08)
    lash = soft_step(darkness - threshold, 0.45 * threshold)
    lash = lash * _lashes_beside(lash * tips > 0.5, u, width)
    rim = _dilated(lash * tips, 0.045 * width) * soft_step(darkness - _FAINTEST, _FAINTEST)
    opacity = np.maximum(lash, rim) * np.maximum(dense, tips)
    opacity = np.maximum(opacity, soft_step(0.012 - np.abs(below), 0.012) * dense)
    opacity = _grown_a_little(opacity, width)[..., None]

    fill = skin * _borrowed_detail(level, _roughness(level, skin, below, u), width)[..., None]
    fill = fill * _shade_around(level, skin, opacity[..., 0], below, width)[..., None]
    erased = picture * (1.0 - opacity) + fill * opacity
    transmission = 1.0 - darkness * np.maximum(dense, tips * lash)
    seen = float(darkness[on_line].mean()) if on_line.any() else 0.0
    contrast = float(np.clip(_RAISED_CONTRAST * seen, *_CONTRAST_LIMITS))
    return LashField(erased.astype(np.float32), transmission.astype(np.float32), contrast)


def _skin_behind(picture: Plane, below: Plane, u: Plane, reach: Plane, width: float) -> Plane:
    """Low-pass of the skin below the lashes and beside the eye, without what is darker than the rest."""
    lower_skin = soft_step(below - 0.03, 0.015) * soft_step(0.60 - below, 0.05)
    # Among the lashes there is little skin, and make-up shines there.
    lower_skin = lower_skin * np.where(below < 0.8 * reach, 0.003, 1.0).astype(np.float32)
    weight = np.maximum(lower_skin, soft_step(-0.56 - u, 0.03))
    level = luminance(picture)
    envelope = level
    for _ in range(3):
        envelope = luminance(_normalised_blur(picture, weight, _ENVELOPE * width))
        weight = weight * soft_step(level / np.maximum(envelope, 1e-4) - 0.80, 0.10)
    return _normalised_blur(picture, weight, 0.06 * width)


def _shade_around(level: Plane, skin: Plane, opacity: Plane, below: Plane, width: float) -> Plane:
    """Shade that stays right below erased places, carried on into them: no light strip with an edge."""
    kept = (1.0 - opacity) ** 4 * soft_step(below - 0.02, 0.02) * soft_step(0.60 - below, 0.05)
    ratio = level / np.maximum(luminance(skin), 1e-4)
    shade = _normalised_blur(ratio[..., None].repeat(3, axis=2), kept, _SHADE_REACH * width)[..., 0]
    return np.asarray(np.clip(shade, *_SHADE_LIMITS), np.float32)


def _thin_darkness(level: Plane, width: float) -> Plane:
    """Relative darkness of structures narrower than a few lashes."""
    size = 2 * round(_LASH_CLUSTER * width / 2) + 1
    closed = cv2.morphologyEx(
        level, cv2.MORPH_CLOSE, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
    )
    return 1.0 - level / np.maximum(closed, 1e-4)


def _roughness(steady: Plane, skin: Plane, below: Plane, u: Plane) -> float:
    """Relative standard deviation of the skin's texture well below the lashes."""
    skin_level = luminance(skin)
    plain = (below > 0.30) & (below < 0.50) & (np.abs(u) < 0.45)
    if not plain.any():
        return 0.0
    relative = (steady / np.maximum(skin_level, 1e-4))[plain]
    return 1.4826 * float(np.median(np.abs(relative - np.median(relative))))


def _lashes_beside(dark: NDArray[np.bool_], u: Plane, width: float) -> Plane:
    """1; beside the eye 0 where the dark is none of its lashes.

    What does not reach up to the corner is a wrinkle or a frame; what goes on beyond `_HAIR_FROM` is hair
    or shadow, and then nothing beside the eye is touched.
    """
    joined = _dilated(dark.astype(np.uint8), 0.012 * width)
    _, labels = cv2.connectedComponents(joined)
    at_eye = np.isin(labels, np.unique(labels[(u > _BESIDE) & (joined > 0)]))
    _, labels = cv2.connectedComponents((dark & (u < _BESIDE)).astype(np.uint8))
    goes_on = bool(((u < _HAIR_FROM) & (labels > 0) & at_eye).any())
    beside = soft_step(_BESIDE + 0.04 - u, 0.10)
    return np.asarray(1.0 - beside if goes_on else 1.0 - beside * ~at_eye, np.float32)


def _lash_reach(picture: Plane, below: Plane, u: Plane, width: float) -> float:
    """Depth below the closed line at which the mean darkness of the lashes has faded, eye widths."""
    far = soft_step(below - 0.26, 0.04) * soft_step(0.54 - below, 0.05)
    reference = luminance(_normalised_blur(picture, far, 0.12 * width))
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
    return blurred(_dilated(opacity, 0.010 * width), max(0.5, 0.010 * width))


def _dilated(mask: Plane, radius: float) -> Plane:
    size = 2 * round(radius) + 1
    return np.asarray(cv2.dilate(mask, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))))


def _normalised_blur(picture: Plane, weight: Plane, sigma: float) -> Plane:
    """Gaussian mean of the weighted pixels only; reaches farther where there are none."""
    weighted = np.dstack([picture * weight[..., None], weight]).astype(np.float32)
    total = np.zeros_like(weighted)
    for scale, share in ((1.0, 1.0), (3.0, 1e-2), (9.0, 1e-4)):
        total += share * _wide_blur(weighted, max(0.6, sigma * scale))
    return total[..., :3] / np.maximum(total[..., 3:], 1e-9)


def _wide_blur(picture: NDArray[np.float32], sigma: float) -> NDArray[np.float32]:
    """Gaussian blur, done on a smaller picture where sigma allows it."""
    height, width = picture.shape[:2]
    factor = min(sigma / 3.0, min(height, width) / 8.0)
    if factor < 2.0:
        return blurred(picture, sigma)
    size = (max(1, round(width / factor)), max(1, round(height / factor)))
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    small = blurred(np.asarray(small, np.float32), sigma / factor)
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)


def _borrowed_detail(level: Plane, roughness: float, width: float) -> Plane:
    """Fine structure of the skin farther below, as a factor around 1; nothing coarser than is usual there."""
    most = float(np.clip(3.0 * roughness, *_DETAIL_LIMITS))
    detail = level / np.maximum(cv2.GaussianBlur(level, (0, 0), max(0.8, 0.035 * width)), 1e-3)
    shift = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, -_DETAIL_FROM * width]])
    moved = cv2.warpAffine(
        detail, shift, detail.shape[::-1], flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT
    )
    return np.asarray(np.clip(moved, 1.0 - most, 1.0 + most), np.float32)
