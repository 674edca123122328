"""The skin behind lashes: its tone, its fine structure, and the veil that lashes lay over the skin around.

Works in a box of the crop, in linear light. `u`, `below` (v below the closed line) and all lengths are
in eye widths, `width` is the eye's in px; frame as in `lash_removal`.
"""

from __future__ import annotations

import cv2
import numpy as np

from gen.app.src.eye_box import blurred, grown
from gen.app.src.eyeball.grid import Plane, soft_step
from gen.app.src.smoothing import reaching_blur
from imaging.colour import luminance

_ENVELOPE, _TONE = 0.14, 0.06
"""Scale of the skin's upper envelope, from which lashes stand out as dark, and of its tone, eye widths."""
_LASH, _REST = 0.80, 0.60
"""What is darker than this share of the skin around is a lash; where lashes are known, a rest of one."""
_BESIDE = 0.56
"""|u| from which on skin beside the eye tells its tone, too."""
_HALO, _VEIL = 0.035, 0.10
"""Eye widths around lashes in which blur and compression mix them into the skin, and in which their shadow
and the tips that are not seen singly darken it."""
_VEIL_WEIGHT = 0.1
"""How much veiled skin counts for the tone, against skin farther off."""
_THICKEST_VEIL = 2.0
"""Greatest gain of a channel under the veil: what is darker still has an edge of its own."""
_SHADE_REACH, _SHADE_LIMITS = 0.12, (0.55, 1.0)
"""How far the shade beside erased lashes is carried on into them, eye widths, and its relative limits: it
may darken the skin, never brighten it."""
_DETAIL_FROM = (0.30, 0.45)
"""Fine structure for erased places is borrowed from this far below, eye widths; from the second distance
where lashes hang down to the first."""
_DETAIL_LIMITS = (0.12, 0.60)
"""Least and greatest relative amplitude of it: smooth skin .. a coarse scan."""


def skin_tone(picture: Plane, below: Plane, u: Plane, reach: Plane, width: float) -> Plane:
    """Low-pass of the skin below the lashes and beside the eye, without what is darker than the rest.

    Args:
        picture: the box, linear RGB (height, width, 3).
        reach: how far the lashes hang down.
    """
    # Among the lashes there is little skin, and make-up shines there.
    lower_skin = _lower_skin(below - 0.01) * np.where(below < 0.8 * reach, 0.003, 1.0).astype(np.float32)
    weight = np.maximum(lower_skin, soft_step(-_BESIDE - u, 0.03))
    return reaching_blur(picture, _without_dark(picture, weight, width, _LASH, 3), _TONE * width)


def roughness(level: Plane, tone: Plane, below: Plane, u: Plane) -> float:
    """Relative standard deviation of the skin's texture well below the lashes."""
    plain = (below > 0.30) & (below < 0.50) & (np.abs(u) < 0.45)
    if not plain.any():
        return 0.0
    relative = (level / np.maximum(luminance(tone), 1e-4))[plain]
    return 1.4826 * float(np.median(np.abs(relative - np.median(relative))))


def with_skin_for(picture: Plane, opacity: Plane, below: Plane, u: Plane, width: float) -> Plane:
    """The box with skin in place of lashes, and without their veil on the skin around.

    Args:
        picture: the box, linear RGB (height, width, 3).
        opacity: of the lashes, 0..1, (height, width).
    """
    veil = blurred(grown(opacity, 0.6 * _VEIL * width), 0.4 * _VEIL * width)
    touched = grown(opacity, _HALO * width)
    tone = _tone_around(picture, touched, veil, below, u, width)
    tone = tone * _shade_around(picture, tone, opacity, veil, below, u, width)[..., None]
    rough = roughness(luminance(picture), tone, below, u)
    fill = tone * _borrowed_detail(picture, touched, rough, width)
    bared = _without_veil(picture, tone, opacity, veil, below, u, width)
    return np.asarray(bared + (fill - bared) * opacity[..., None], np.float32)


