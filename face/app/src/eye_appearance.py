"""What the pixels of an eye show, whatever the lid landmarks say.

Landmark networks draw an open contour on half of all smeared-over eyes, because faces have eyes. This
measure takes only the corners from the mesh, and looks: it is the second opinion after painting and in
doubtful cases of the eye's state.
"""

from __future__ import annotations

from contracts.face import EyeAppearance, Side
from face.app.src.eye_patch import eye_patch
from face.app.src.eye_plausibility import alternations, colour_spread, inner_contrast
from face.app.src.iris_evidence import iris_and_sclera
from face.app.src.open_eye_template import eye_texture_likeness, open_eye_likeness
from face.app.src.picture_pyramid import FloatArray, PicturePyramid

LOOKS_OPEN = 0.5
"""`score` from which an eye looks open."""


def eye_appearance(pyramid: PicturePyramid, mesh: FloatArray, side: Side) -> EyeAppearance:
    """Look at one eye: how much of an open eye there is, and whether it may be an eye at all."""
    patch = eye_patch(pyramid, mesh, side)
    iris, sclera = iris_and_sclera(patch)
    return EyeAppearance(
        iris=round(iris, 3),
        sclera=round(sclera, 3),
        score=round(open_eye_likeness(patch), 3),
        texture=round(eye_texture_likeness(patch), 3),
        colour_spread=round(colour_spread(patch), 2),
        contrast=round(inner_contrast(patch), 3),
        alternations=alternations(patch),
    )
