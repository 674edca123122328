"""Sunglasses that nobody wore, drawn on faces: of which tint, how dark and how bright is known.

A lens is a plane before the eye that follows the head. It lets a share of the light through, coloured, and
throws light of its own surroundings back; both are added in linear light, as in the camera.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from contracts.face import SIDES, Side
from face.app.src.head_pose import head_axes
from imaging.colour import Image, luminance, to_encoded, to_linear
from imaging.eye_mesh import INNER_CORNER, OUTER_CORNER, eye_region

Picture = NDArray[np.uint8]
FloatArray = NDArray[np.float64]
Reflection = Literal["none", "sky", "windows", "mirror"]

OUTLINES = {"round": (0.37, 0.36, 2.0), "square": (0.43, 0.33, 4.0), "large": (0.46, 0.45, 2.6)}
"""Half width and half height in inter-ocular distances, exponent of the superellipse: lenses of 46 to 58 mm
before eyes 63 mm apart."""
LENS_LOW, LENS_OUT, LENS_BEFORE = 0.05, 0.05, 0.2
"""Where the lens sits from the middle of the eye, in inter-ocular distances: down, away from the nose, and
towards the viewer."""
RIM = 0.045
"""Inter-ocular distances."""
GLASS = 0.01
"""Of the light of the surroundings that every lens throws back."""
FINE = 4
"""Fractional bits of drawn points."""
CHEEKS = (50, 280, 205, 425)


@dataclass(frozen=True)
class Sunglasses:
    """One pair.

    Attributes:
        tint: of what comes through, linear RGB, the largest 1.
        rim: its linear RGB, None for lenses without one.
        fading: how many times as much light comes through at the lower edge as in the middle, and in the
            middle as at the upper edge.
    """

    name: str
    outline: str
    tint: tuple[float, float, float]
    rim: tuple[float, float, float] | None = (0.005, 0.005, 0.005)
    reflection: Reflection = "none"
    fading: float = 1.0


PAIRS = (
    Sunglasses("grey", "square", (1.0, 1.0, 1.0)),
    Sunglasses("brown", "large", (1.0, 0.65, 0.35), rim=(0.06, 0.025, 0.01), reflection="sky"),
    Sunglasses("green", "large", (0.7, 1.0, 0.6), rim=(0.4, 0.3, 0.12), reflection="windows"),
    Sunglasses("blue", "round", (0.5, 0.75, 1.0), rim=(0.2, 0.2, 0.2), reflection="sky"),
    Sunglasses("rimless", "square", (1.0, 0.9, 0.8), rim=None),
    Sunglasses("fading", "large", (1.0, 0.85, 0.75), fading=2.0),
    Sunglasses("mirrored", "large", (0.8, 0.9, 1.0), reflection="mirror"),
)
CLEAR = Sunglasses("clear", "square", (1.0, 1.0, 1.0))
"""To be drawn with little opacity: reading glasses."""


def wear(picture: Picture, mesh: FloatArray, pair: Sunglasses, opacity: float) -> Picture:
    """The picture with sunglasses on one face.

    Args:
        picture: RGB.
        mesh: of the face, (478, 3), in the picture's frame.
        opacity: share of the light that does not come through the middle of the lens, 0..1.
    """
    linear = to_linear((picture / 255).astype(np.float32))
    lit = _brightness(linear, mesh)
    for side in SIDES:
        outline = _outline(mesh, side, OUTLINES[pair.outline])
        linear = _through_lens(linear, outline, pair, opacity, lit)
    if pair.rim is not None:
        linear = _framed(linear, mesh, pair, lit)
    return np.round(to_encoded(linear) * 255).astype(np.uint8)


def _brightness(linear: Image, mesh: FloatArray) -> float:
    """Linear luminance of the cheeks: what lenses throw back is as bright as the scene."""
    last = np.array(linear.shape[1::-1]) - 1
    x, y = np.clip(np.round(mesh[list(CHEEKS), :2]), 0, last).astype(int).T
    return float(np.median(luminance(linear)[y, x]))


def _head(mesh: FloatArray, side: Side) -> tuple[FloatArray, FloatArray, float]:
    """Middle of the eye, the head's axes as rows, and the inter-ocular distance, all in space."""
    middles = [eye_region(mesh, s)[[OUTER_CORNER, INNER_CORNER]].mean(axis=0) for s in SIDES]
    return middles[SIDES.index(side)], head_axes(mesh), float(np.linalg.norm(middles[1] - middles[0]))


