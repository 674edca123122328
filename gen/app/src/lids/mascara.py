"""Mascara and false lashes: how much of them the closed eyes wear, and the tufts that the open ones show.

Frame as in `lash_removal`, lengths in eye widths.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from gen.app.src.eyeball.aperture import Aperture
from gen.app.src.eyeball.grid import EyeGrid, Plane
from gen.app.src.lids.hairs import HAIR_WIDTH, draw_hair

FloatArray = NDArray[np.float64]

_COVERS = (0.12, 0.19)
"""Mean `LashField.cover` of a face's closed eyes from which on lashes are made up, and heavily so. Of 39
faces, bare ones have 0.04 to 0.12; thin mascara 0.10 to 0.15, heavy one and false lashes 0.17 to 0.27."""
_BLACK, _BLACKENED = 0.97, 0.7
"""Contrast of mascara, and the share of the way to it that heavy one takes the lash line."""
_TUFTS, _TUFT_HAIRS, _TUFT_FOOT = 38, 3, 0.010
"""Mascara sticks upper lashes together: tufts along the lid, hairs in one, half its width at the margin."""
_SHOWN = 2.0
"""Opacity of tufts for each unit of mascara: thin mascara is black already."""


def mascara_of(covers: Iterable[float]) -> float:
    """How much mascara a face wears, 0 none .. 1 heavy, or false lashes.

    Both eyes are made up alike, but in a light from the side shade passes for lashes in one of them.

    Args:
        covers: `LashField.cover` of each closed eye.
    """
    none, heavy = _COVERS
    share = float(np.clip((np.mean(list(covers)) - none) / (heavy - none), 0.0, 1.0))
    return share * share * (3.0 - 2.0 * share)


def contrast_with(contrast: float, mascara: float) -> float:
    """How dark the lash line is with its mascara, 0 invisible .. 1 black."""
    return contrast + max(0.0, _BLACK - contrast) * _BLACKENED * mascara


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
    t = np.linspace(0.0, 1.0, 9)
    for foot in np.linspace(-_TUFT_FOOT, _TUFT_FOOT, _TUFT_HAIRS):
        reach = length * float(rng.uniform(0.7, 1.0))
        margin = float(aperture.upper_at(np.array(root + foot)))
        u = root + foot * (1.0 - t) + reach * lean * (0.75 * t + 0.25 * t**2)
        v = margin - 0.004 - reach * (0.15 * t + 0.75 * t**2 + 0.10 * t**3)  # first forward, then up
        draw_hair(canvas, grid, np.stack([u, v], axis=-1), HAIR_WIDTH * float(rng.uniform(1.1, 1.8)))