def _tone_around(picture: Plane, touched: Plane, veil: Plane, below: Plane, u: Plane, width: float) -> Plane:
    """Low-pass of the skin just outside of lashes; above the line only of that beside the eye.

    Shades that go on beyond the veil count as they are, those of the nose above all.

    Args:
        touched: the lashes and their halo, 0..1.
    """
    clean = (1.0 - blurred(touched, 0.5 * _HALO * width)) ** 2 * (1.0 - (1.0 - _VEIL_WEIGHT) * veil)
    beside = soft_step(np.abs(u) - 0.48, 0.04) * soft_step(below + 0.30, 0.05)
    weight = np.asarray(clean * np.maximum(_lower_skin(below), beside), np.float32)
    weight = np.maximum(_without_dark(picture, weight, width, _REST, 1), weight * (u > 0.4))
    return reaching_blur(picture, weight, _TONE * width)


def _shade_around(
    picture: Plane, tone: Plane, opacity: Plane, veil: Plane, below: Plane, u: Plane, width: float
) -> Plane:
    """Shade that lies on the skin right below lashes, carried on into them: no light strip with an edge."""
    relative = luminance(picture) / np.maximum(luminance(tone), 1e-4)
    kept = (1.0 - opacity) ** 4 * veil * _lower_skin(below) * soft_step(0.50 - np.abs(u), 0.05)
    kept = np.asarray(kept * soft_step(relative - _REST, 0.10), np.float32)
    shade = reaching_blur(relative[..., None], kept, _SHADE_REACH * width)[..., 0]
    middle = soft_step(_BESIDE - np.abs(u), 0.12)
    return np.asarray(1.0 + (np.clip(shade, *_SHADE_LIMITS) - 1.0) * middle, np.float32)


def _without_veil(
    picture: Plane, tone: Plane, opacity: Plane, veil: Plane, below: Plane, u: Plane, width: float
) -> Plane:
    """The skin around lashes, as light as `tone` right beside them, as in the picture farther off.

    Only its low-pass is raised: freckles, wrinkles and pores keep their contrast.
    """
    seen = reaching_blur(picture, (1.0 - opacity) ** 2, 0.5 * _TONE * width)
    missing = luminance(tone) / np.maximum(luminance(seen), 1e-4)
    not_the_lid = np.maximum(soft_step(below + 0.02, 0.02), soft_step(np.abs(u) - 0.52, 0.02))
    amount = veil * soft_step(missing - 1.02, 0.02) * not_the_lid
    gain = np.clip(tone / np.maximum(seen, 1e-4), 1.0 / _THICKEST_VEIL, _THICKEST_VEIL)
    return np.asarray(picture * gain ** amount[..., None], np.float32)


def _borrowed_detail(picture: Plane, touched: Plane, rough: float, width: float) -> Plane:
    """Fine structure and grain of the skin farther below, as factors around 1, (height, width, 3).

    Nothing coarser than is usual there, and no lashes that hang down so far.

    Args:
        touched: the lashes and their halo, 0..1.
        rough: see `roughness`.
    """
    most = float(np.clip(3.0 * rough, *_DETAIL_LIMITS))
    detail = picture / np.maximum(blurred(picture, max(0.8, 0.035 * width)), 1e-3)
    detail = np.dstack([np.clip(detail, 1.0 - most, 1.0 + most) - 1.0, 1.0 - touched])
    near, far = (_from_below(detail, distance * width) for distance in _DETAIL_FROM)
    seen = near[..., 3:]
    return np.asarray(1.0 + near[..., :3] * seen + far[..., :3] * far[..., 3:] * (1.0 - seen), np.float32)


def _from_below(picture: Plane, distance: float) -> Plane:
    shift = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, -distance]])
    size = (picture.shape[1], picture.shape[0])
    return np.asarray(cv2.warpAffine(picture, shift, size, borderMode=cv2.BORDER_REFLECT), np.float32)


def _lower_skin(below: Plane) -> Plane:
    """1 from the closed line down to the cheek."""
    return np.asarray(soft_step(below - 0.02, 0.02) * soft_step(0.60 - below, 0.05), np.float32)


def _without_dark(picture: Plane, weight: Plane, width: float, least: float, rounds: int) -> Plane:
    """`weight`, less what is darker than the share `least` of the skin, which each round tells better."""
    level = luminance(picture)
    for _ in range(rounds):
        envelope = reaching_blur(level[..., None], weight, _ENVELOPE * width)[..., 0]
        weight = weight * soft_step(level / np.maximum(envelope, 1e-4) - least, 0.10)
    return weight
