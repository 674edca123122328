"""The coordinates of an open eye between its own lids."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gen.app.src.open_shape import OpenEye
from imaging import eye_mesh

FloatArray = NDArray[np.float64]
Plane = NDArray[np.float32]


@dataclass(frozen=True)
class LidFrame:
    """An eye's own coordinates: u along the corner line, -0.5..0.5 from the viewer's left corner to the right
    one, v downwards, both in eye widths."""

    origin: FloatArray
    along: FloatArray
    width: float
    upper: FloatArray
    lower: FloatArray

    @classmethod
    def of(cls, eye: OpenEye) -> LidFrame:
        ends = eye.region[[eye_mesh.OUTER_CORNER, eye_mesh.INNER_CORNER], :2]
        first, last = ends[np.argsort(ends[:, 0])]
        width = float(np.linalg.norm(last - first))
        bare = cls((first + last) / 2, (last - first) / width, width, ends, ends)
        lids = [bare.local(eye.region[list(m), :2]) for m in (eye_mesh.UPPER_MARGIN, eye_mesh.LOWER_MARGIN)]
        upper, lower = (lid[np.argsort(lid[:, 0])] for lid in lids)
        return cls(bare.origin, bare.along, width, upper, lower)

    def local(self, points: FloatArray) -> FloatArray:
        """(x, y) -> (u, v), shape (..., 2)."""
        x, y = np.moveaxis(points - self.origin, -1, 0) / self.width
        cos, sin = self.along
        return np.stack([x * cos + y * sin, y * cos - x * sin], axis=-1)

    def picture(self, u: FloatArray, v: FloatArray) -> Plane:
        """(u, v) -> (x, y), shape (..., 2)."""
        cos, sin = self.along
        turned = np.stack([u * cos - v * sin, u * sin + v * cos], axis=-1)
        return np.asarray(turned * self.width + self.origin, np.float32)

    def between_lids(self, u: FloatArray, v: FloatArray, u_there: FloatArray) -> FloatArray:
        """v at `u_there` as far between the lids as `v` is at `u`."""
        here, there = ((self._lid(self.upper, at), self._lid(self.lower, at)) for at in (u, u_there))
        share = (v - here[0]) / np.maximum(here[1] - here[0], 0.02)
        moved = there[0] + share * (there[1] - there[0])
        return np.where((share > -0.5) & (share < 1.5), moved, v)

    def upper_at(self, u: float) -> float:
        """v of the upper lid at u."""
        return float(np.interp(u, self.upper[:, 0], self.upper[:, 1]))

    @staticmethod
    def _lid(margin: FloatArray, u: FloatArray) -> FloatArray:
        return np.asarray(np.interp(u, margin[:, 0], margin[:, 1]), float)
