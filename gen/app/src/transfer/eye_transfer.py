"""Carrying open eyes, lids and all, from one crop into another: warp, relight, match, blend.

The donor strategy takes them from another photo, the mirror strategy from the flipped crop itself.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from contracts.face import Side
from gen.app.src.eye_box import Box, Mask, blurred, box_around, convex_hull, grown, polygon_mask
from gen.app.src.eyeball.tone import PhotoTone
from gen.app.src.in_front.eyeglasses import GLASSES, NO_RIMS, Rims
from gen.app.src.in_front.foreground import behind
from gen.app.src.open_shape import OpenEye, open_eye_of, with_openness
from gen.app.src.strategy import FaceView
from gen.app.src.transfer.bare_eye import BareEye
from gen.app.src.transfer.masks import TransferMasks, transfer_masks
from gen.app.src.transfer.pyramid_blend import levels_for, pyramid_blend
from gen.app.src.transfer.relight import OTHER_PHOTO, EyeballShare, relit
from gen.app.src.transfer.texture_match import face_blur, softening
from gen.app.src.transfer.warp import backward_map, sample
from imaging import eye_mesh
from imaging.colour import Image, to_encoded, to_linear

FloatArray = NDArray[np.float64]

# Lengths in eye widths.
_BOX_MARGIN = 0.35
_SMOOTHING = 1e-3
_EYE_ROOM = 0.08
_LID_EDGE = 0.02
"""Thickness of the lid's rim, which moves with the lid."""
_UNCERTAINTY = 1.25
"""Blurs of equally sharp photos of one face are measured up to this factor apart."""
_READ_MARGIN = 0.6
_FACE_MARGIN = 0.03
"""Of the width that is read: the mesh's outline is that uncertain."""
_SHRINKING_BLUR = 0.45
"""Sigma, in target px, of the blur before a source is scaled down."""


@dataclass(frozen=True)
class Transfer:
    """One eye carried over, in `box` of the target's crop.

    Attributes:
        painted: after everything, sRGB-encoded.
        alpha: how far to take it.
        prepared: warped only.
        relit: in the target's light, as sharp as it came.
    """

    box: Box
    painted: Image
    alpha: Mask
    prepared: Image
    relit: Image


def transfer_eye(
    target: FaceView,
    source: FaceView,
    side: Side,
    shape: OpenEye,
    openness: float = 1.0,
    tone: PhotoTone | None = None,
    rims: Rims = NO_RIMS,
    source_rims: Rims = NO_RIMS,
    eyeball: EyeballShare = OTHER_PHOTO,
) -> Transfer:
    """The open eye of `source` on the closed one of `target`, both of the same side.

    Args:
        shape: where the source's eye lies in the target; see `open_shapes`.
        openness: below 1 the lids come closer, above 1 they part.
        tone: colours of a photo without colours of its own.
        rims: glasses of the target; they stay as they are, in front of the paint.
        source_rims: glasses of the source; they are left behind.
        eyeball: how far its light follows the skin's.
    """
    closed = eye_mesh.eye_region(target.mesh, side)
    width = shape.width
    opened = with_openness(shape, openness)
    outline = np.vstack([opened.region[:, :2], closed[:, :2]])
    box = box_around(outline, _BOX_MARGIN * width, target.crop.shape[:2])
    picture = target.crop[box.slices]

    warp = _Warp.of(source, side, shape, opened, box, source_rims)
    bare = BareEye.of(target.mesh, side, picture, box)
    glasses = max(rims.evidence, source_rims.evidence) >= GLASSES
    masks = transfer_masks(opened, closed, bare.line, target.mesh, box, warp.face(), glasses)
    soft = _softening(target, source, warp.scale)
    warped = warp.picture(0.0)
    light = _in_light(warped, picture, masks, width, tone, eyeball)
    matched = _in_light(warp.picture(soft), picture, masks, width, tone, eyeball) if soft else light
    under = bare.skin + (matched - bare.skin) * masks.core[..., None]
    painted = pyramid_blend(under, matched, masks.paste, levels_for(width))
    # A line as close as that to the open eye is a crease that was taken for a rim.
    in_front = rims.in_box(side, box) * (1 - blurred(grown(masks.aperture, _EYE_ROOM * width), 1.0))
    painted += (picture - painted) * in_front[..., None]
    alpha = np.maximum(masks.alpha, bare.changed)
    return Transfer(box, np.clip(painted, 0, 1), alpha, warped, light)


def _softening(target: FaceView, source: FaceView, scale: float) -> float:
    """Sigma, in source px, that makes the source as soft as the target; 0 where it already is."""
    wanted, present = face_blur(target) / scale, face_blur(source)
    return softening(wanted / _UNCERTAINTY, present)


@dataclass(frozen=True)
class _Warp:
    """How the box sees the source.

    Attributes:
        near: the part of the source that is read.
        read: the pixels of `near`, without glasses.
        lids, eyeball: coordinates in `near` for every pixel of the box; the eyeball's where it is seen.
        between: where the eyeball is seen, 0..1, None where it goes with the lids.
        scale: target px per source px.
    """

    source: FaceView
    near: Box
    read: Image
    lids: NDArray[np.float32]
    eyeball: NDArray[np.float32]
    between: Mask | None
    scale: float

    @classmethod
    def of(cls, source: FaceView, side: Side, shape: OpenEye, opened: OpenEye, box: Box, rims: Rims) -> _Warp:
        eye = open_eye_of(source.mesh, side)
        near = box_around(eye.region, _READ_MARGIN * eye.width, source.crop.shape[:2])
        points = eye.region[:, :2] - near.origin
        lids = backward_map(opened.region[:, :2], points, box, shape.width, _SMOOTHING)
        eyeball, between = lids, None
        if opened.aspect_ratio < shape.aspect_ratio:
            eyeball = backward_map(shape.region[:, :2], points, box, shape.width, _SMOOTHING)
            # Lids that come closer cover the eyeball, they do not squeeze it.
            aperture = polygon_mask(opened.region[list(eye_mesh.POLYGON)], box)
            edge = _LID_EDGE * shape.width
            between = blurred(grown(aperture, -edge), edge)
        read = behind(source.crop[near.slices], rims.in_box(side, near), eye.width)
        return cls(source, near, read, lids, eyeball, between, shape.width / eye.width)

    def picture(self, blur: float) -> Image:
        """The source's eye, sRGB-encoded. blur: sigma in source px before it is warped."""
        shrinking = _SHRINKING_BLUR / self.scale if self.scale < 0.8 else 0.0
        read = blurred(self.read, float(np.hypot(blur, shrinking)))
        warped = sample(read, self.lids)
        if self.between is None:
            return warped
        eyeball = sample(read, self.eyeball)
        return np.asarray(warped + (eyeball - warped) * self.between[..., None], np.float32)

    def face(self) -> Mask:
        """Where the source shows its own face and not what lies behind it."""
        hull = convex_hull(self.source.mesh[: eye_mesh.IRIS["left"][0]])
        margin = _FACE_MARGIN * self.near.shape[1]
        return np.clip(
            sample(blurred(grown(polygon_mask(hull, self.near), -margin), margin), self.lids), 0, 1
        )


def _in_light(
    warped: Image,
    picture: Image,
    masks: TransferMasks,
    width: float,
    tone: PhotoTone | None,
    eyeball: EyeballShare,
) -> Image:
    linear = relit(to_linear(warped), to_linear(picture), masks.skin, masks.aperture, width, eyeball)
    return to_encoded(tone(linear) if tone else linear)
