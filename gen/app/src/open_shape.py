"""Where a person's open eyes lie in another picture of the person, eyes closed there.

Eyeballs are fixed to the skull: both eyes go over together, by one similarity through the points of
the middle of the face that neither blinking nor speaking moves. The corners of closed eyes are known less
well than the skull, so they only shift the pair. Head pose carries over and no open target is needed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from contracts.face import SIDES, Side
from imaging import eye_mesh
from imaging.face_shape import RIGID

FloatArray = NDArray[np.float64]

_MIDDLE_FACE = (-0.22, 0.7)
"""Inter-ocular distances below the eyes where points count: the forehead moves with the brows, which go
down as eyes close, and the jaw moves. With the forehead, the labelled pairs' eyes lie 0.01 of their width
too low."""
_FLAT_TURN, _FULL_TURN = 5.0, 12.0
"""Degrees. The mesh's depth is uncertain: turns below the first are its noise and are left out, those
above the second are the head's."""


@dataclass(frozen=True)
class CornerTrust:
    """How the pair of eyes follows the corners of the closed ones where they disagree with the skull.

    Attributes:
        sideways, downwards: share of the way.
        lowered: eye widths by which the mesh may draw corners down with the lids.
    """

    sideways: float
    downwards: float
    lowered: float


ONE_CLOSED = CornerTrust(0.35, 0.35, 0.0)
BOTH_CLOSED = CornerTrust(0.35, 0.5, 0.04)
"""Of 14 labelled pairs of photos the corners lie lower in all by 0.00..0.14 of the eye's width, median 0.045;
with these figures SSIM is 0.72, with the above 0.71, without any shift 0.69."""
_CHEEK_EDGE = (55, 56, 57, 58, 59, 60)
"""Lower arc of the third ring, outer to inner end."""
_RINGS_ABOVE = np.r_[25:32, 41:48]
_RINGS_BELOW = np.r_[17:24, 33:40]

_LEAST_ROOM = 0.2
"""Skin is never squeezed to less than this share of its height."""

OPENNESS_RANGE = (0.5, 1.2)


@dataclass(frozen=True)
class OpenEye:
    """One open eye.

    Attributes:
        region: (71, 3), the points of `imaging.eye_mesh.EYE_REGION`.
        iris: (5, 3), centre and four points on the limbus; z is that of the lids, because the mesh
            gives none for the iris.
    """

    region: FloatArray
    iris: FloatArray

    @property
    def width(self) -> float:
        """Corner to corner in the picture's plane."""
        outer, inner = self.region[[eye_mesh.OUTER_CORNER, eye_mesh.INNER_CORNER], :2]
        return float(np.linalg.norm(outer - inner))

    @property
    def iris_radius(self) -> float:
        """Mean distance of the limbus points from the centre."""
        return float(np.linalg.norm(self.iris[1:, :2] - self.iris[0, :2], axis=1).mean())

    @property
    def aspect_ratio(self) -> float:
        return eye_mesh.aspect_ratio(self.region)


def open_eye_of(mesh: FloatArray, side: Side) -> OpenEye:
    """The eye of one side of a mesh (478, 3)."""
    region = eye_mesh.eye_region(mesh, side).astype(float)
    iris = mesh[list(eye_mesh.IRIS[side])].astype(float)
    iris[:, 2] = region[eye_mesh.CONTOUR, 2].mean()
    return OpenEye(region, iris)


def open_shapes(
    source: FloatArray,
    target: FloatArray,
    guides: Sequence[Side] = SIDES,
    trust: CornerTrust = ONE_CLOSED,
) -> dict[Side, OpenEye]:
    """Both open eyes of `source` in the frame of `target`.

    Args:
        source, target: meshes (478, 3) of one person, upright, any scale; eyes open in `source`.
        guides: the sides whose corners shift the pair.
        trust: how far it follows them.
    """
    move = _Placement.fit(source, target)
    shift = np.mean([_corner_shift(move, source, target, side, trust) for side in guides], axis=0)
    shapes: dict[Side, OpenEye] = {}
    for side in SIDES:
        eye = open_eye_of(source, side)
        placed = move(eye.region) + shift
        region = _fitted(placed, eye_mesh.eye_region(target, side))
        shapes[side] = OpenEye(region, move(eye.iris) + shift)
    return shapes


def brow_room(source: FloatArray, target: FloatArray, side: Side) -> float:
    """Height between the upper lid of the placed open eye and the target's brow, over that in the source.

    Args:
        source, target: as for `open_shapes`.
    """
    eye = open_shapes(source, target)[side]
    own = open_eye_of(source, side)
    middle = slice(1, -1)
    heights = []
    for region, scale in ((eye.region, eye.width), (own.region, own.width)):
        brow = region[list(eye_mesh.BROW_EDGE), :2][middle]
        lid = _height(region, eye_mesh.UPPER_MARGIN, brow[:, 0])
        heights.append(float((lid - brow[:, 1]).mean()) / scale)
    return heights[0] / max(heights[1], 1e-3)


