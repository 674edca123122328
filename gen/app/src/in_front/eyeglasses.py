"""Rims of glasses, seen as thin lines that run most of the way around an eye.

Creases, brows and lashes are thin too, but they cover an arc; a rim comes around. Sees sharp dark or
bright rims of glasses; blurred, rimless, pale and very small ones it misses.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from contracts.face import SIDES, Side
from gen.app.src.eye_box import Box, Mask, blurred, box_around, grown, polygon_mask
from gen.app.src.eyeball.anatomy import EyeAxes, eye_axes
from gen.app.src.strategy import FaceView
from imaging import eye_mesh
from imaging.colour import luminance, to_linear

FloatArray = NDArray[np.float64]

GLASSES = 0.5
"""Evidence from which a face counts as wearing glasses."""

_WIDTH = 80.0
"""px; eyes are looked at in this size."""
_THICKEST = 0.085
"""Wider structures are no rims, eye widths."""
_STRONG, _WEAK = 0.16, 0.10
"""Least contrast to the skin beside it, relative, in square-root light: of a fifth of a rim, of all of it."""
_STRONG_SHARE = 0.2
_NOISE = 3.0
"""Least contrast over the median contrast of the picture."""
_LID_MARGIN = 0.13
"""Eye widths around the lids in which lines are lashes and creases."""
_HALO = 2
"""px of the working size by which rims are grown: they cast thin shadows and blur."""
_REACH = np.array([[-0.9, -0.75], [0.9, 0.75]])
"""Corners of what is looked at, eye coordinates."""
_NEAREST, _FARTHEST = 0.28, 1.15
"""Distance of a rim from the eye's middle, eye widths."""
_SECTORS = 36
_PART = 0.2
"""Coverage from which a line belongs to glasses that were recognised by another line."""
_PIECE = 0.12
"""The same on a side without a whole rim, where lashes or a reflection break it."""


@dataclass(frozen=True)
class Rims:
    """Rims around both eyes.

    Attributes:
        evidence: share of the directions from the eye in which one line is met, 0..1, of the better eye.
        masks: side -> box in the crop and opacity of the rims in it; empty without glasses.
    """

    evidence: float
    masks: dict[Side, tuple[Box, Mask]]

    def in_box(self, side: Side, box: Box) -> Mask:
        """Opacity of one side's rims in another box of the same crop."""
        result = np.zeros(box.shape, np.float32)
        if side not in self.masks:
            return result
        own, mask = self.masks[side]
        common = Box(max(own.x1, box.x1), max(own.y1, box.y1), min(own.x2, box.x2), min(own.y2, box.y2))
        if common.x1 < common.x2 and common.y1 < common.y2:
            result[_within(common, box)] = mask[_within(common, own)]
        return result


NO_RIMS = Rims(0.0, {})


def find_rims(face: FaceView) -> Rims:
    """The rims of a face's glasses."""
    lines = {side: _lines(face, side) for side in SIDES}
    evidence = max((coverage for _, found in lines.values() for coverage, _ in found), default=0.0)
    masks: dict[Side, tuple[Box, Mask]] = {}
    if evidence >= GLASSES:
        for side, (box, found) in lines.items():
            whole = max((coverage for coverage, _ in found), default=0.0) >= GLASSES
            parts = [part for coverage, part in found if coverage >= (_PART if whole else _PIECE)]
            if parts:
                masks[side] = (box, _opacity(np.any(parts, axis=0), box))
    return Rims(round(evidence, 3), masks)


def _lines(face: FaceView, side: Side) -> tuple[Box, list[tuple[float, NDArray[np.bool_]]]]:
    """Thin connected lines around an eye, each with its coverage of directions, at the working size."""
    axes = eye_axes(face.mesh, side)
    region = eye_mesh.eye_region(face.mesh, side)
    outline = np.vstack([region[: eye_mesh.THIRD_RING.start, :2], axes.to_crop(_REACH)])
    box = box_around(outline, 0.1 * axes.width, face.crop.shape[:2])
    factor = _WIDTH / axes.width
    size = (max(1, round(box.shape[1] * factor)), max(1, round(box.shape[0] * factor)))
    interpolation = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    picture = np.asarray(cv2.resize(face.crop[box.slices], size, interpolation=interpolation), np.float32)
    contrast = _line_contrast(picture)
    lids = polygon_mask(region[list(eye_mesh.POLYGON)], box)
    lids = np.asarray(cv2.resize(grown(lids, _LID_MARGIN * axes.width), size), np.float32)
    candidates = (contrast > max(_WEAK, _NOISE * float(np.median(contrast)))) & (lids < 0.5)
    sector, distance = _directions(axes, box, size)
    near = (distance > _NEAREST) & (distance < _FARTHEST)
    count, labels = cv2.connectedComponents(candidates.astype(np.uint8))
    found = []
    for label in range(1, count):
        part = labels == label
        if (contrast[part] > _STRONG).mean() >= _STRONG_SHARE:
            found.append((len(np.unique(sector[part & near])) / _SECTORS, part))
    return box, found


def _line_contrast(picture: NDArray[np.float32]) -> NDArray[np.float32]:
    """How far thin dark or bright structures differ from what is beside them, relative."""
    level = np.sqrt(luminance(to_linear(blurred(picture, 0.8))))
    size = 2 * round(_THICKEST * _WIDTH / 2) + 1
    element = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
    dark = cv2.morphologyEx(level, cv2.MORPH_BLACKHAT, element)
    bright = cv2.morphologyEx(level, cv2.MORPH_TOPHAT, element)
    beside = cv2.medianBlur(np.round(level * 255).astype(np.uint8), size) / np.float32(255)
    return np.asarray(np.maximum(dark, bright) / np.maximum(beside, 0.1), np.float32)


def _directions(axes: EyeAxes, box: Box, size: tuple[int, int]) -> tuple[NDArray[np.int_], FloatArray]:
    """Sector and distance in eye widths, as seen from the eye's middle, of every working pixel."""
    x = box.x1 + (np.arange(size[0]) + 0.5) * box.shape[1] / size[0] - 0.5
    y = box.y1 + (np.arange(size[1]) + 0.5) * box.shape[0] / size[1] - 0.5
    u, v = np.moveaxis(axes.to_eye(np.stack(np.meshgrid(x, y), axis=-1)), -1, 0)
    turn = (np.arctan2(v, u) / (2 * np.pi)) % 1.0
    return np.minimum((turn * _SECTORS).astype(int), _SECTORS - 1), np.hypot(u, v)


def _opacity(part: NDArray[np.bool_], box: Box) -> Mask:
    """The lines at crop size, a little grown, with a soft edge."""
    wide = grown(part.astype(np.float32), _HALO)
    mask = cv2.resize(wide, (box.shape[1], box.shape[0]), interpolation=cv2.INTER_LINEAR)
    return np.clip(blurred(np.asarray(mask, np.float32), 0.6), 0, 1)


def _within(part: Box, whole: Box) -> tuple[slice, slice]:
    moved = Box(part.x1 - whole.x1, part.y1 - whole.y1, part.x2 - whole.x1, part.y2 - whole.y1)
    return moved.slices
