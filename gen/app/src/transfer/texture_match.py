"""How sharp a picture is, and making a sharper one as soft as another."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from contracts.face import SIDES, Side
from gen.app.src.eye_box import Box, Mask, blurred, box_around, convex_hull, grown, polygon_mask
from gen.app.src.strategy import FaceView
from imaging import eye_mesh
from imaging.colour import Image

_PROBE = 1.0
"""px; sigma of the known blur that edges are compared under."""
_STRONGEST = 3.0
"""Percent of the pixels that count as edges."""
_STRONGEST_ELSEWHERE = 10.0
"""The same where lids and lashes are left out: what remains has fewer strong edges, and all of one face's
photos have them."""
_FAINT = 0.1
"""Of the strongest gradient; what is fainter is no edge, however few edges there are."""
_MOVING = 0.08
"""Eye widths around the first ring in which opening the eye changes the edges."""
_LIMITS = (0.3, 8.0)


def edge_blur(
    picture: Image, where: Mask | None = None, strongest: float = _STRONGEST, calm: float = 0.0
) -> float:
    """Blur of a picture's edges: sigma of a Gaussian, px, 0.3..8.

    Args:
        where: only edges where this is above 0.5.
        strongest: percent of the pixels that count as edges.
        calm: px, sigma of a blur before edges are compared, so that grain does not pass for sharp edges.
            Under noise of 1.2 % a blur of 5 px reads 2.3 without it, 5.1 with 1 px.

    The gradient of a step blurred by sigma and again by a known blur goes with 1 / sqrt(sigma^2 + known^2):
    its ratio under two known blurs, `calm` and `calm + probe`, tells sigma. With calm 0 this is Zhuo and
    Sim, "Defocus map estimation from a single image", 2011.
    """
    grey = (picture @ np.array([0.299, 0.587, 0.114], np.float32)).astype(np.float32)
    sharp = _gradient(blurred(grey, calm) if calm else grey)
    soft = _gradient(blurred(grey, calm + _PROBE))
    seen = np.ones(sharp.shape, bool) if where is None else where > 0.5
    if not seen.any():
        return _LIMITS[1]
    least = max(float(np.percentile(sharp[seen], 100 - strongest)), _FAINT * float(sharp[seen].max()), 1e-6)
    edges = seen & (sharp >= least)
    if not edges.any():  # a flat picture
        return _LIMITS[1]
    ratio = float(np.median(sharp[edges] / (soft[edges] + 1e-6)))
    squared = ((calm + _PROBE) ** 2 - (ratio * calm) ** 2) / max(ratio * ratio - 1, 1e-3)
    return float(np.clip(math.sqrt(max(squared, 0.0)), *_LIMITS))


def face_blur(face: FaceView) -> float:
    """`edge_blur` of a face without its eyes: comparable between photos with open and closed eyes."""
    height, width = face.crop.shape[:2]
    whole = Box(0, 0, width, height)
    where = polygon_mask(convex_hull(face.mesh[: eye_mesh.IRIS["left"][0]]), whole, supersampling=1)
    for side in SIDES:
        ring = eye_mesh.eye_region(face.mesh, side)[eye_mesh.FIRST_RING]
        eye = polygon_mask(convex_hull(ring), whole, supersampling=1)
        where *= 1 - grown(eye, _MOVING * eye_mesh.eye_width(face.mesh, side))
    return edge_blur(face.crop, where, _STRONGEST_ELSEWHERE)


def eye_blur(face: FaceView, side: Side) -> float:
    """`edge_blur` of an open eye: its lids and its limbus."""
    ring = eye_mesh.eye_region(face.mesh, side)[eye_mesh.FIRST_RING]
    box = box_around(ring, 2.0, face.crop.shape[:2])
    return edge_blur(face.crop[box.slices], polygon_mask(convex_hull(ring), box), _STRONGEST_ELSEWHERE)


def softening(wanted: float, present: float) -> float:
    """Sigma of the blur that takes edges of blur `present` to `wanted`; 0 where they are softer already."""
    return math.sqrt(max(wanted * wanted - present * present, 0.0))


def _gradient(grey: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.hypot(cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1))