def with_openness(eye: OpenEye, openness: float) -> OpenEye:
    """The same eye with its lids `openness` times as far from the corner line; the iris stays.

    Raises:
        ValueError: openness out of `OPENNESS_RANGE`.
    """
    if not OPENNESS_RANGE[0] <= openness <= OPENNESS_RANGE[1]:
        raise ValueError(f"openness {openness} is outside of {OPENNESS_RANGE[0]}..{OPENNESS_RANGE[1]}")
    if openness == 1:
        return eye
    region = eye.region.copy()
    contour = eye.region[eye_mesh.CONTOUR]
    outer, inner = contour[eye_mesh.OUTER_CORNER], contour[eye_mesh.INNER_CORNER]
    line = inner - outer
    foot = outer + ((contour - outer) @ line / (line @ line))[:, None] * line
    region[eye_mesh.CONTOUR] = foot + openness * (contour - foot)
    # The crease follows the lid by half, so that the skin between them is not torn.
    moved = region[eye_mesh.CONTOUR] - contour
    region[eye_mesh.FIRST_RING] += 0.5 * moved
    return OpenEye(region, eye.iris)


def fit_similarity(source: FloatArray, target: FloatArray) -> tuple[FloatArray, float, FloatArray]:
    """Rotation R, scale s and shift t with s * source @ R + t nearest to target, both (n, d).

    Umeyama, "Least-squares estimation of transformation parameters between two point patterns", 1991.
    """
    source_mean, target_mean = source.mean(axis=0), target.mean(axis=0)
    a, b = source - source_mean, target - target_mean
    u, singular, vt = np.linalg.svd(a.T @ b)
    signs = np.ones(len(singular))
    signs[-1] = np.sign(np.linalg.det(u @ vt))
    rotation = (u * signs) @ vt
    scale = float((singular * signs).sum() / (a**2).sum())
    shift = np.asarray(target_mean - scale * source_mean @ rotation, float)
    return np.asarray(rotation, float), scale, shift


@dataclass(frozen=True)
class _Placement:
    """A similarity in space and one in the picture's plane, mixed by how far the head turned between them."""

    in_space: tuple[FloatArray, float, FloatArray]
    in_plane: tuple[FloatArray, float, FloatArray]
    turn_share: float

    @classmethod
    def fit(cls, source: FloatArray, target: FloatArray) -> _Placement:
        points = _fixed_points(source)
        in_space = fit_similarity(source[points], target[points])
        in_plane = fit_similarity(source[points, :2], target[points, :2])
        turn = np.degrees(np.arccos(np.clip(in_space[0][2, 2], -1, 1)))
        t = float(np.clip((turn - _FLAT_TURN) / (_FULL_TURN - _FLAT_TURN), 0, 1))
        return cls(in_space, in_plane, t * t * (3 - 2 * t))

    def __call__(self, points: FloatArray) -> FloatArray:
        rotation, scale, shift = self.in_space
        placed = scale * points @ rotation + shift
        rotation, scale, shift = self.in_plane
        flat = scale * points[:, :2] @ rotation + shift
        placed[:, :2] = self.turn_share * placed[:, :2] + (1 - self.turn_share) * flat
        return np.asarray(placed, float)


def _fixed_points(mesh: FloatArray) -> list[int]:
    """Mesh indices of the skull from the root of the nose to below the cheekbones."""
    middle = (eye_mesh.eye_center(mesh, "left") + eye_mesh.eye_center(mesh, "right")) / 2
    highest, lowest = middle[1] + np.array(_MIDDLE_FACE) * eye_mesh.inter_ocular_distance(mesh)
    return [index for index in RIGID if highest < mesh[index, 1] < lowest]


def _corner_shift(
    move: _Placement, source: FloatArray, target: FloatArray, side: Side, trust: CornerTrust
) -> FloatArray:
    """Shift of the placed corners of one side towards those of the target; crops are upright."""
    ends = [eye_mesh.EYE_REGION[side][k] for k in (eye_mesh.OUTER_CORNER, eye_mesh.INNER_CORNER)]
    x, y, _ = (target[ends] - move(source[ends])).mean(axis=0)
    y -= np.clip(y, 0.0, trust.lowered * eye_mesh.eye_width(target, side))
    return np.array([trust.sideways * x, trust.downwards * y, 0.0])


def _fitted(placed: FloatArray, target: FloatArray) -> FloatArray:
    """The placed eye region (71, 3) between the target's own brow and cheek.

    Where there is less room than in the source, the skin between lid and brow, and between lid and
    cheek, is squeezed evenly; where there is more, it is left to stretch beyond the rings.
    """
    region = np.array(placed, float)
    region[eye_mesh.THIRD_RING] = target[eye_mesh.THIRD_RING]
    for rings, margin, edge in (
        (_RINGS_ABOVE, eye_mesh.UPPER_MARGIN, eye_mesh.BROW_EDGE),
        (_RINGS_BELOW, eye_mesh.LOWER_MARGIN, _CHEEK_EDGE),
    ):
        x = placed[rings, 0]
        lid = _height(placed, margin, x)
        room = _height(target, edge, x) - lid
        present = _height(placed, edge, x) - lid
        share = np.clip(room / np.where(np.abs(present) < 1e-3, 1e-3, present), _LEAST_ROOM, 1.0)
        region[rings, 1] = lid + share * (placed[rings, 1] - lid)
    return region


def lid_above(region: FloatArray, x: FloatArray) -> FloatArray:
    """y of the upper lid of an eye region (71, >= 2) at x."""
    return _height(region, eye_mesh.UPPER_MARGIN, x)


def _height(region: FloatArray, curve: Sequence[int], x: FloatArray) -> FloatArray:
    """y of a polyline through points of the region at x; crops are upright, so it is a function of x."""
    points = region[list(curve), :2]
    points = points[np.argsort(points[:, 0])]
    return np.asarray(np.interp(x, points[:, 0], points[:, 1]), float)
