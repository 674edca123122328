"""Bringing a donor's eye into the light of the target.

In linear light: the luminance follows the target's skin around the eye, smoothly; the colour by one
gain for the whole eye. A local gain for each channel would leave coloured halos, and the skin inside
the region tells nothing: a closed lid catches light where an open one lies in its own shadow.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gen.app.src.eye_box import Mask, blurred
from gen.app.src.smoothing import normalised_blur, weighted_mean
from imaging.colour import LUMINANCE, Image, luminance

_SPREAD = 0.22
"""Sigma of the luminance gain, eye widths."""
_GAIN_LIMITS = (0.3, 3.0)
_CHROMA_LIMITS = (0.5, 2.0)
_FLOOR = 0.004
"""Linear luminance below which a ratio says nothing."""
_DETAIL = 0.05
"""Sigma of the blur under which both skins are compared, eye widths: pores and hairs do not count."""
_OUTLIER_MADS, _LEAST_TOLERANCE = 2.5, 0.25
"""What differs by more from the median log ratio is not skin in both: hair, frames, glare, background."""


@dataclass(frozen=True)
class EyeballShare:
    """How far what lies between the lids follows the skin's light: powers of the skin's gains.

    Attributes:
        brighter, darker: of a luminance gain above and below 1.
        chroma: of the colour gain.
    """

    brighter: float
    darker: float
    chroma: float


OTHER_PHOTO = EyeballShare(brighter=0.7, darker=1.0, chroma=0.8)
"""Sclera saturates long before skin does; most of what differs between two photos of one skin is the light,
but a flush or make-up is the skin's own and must not tint the sclera."""
SAME_PHOTO = EyeballShare(brighter=0.5, darker=0.5, chroma=0.5)
"""In 40 labelled faces with both eyes open, the luminance of the two scleras differs by the ratio of the skin
beside them to the power 0.5: errors of 0.29 on average, 0.36 with power 1."""


def common_skin(source: Image, target: Image, skin: Mask, width: float) -> Mask:
    """`skin` less what does not look alike in both pictures up to a smooth gain."""
    present, wanted = (luminance(blurred(p, _DETAIL * width)) for p in (source, target))
    ratio = np.log((wanted + _FLOOR) / (present + _FLOOR))
    chosen = ratio[skin > 0.5]
    if chosen.size == 0:
        return skin
    middle = np.median(chosen)
    spread = 1.4826 * float(np.median(np.abs(chosen - middle)))
    tolerance = max(_OUTLIER_MADS * spread, _LEAST_TOLERANCE)
    return np.asarray(skin * (np.abs(ratio - middle) < tolerance), np.float32)


def relit(
    source: Image, target: Image, skin: Mask, aperture: Mask, width: float, eyeball: EyeballShare
) -> Image:
    """`source` in the light of `target`, linear RGB, both (h, w, 3) and aligned.

    Args:
        skin: where both show bare skin around the eye, 0..1.
        aperture: between the open lids, 0..1.
        width: of the eye, px.
        eyeball: how far the eyeball follows the skin.
    """
    skin = common_skin(source, target, skin, width)
    sigma = _SPREAD * width
    wanted = normalised_blur(luminance(target), skin, sigma)
    present = normalised_blur(luminance(source), skin, sigma)
    gain = np.clip((wanted + _FLOOR) / (present + _FLOOR), *_GAIN_LIMITS)
    between = np.where(gain > 1, gain**eyeball.brighter, gain**eyeball.darker)
    gain = (gain + (between - gain) * aperture)[..., None]
    chroma = chroma_gain(source, target, skin)
    inside = aperture[..., None]
    return np.asarray(source * gain * (chroma + (chroma**eyeball.chroma - chroma) * inside), np.float32)


def chroma_gain(source: Image, target: Image, skin: Mask) -> NDArray[np.float32]:
    """Gain for each channel that takes the source's mean skin colour to the target's, luminance kept."""
    gain = _chromaticity(target, skin) / _chromaticity(source, skin)
    return np.asarray(np.clip(gain, *_CHROMA_LIMITS), np.float32)


def _chromaticity(picture: Image, skin: Mask) -> NDArray[np.float32]:
    mean = weighted_mean(picture, skin)
    return np.asarray((mean + _FLOOR) / (mean @ LUMINANCE + _FLOOR), np.float32)
