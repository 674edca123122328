"""Whether an eye can be judged at all: edge blur of its patch, and darkness around it."""

from __future__ import annotations

import cv2
import numpy as np

from face.app.src.eye_patch import EYE_WIDTHS, PATCH
from face.app.src.face_mesh import face_square
from face.app.src.picture_pyramid import FloatArray, Grey, PicturePyramid, Rgb8

EYE_PX = PATCH / EYE_WIDTHS
REBLUR = 1.5
"""px. Blurring again by this much weakens sharp edges more than soft ones (Zhuo and Sim 2011)."""
STRONGEST = 95
"""Percentile of the gradient from which a pixel counts as an edge."""
AROUND_EYE = (slice(18, 54), slice(8, 56))
"""Of the patch: 1.5 x 1.1 eye widths; sunglasses cover it, lashes, sockets and brows do not."""
LIT_SHARE = 80
"""Percentile: the bright parts around the eye, lid and cheekbone."""
SKIN_POINTS = (50, 280, 205, 425, 36, 266, 203, 423, 151, 108, 337, 4, 195, 164, 199, 152)
"""Mesh points on cheeks, forehead, nose, upper lip and chin: large glasses, hair or a beard leave enough."""
SKIN_SHARE = 65
"""Percentile of these: the lit skin, whichever of them hair, beard and glasses hide."""
FACE_LOOK = 96


def edge_blur(patch: Rgb8) -> float:
    """Standard deviation of the blur of the patch's edges, in eye widths."""
    grey = cv2.cvtColor(patch, cv2.COLOR_RGB2GRAY).astype(np.float32)
    edges = _gradient(grey)
    softer = _gradient(cv2.GaussianBlur(grey, (0, 0), REBLUR))
    strong = edges >= np.percentile(edges, STRONGEST)
    ratio = float(np.median(edges[strong] / (softer[strong] + 1e-3)))
    return REBLUR / float(np.sqrt(max(ratio**2 - 1, 1e-3))) / EYE_PX


def _gradient(grey: Grey) -> Grey:
    inside = (slice(14, 50), slice(10, 54))  # away from the patch's border
    return np.hypot(cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1))[inside]


def surrounding_brightness(patch: Rgb8) -> float:
    """Brightness of the lit parts around the eye, 0..255."""
    grey = cv2.cvtColor(patch, cv2.COLOR_RGB2GRAY)
    return float(np.percentile(grey[AROUND_EYE], LIT_SHARE))


def skin_brightness(pyramid: PicturePyramid, mesh: FloatArray) -> float:
    """Brightness of the face's lit skin, 0..255."""
    square = face_square(mesh)
    grey = cv2.cvtColor(pyramid.look(square, FACE_LOOK, cv2.BORDER_REPLICATE), cv2.COLOR_RGB2GRAY)
    grey = cv2.blur(grey, (3, 3))
    places = (mesh[list(SKIN_POINTS), :2] - square.center) @ square.axes().T / square.side + 0.5
    x, y = np.clip((places * FACE_LOOK).astype(int), 0, FACE_LOOK - 1).T
    return float(np.percentile(grey[y, x], SKIN_SHARE))
