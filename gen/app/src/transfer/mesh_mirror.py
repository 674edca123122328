"""A face seen in a mirror: its crop flipped, its mesh flipped and renumbered, so that left stays left."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from gen.app.src.strategy import FaceView
from imaging import eye_mesh

# fmt: off
_LEFT = (
    3, 20, 21, 32, 34, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 47, 48, 49, 50, 51, 54, 57, 58, 59,
    60, 61, 62, 64, 67, 68, 69, 71, 72, 73, 74, 75, 76, 77, 78, 79, 80, 81, 82, 83, 84, 85, 86, 87,
    88, 89, 90, 91, 92, 93, 95, 96, 97, 98, 99, 100, 101, 102, 103, 104, 106, 108, 109, 114, 115,
    116, 122, 123, 125, 126, 127, 129, 131, 132, 134, 135, 136, 137, 138, 139, 140, 141, 142, 146,
    147, 148, 149, 150, 162, 165, 166, 167, 169, 170, 171, 172, 174, 176, 177, 178, 179, 180, 181,
    182, 183, 184, 185, 186, 187, 188, 191, 192, 194, 196, 198, 201, 202, 203, 204, 205, 206, 207,
    208, 209, 210, 211, 212, 213, 214, 215, 216, 217, 218, 219, 220, 227, 234, 235, 236, 237, 238,
    239, 240, 241, 242,
)
_RIGHT = (
    248, 250, 251, 262, 264, 266, 267, 268, 269, 270, 271, 272, 273, 274, 275, 277, 278, 279, 280,
    281, 284, 287, 288, 289, 290, 291, 292, 294, 297, 298, 299, 301, 302, 303, 304, 305, 306, 307,
    308, 309, 310, 311, 312, 313, 314, 315, 316, 317, 318, 319, 320, 321, 322, 323, 324, 325, 326,
    327, 328, 329, 330, 331, 332, 333, 335, 337, 338, 343, 344, 345, 351, 352, 354, 355, 356, 358,
    360, 361, 363, 364, 365, 366, 367, 368, 369, 370, 371, 375, 376, 377, 378, 379, 389, 391, 392,
    393, 394, 395, 396, 397, 399, 400, 401, 402, 403, 404, 405, 406, 407, 408, 409, 410, 411, 412,
    415, 416, 418, 419, 420, 421, 422, 423, 424, 425, 426, 427, 428, 429, 430, 431, 432, 433, 434,
    435, 436, 437, 438, 439, 440, 447, 454, 455, 456, 457, 458, 459, 460, 461, 462,
)
# fmt: on
"""Mesh points that mirror each other, outside of the eye regions; those that are missing lie on the midline.
Found by matching the mean mesh of 106 faces with its own mirror image, one to one."""


def mirrored_indices() -> tuple[int, ...]:
    """For each of the 478 mesh points the one on the other side; itself on the midline."""
    partner = list(range(eye_mesh.MESH_POINTS))
    left = (*_LEFT, *eye_mesh.EYE_REGION["left"], *eye_mesh.IRIS["left"])
    right = (*_RIGHT, *eye_mesh.EYE_REGION["right"], *eye_mesh.IRIS["right"])
    for a, b in zip(left, right):
        partner[a], partner[b] = b, a
    return tuple(partner)


def mirrored(face: FaceView) -> FaceView:
    """The face as its mirror image: what was its right eye is its left one."""
    width = face.crop.shape[1]
    mesh = face.mesh[list(mirrored_indices())].copy()
    mesh[:, 0] = width - 1 - mesh[:, 0]
    document = face.document
    pose = replace(document.pose, yaw=-document.pose.yaw, roll=-document.pose.roll)
    swapped = replace(document, left_eye=document.right_eye, right_eye=document.left_eye, pose=pose)
    return FaceView(np.ascontiguousarray(face.crop[:, ::-1]), swapped, mesh)