def _in_picture(mesh: FloatArray, side: Side, places: FloatArray) -> FloatArray:
    """Places (n, 3) from the middle of an eye (out, down, away; inter-ocular distances) to pixels (n, 2)."""
    middle, axes, distance = _head(mesh, side)
    out = -1.0 if side == "left" else 1.0
    return np.asarray((middle + distance * (places * (out, 1.0, 1.0)) @ axes)[:, :2])


def _outline(mesh: FloatArray, side: Side, shape: tuple[float, float, float]) -> FloatArray:
    half_width, half_height, power = shape
    angle = np.linspace(0, 2 * np.pi, 96, endpoint=False)
    cos, sin = np.cos(angle), np.sin(angle)
    x = LENS_OUT + half_width * np.sign(cos) * np.abs(cos) ** (2 / power)
    y = LENS_LOW + half_height * np.sign(sin) * np.abs(sin) ** (2 / power)
    return _in_picture(mesh, side, np.column_stack([x, y, np.full_like(x, -LENS_BEFORE)]))


def _through_lens(linear: Image, outline: FloatArray, pair: Sunglasses, opacity: float, lit: float) -> Image:
    inside = np.zeros(linear.shape[:2], np.uint8)
    cv2.fillPoly(inside, [_fine(outline)], 255, cv2.LINE_AA, FINE)
    cover = (inside / 255)[..., None]
    low, high = outline.min(axis=0), outline.max(axis=0)
    rows, columns = np.mgrid[: linear.shape[0], : linear.shape[1]]
    x, y = (columns - low[0]) / (high[0] - low[0]), (rows - low[1]) / (high[1] - low[1])
    passing = np.minimum(1.0, (1 - opacity) * pair.fading ** (2 * y - 1))
    passed = linear * (passing[..., None] * np.array(pair.tint))
    seen = passed + lit * (GLASS + _reflected(pair.reflection, x, y))
    return np.asarray(linear * (1 - cover) + seen * cover, np.float32)


def _reflected(kind: Reflection, x: FloatArray, y: FloatArray) -> FloatArray:
    """What the lens throws back, linear RGB over the cheeks' luminance. x, y: 0..1 across the lens."""
    if kind == "sky":
        return np.asarray((0.15 * np.clip(1 - 2 * y, 0, 1))[..., None] * (0.8, 0.95, 1.2))
    if kind == "windows":
        window = (np.abs(x - 0.3) < 0.1) & (np.abs(y - 0.3) < 0.12) & (np.abs(x - 0.3) > 0.01)
        return np.asarray(window[..., None] * np.full(3, 1.2))
    if kind == "mirror":  # a horizon below a bright sky, and dark ground
        sky = 1 / (1 + np.exp((y - 0.55 - 0.1 * (x - 0.5) ** 2) / 0.03))
        light = 0.9 - 0.6 * np.clip(y, 0, 1)
        return np.asarray(
            (sky * light)[..., None] * (0.6, 0.85, 1.3) + (1 - sky[..., None]) * (0.2, 0.16, 0.1)
        )
    return np.zeros((*x.shape, 3))


def _framed(linear: Image, mesh: FloatArray, pair: Sunglasses, lit: float) -> Image:
    """Rims, bridge and the beginnings of the temples."""
    drawn = np.zeros(linear.shape[:2], np.uint8)
    half_width = OUTLINES[pair.outline][0]
    for side in SIDES:
        thickness = max(1, round(RIM * _head(mesh, side)[2]))
        inner = (LENS_OUT - half_width, LENS_LOW - 0.1, -LENS_BEFORE)
        outer = (LENS_OUT + half_width, LENS_LOW - 0.15, -LENS_BEFORE)
        bridge = [inner, (-0.5, LENS_LOW - 0.14, -LENS_BEFORE)]
        temple = [outer, (LENS_OUT + half_width + 0.1, LENS_LOW - 0.15, 0.2)]
        lines = [_in_picture(mesh, side, np.array(line)) for line in (bridge, temple)]
        cv2.polylines(drawn, [_fine(p) for p in lines], False, 255, thickness, cv2.LINE_AA, FINE)
        outline = _outline(mesh, side, OUTLINES[pair.outline])
        cv2.polylines(drawn, [_fine(outline)], True, 255, thickness, cv2.LINE_AA, FINE)
    cover = (drawn / 255)[..., None]
    return np.asarray(linear * (1 - cover) + cover * lit * np.array(pair.rim), np.float32)


def _fine(points: FloatArray) -> NDArray[np.int32]:
    return np.round(points * (1 << FINE)).astype(np.int32)
