"""Turning an eye so that it looks elsewhere: where the person's other eye looks, or at the camera.

The lids stay. Between them the sclera is slid along the corner line, and the iris is put back as a
disc. In a mirrored picture that disc is unmirrored: the light is on the same side of both eyes, so the
catchlight is as well.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from contracts.face import Side
from gen.app.src.eye_box import blurred, box_around, polygon_mask
from gen.app.src.lid_frame import LidFrame
from gen.app.src.open_shape import OpenEye
from imaging import eye_mesh
from imaging.colour import Image

FloatArray = NDArray[np.float64]
Plane = NDArray[np.float32]

_LIMBUS = (0.92, 1.08)
"""Radii, relative to the iris, between which the unmirrored disc fades out."""
_RIM = 0.015
"""Feather along the lids, eye widths."""
_SMOOTH_SLIDE = 0.02
"""Blur of the slide's kinks, eye widths."""
_MOST_STRETCH = 1.5
"""How far sclera beside the iris may be stretched; further, lashes and the corner smear."""
_ENOUGH_SCLERA = 0.12
"""Least sclera beyond the iris, eye widths, to be shown where the iris leaves."""
_CORNER_SHARE, _WIDEST_CORNER = 0.35, 0.12
"""Of that sclera, and eye widths at most, which is corner: caruncle and shade."""
CORNER_FADE = 0.12
"""Eye widths over which it fades into the corner: sclera lies in the lids' shade there."""
_CORNER_ROOM = 0.04
"""Least sclera that stays between iris and corner, eye widths."""


def corner_gap(eye: OpenEye) -> float:
    """Sclera between the iris and the nearer corner, iris radii."""
    radius = eye.iris_radius / eye.width
    center = float(LidFrame.of(eye).local(eye.iris[0, :2])[0])
    return (0.5 - abs(center) - radius) / radius


def iris_room(eye: OpenEye, shift: float) -> bool:
    """Whether the iris stays between the corners when it is shifted by `shift` eye widths."""
    radius = eye.iris_radius / eye.width
    center = LidFrame.of(eye).local(eye.iris[0, :2])[0] + shift
    return bool(abs(center) + radius + _CORNER_ROOM <= 0.5)


def with_shifted_iris(picture: Image, eye: OpenEye, shift: float, *, unmirror: bool) -> Image:
    """A picture whose eye looks aside by `shift` eye widths.

    Args:
        picture: (h, w, 3).
        eye: the eye in it.
        shift: of the iris towards the viewer's right, in eye widths; see `iris_room`.
        unmirror: the picture is a mirror image, its iris is put back the right way round.
    """
    frame = LidFrame.of(eye)
    outline = eye.region[list(eye_mesh.POLYGON)]
    box = box_around(outline, 0.1 * frame.width, picture.shape[:2])
    x, y = box.grid()
    u, v = np.moveaxis(frame.local(np.stack([x, y], axis=-1).astype(float)), -1, 0)
    center, center_v = frame.local(eye.iris[0, :2])
    radius = eye.iris_radius / frame.width

    def seen_at(u_there: FloatArray) -> Image:
        at = frame.picture(u_there, frame.between_lids(u, v, u_there))
        seen = cv2.remap(picture, at[..., 0], at[..., 1], cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(seen, np.float32)

    slid = with_sclera_behind(seen_at, u, center, radius, shift)
    from_center = u - center - shift
    iris = seen_at(center + (-from_center if unmirror else from_center))
    distance = np.hypot(from_center, v - center_v) / radius
    disc = np.clip((_LIMBUS[1] - distance) / (_LIMBUS[1] - _LIMBUS[0]), 0, 1)[..., None]
    eyeball = slid + (iris - slid) * disc

    aperture = blurred(polygon_mask(outline, box), _RIM * frame.width)[..., None]
    result = np.array(picture, np.float32)
    view = result[box.slices]
    view += np.asarray((eyeball - view) * aperture, np.float32)
    return result


def with_sclera_behind(
    seen_at: Callable[[FloatArray], Image],
    u: FloatArray,
    center: float,
    radius: float,
    shift: float,
    corner_fade: float = CORNER_FADE,
) -> Image:
    """The eyeball with its iris slid aside, and sclera where the iris lay.

    Args:
        seen_at: what is seen at other places along the corner line, as far between the lids.
        u: of every pixel. center, radius: of the iris along the corner line. shift: see `with_shifted_iris`.
        corner_fade: eye widths over which the new sclera fades into the corner.
    """
    slid = seen_at(_slide(u, center, radius, shift))
    bare = _uncovered(u, center, radius, shift, corner_fade)
    if bare:
        slid += (seen_at(bare.seen_at) - slid) * bare.share[..., None]
    return slid


def shifted_mesh(mesh: FloatArray, side: Side, shift: float) -> FloatArray:
    """The mesh (478, 3) with the iris of one side shifted along the corner line by `shift` eye widths."""
    outer, inner = eye_mesh.corners(mesh, side)
    line = inner - outer if inner[0] > outer[0] else outer - inner
    moved = np.array(mesh, float)
    moved[list(eye_mesh.IRIS[side]), :2] += shift * line
    return moved


@dataclass(frozen=True)
class _Uncovered:
    """Where the iris lay. seen_at: u of the sclera beyond the iris to show there; share: how far, 0..1."""

    seen_at: FloatArray
    share: Plane


def _uncovered(
    u: FloatArray, center: float, radius: float, shift: float, corner_fade: float
) -> _Uncovered | None:
    """Sclera for the side that the iris leaves, None where there is enough of its own to be stretched.

    Taken from the other side of the iris, mirrored, without the corner itself.
    """
    towards = 1.0 if shift > 0 else -1.0
    x, iris = towards * u, towards * center  # the iris moves to greater x
    gap, beyond = iris - radius + 0.5, 0.5 - iris - radius
    new_gap = gap + abs(shift)
    if new_gap < _MOST_STRETCH * gap or beyond < _ENOUGH_SCLERA:
        return None
    from_corner = np.clip((x + 0.5) / new_gap, 0.0, 1.0)
    corner = min(_CORNER_SHARE * beyond, _WIDEST_CORNER)
    seen_at = 0.5 - corner - from_corner * (beyond - corner)
    edge = (iris + abs(shift) - radius - x) / (0.5 * radius)
    share = np.clip(edge + 1.0, 0.0, 1.0) * np.clip((x + 0.5) / corner_fade, 0.0, 1.0)
    return _Uncovered(towards * seen_at, np.asarray(share, np.float32))


def _slide(u: FloatArray, center: float, radius: float, shift: float) -> FloatArray:
    """Where along the corner line each u comes from: corners stay, the iris moves as one."""
    nodes = np.linspace(-0.7, 0.7, 281)
    to = [-0.7, -0.5, center + shift - radius, center + shift + radius, 0.5, 0.7]
    come_from = [-0.7, -0.5, center - radius, center + radius, 0.5, 0.7]
    step = nodes[1] - nodes[0]
    line = np.interp(nodes, to, come_from).astype(np.float32)[None]
    smooth = cv2.GaussianBlur(line, (0, 0), _SMOOTH_SLIDE / step, borderType=cv2.BORDER_REPLICATE)[0]
    return np.asarray(np.interp(u, nodes, smooth), float)
