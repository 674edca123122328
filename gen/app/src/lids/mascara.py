"""Mascara and false lashes: how much of them the closed eyes wear, and the tufts that the open ones show.

Frame as in `lash_removal`, lengths in eye widths.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gen.app.src.eyeball.aperture import Aperture
from gen.app.src.eyeball.grid import EyeGrid, Plane, soft_step
from gen.app.src.lids.hairs import HAIR_WIDTH, draw_hair, upper_lash

FloatArray = NDArray[np.float64]

_COVERS = (0.14, 0.20)
"""Mean `LashField.cover` of a face's eyes from which on lashes are made up, and heavily so. Of 39 faces, most
of them nearly frontal, bare ones and those with thin mascara have 0.04 to 0.154, those with heavy mascara and
false lashes 0.188 to 0.31."""
_BLACK, _BLACKENED = 0.97, 0.7
"""Contrast of mascara, and the share of the way to it that heavy one takes the lash line."""
_TUFTS, _TUFT_HAIRS, _TUFT_FOOT = 38, 3, 0.010
"""Mascara sticks upper lashes together: tufts along the lid, hairs in one, half its width at the margin."""
_SHOWN = 2.0
"""Opacity of tufts for each unit of mascara: thin mascara is black already."""


def mascara_of(covers: Sequence[float]) -> float:
    """How much mascara a face wears, 0 none .. 1 heavy, or false lashes.

    Both eyes are made up alike, but in a light from the side shade passes for lashes in one of them.

    Args:
        covers: `LashField.cover` of each eye to open, one at least.
    """
    none, heavy = _COVERS
    return float(soft_step(np.mean(covers) - (none + heavy) / 2, (heavy - none) / 2))


def contrast_with(contrast: float, mascara: float) -> float:
    """How dark the lash line is with its mascara, 0 invisible .. 1 black."""
    return contrast + (_BLACK - contrast) * _BLACKENED * mascara


def draw_tufts(grid: EyeGrid, aperture: Aperture, mascara: float, rng: np.random.Generator) -> Plane:
    """Opacity of the tufts that mascara makes of upper lashes, 0..1, on the drawing grid.

    Eyes of any size have them: of small ones their mean is seen, a dark fringe.
    """
    canvas = np.zeros(grid.u.shape, np.uint8)
    if mascara > 0.0:
        for root in np.linspace(-0.50, 0.42, _TUFTS):
            _draw_tuft(canvas, grid, aperture, float(root + rng.normal(0.0, 0.009)), mascara, rng)
    return np.asarray(canvas * (min(1.0, _SHOWN * mascara) / 255.0), np.float32)


def _draw_tuft(
    canvas: NDArray[np.uint8],
    grid: EyeGrid,
    aperture: Aperture,
    root: float,
    mascara: float,
    rng: np.random.Generator,
) -> None:
    """Hairs that stand side by side at u = `root` and end in one tip."""
    # Seen from the front the middle ones point at the viewer, the outer ones away from the nose.
    length = float(
        np.interp(root, [-0.5, -0.38, -0.2, 0.0, 0.25, 0.42], [0.17, 0.195, 0.175, 0.14, 0.105, 0.05])
    )
    length *= float(rng.uniform(0.75, 1.1)) * (0.6 + 0.4 * mascara)
    lean = float(np.interp(root, [-0.5, -0.3, 0.05, 0.45], [-1.35, -0.7, 0.0, 0.5]))
    lean += float(rng.normal(0.0, 0.14))
    for foot in np.linspace(-_TUFT_FOOT, _TUFT_FOOT, _TUFT_HAIRS):
        reach = length * float(rng.uniform(0.7, 1.0))
        hair = upper_lash(aperture, root + foot, reach, lean)
        hair[:, 0] -= foot * np.linspace(0.0, 1.0, len(hair))
        draw_hair(canvas, grid, hair, HAIR_WIDTH * float(rng.uniform(1.1, 1.8)))
