"""The look afterwards: is an eye that was painted really open now, and still so after restoring?

Judged by what the face stage reads on the blended picture. Landmarks alone are not believed: they
call half of all smears open. The texture inside the lids has to look like an eye as well, its colours must
not be those of noise, irises have to sit where irises sit, and the border must not show.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from contracts.blend import EyePaste
from contracts.face import SIDES, Face, Side
from imaging.face_shape import shape_distance
from imaging.gaze import iris_position
from orch.app.src.report import EyeVerdict, eye_numbers

# Figures in brackets: 50 real faces with open eyes in labelled photos.

LEAST_APPEARANCE = 0.5
"""Evidence of iris and sclera that the face stage must find, 0..1 (98 % of the eyes have more)."""

LEAST_IRIS_AND_SCLERA = 0.25
"""Both of these together (0.30 or more; eyes that were opened have 0.93)."""

LEAST_TEXTURE = 0.3
"""Likeness to an eye rather than to a pattern (0.50; people left out of training have more than 0.3 too)."""

MOST_COLOURS = 5.0
"""CIELAB units by which colours may leave the line of skin, sclera and iris (at most 4.0; noise of all
colours, 1/32 to one eye width in size, has 7 to 20)."""

LEAST_CONTRAST = 0.08
"""Between the lids (0.15; holes of one colour have 0.02)."""

MOST_ALTERNATIONS = 4
"""Of light and dark along the eye (at most 3; stripes and checkerboards of 1/8 eye width have 5 and more)."""

CLEARLY_WIDER = 0.06
"""Rise of the aspect ratio that makes an undetermined eye count as open: closed eyes lie at 0.02-0.10,
open ones at 0.17-0.25."""

IRIS_RANGE = (0.15, 0.85)
"""Where an iris may sit along the corner line (0.19-0.70)."""

MOST_IRIS_MISMATCH = 0.22
"""Between both eyes of a face, along the corner line (median 0.07, most 0.20)."""

MOST_SHAPE_CHANGE = 0.04
"""Procrustes distance of the faces before and after restoring. Blurring, sharpening, denoising and strong
JPEG compression of 19 faces moved the mesh by at most 0.034 (median 0.01); two people differ by at least
0.035 (median 0.09, 5th percentile 0.05)."""

MOST_SEAM = 2.0
"""Gradient along the border of the edit over what it was before; good edits lie at 0.7-1.4."""


def verdict(before: Face, after: Face | None, side: Side, paste: EyePaste | None) -> EyeVerdict:
    """Judge one painted eye.

    Args:
        before: the face as it was detected in the photo.
        after: the same face in the blended picture, None where it was not found again.
        paste: what blend says of this eye, None where it pasted nothing.
    """
    if paste is None:
        return EyeVerdict(side, "not_opened", "nothing was pasted")
    if after is None:
        return EyeVerdict(side, "not_opened", "the face was not found again", seam=paste.seam)
    position = iris_position(np.asarray(after.mesh), side)
    reason = next(filter(None, (*_eye_problems(before, after, side), _seam_problem(paste))), "")
    return EyeVerdict(
        side,
        "not_opened" if reason else "opened",
        reason,
        after=eye_numbers(after, side),
        iris_position=round(position, 3),
        seam=paste.seam,
        region=paste.region,
    )


def restoration_problem(original: Face, before: Face, after: Face | None, edited: Sequence[Side]) -> str:
    """Why a restored face must not be taken; "" where nothing speaks against it.

    What was wrong before restoring is not held against it.

    Args:
        original: the face as it was detected in the photo.
        before, after: the same face in the blended and in the restored picture.
        edited: its eyes that were opened; they are judged as after blending.
    """
    if after is None:
        return "restored, the face was not found again"
    shape = shape_distance(np.asarray(before.mesh), np.asarray(after.mesh))
    if shape > MOST_SHAPE_CHANGE:
        return f"restoring changes the shape of the face (by {shape:.3f}, at most {MOST_SHAPE_CHANGE:g})"
    for side in SIDES:
        reference = original if side in edited else before
        if side not in edited and before.eye(side).state != "open":
            continue
        problems = zip(_eye_problems(reference, after, side), _eye_problems(reference, before, side))
        if fresh := [new for new, old in problems if new and not old]:
            return f"restoring spoils the {side} eye: {fresh[0]}"
    return ""


def _eye_problems(before: Face, after: Face, side: Side) -> tuple[str, str, str]:
    """What is wrong with its state, its looks, its gaze; each "" where nothing is."""
    position = iris_position(np.asarray(after.mesh), side)
    return (
        _state_problem(before, after, side),
        _appearance_problem(after, side),
        _iris_problem(after, side, position),
    )


def _state_problem(before: Face, after: Face, side: Side) -> str:
    eye = after.eye(side)
    rise = eye.aspect_ratio - before.eye(side).aspect_ratio
    if eye.state == "open" or (eye.state == "undetermined" and rise >= CLEARLY_WIDER):
        return ""
    return f"still {eye.state} afterwards (aspect ratio {eye.aspect_ratio:.2f})"


def _appearance_problem(after: Face, side: Side) -> str:
    look = after.eye(side).appearance
    if look is None:
        return "whether it looks like an eye could not be measured"
    if look.score < LEAST_APPEARANCE:
        return f"does not look like an eye (score {look.score:.2f}, at least {LEAST_APPEARANCE:g})"
    if look.iris + look.sclera < LEAST_IRIS_AND_SCLERA:
        return "shows neither iris nor sclera"
    if look.contrast < LEAST_CONTRAST:
        return "is of one colour inside, which no eye is"
    if look.colour_spread > MOST_COLOURS:
        return (
            f"is of all colours, which no eye is (spread {look.colour_spread:.1f}, at most {MOST_COLOURS:g})"
        )
    if look.alternations > MOST_ALTERNATIONS:
        return f"is striped, which no eye is ({look.alternations} turns from light to dark)"
    if look.texture < LEAST_TEXTURE:
        return f"is a pattern rather than an eye (texture {look.texture:.2f}, at least {LEAST_TEXTURE:g})"
    return ""


def _iris_problem(after: Face, side: Side, position: float) -> str:
    if not IRIS_RANGE[0] <= position <= IRIS_RANGE[1]:
        return f"the iris sits at the edge of the eye ({position:.2f} of its width)"
    other: Side = "right" if side == "left" else "left"
    if after.eye(other).state != "open":
        return ""
    mismatch = abs(position - iris_position(np.asarray(after.mesh), other))
    return f"the eyes look apart (by {mismatch:.2f} of their width)" if mismatch > MOST_IRIS_MISMATCH else ""


def _seam_problem(paste: EyePaste) -> str:
    if paste.seam is not None and paste.seam > MOST_SEAM:
        return f"its border shows (seam {paste.seam:.1f}, at most {MOST_SEAM:g})"
    return ""
