"""How sharp a picture is: known blurs are told, with grain and without."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from gen.app.src.transfer.texture_match import edge_blur, softening
from imaging.colour import Image


def steps(sigma: float, noise: float = 0.0) -> Image:
    """A board of dark and light squares, blurred, with grain."""
    rows, columns = np.mgrid[0:240, 0:240] // 40
    board = np.where((rows + columns) % 2, 0.8, 0.2).astype(np.float32)
    soft = cv2.GaussianBlur(board, (0, 0), sigma)
    grain = np.random.default_rng(3).normal(0, noise, soft.shape) if noise else 0.0
    return np.repeat((soft + grain).astype(np.float32)[..., None], 3, axis=2)


@pytest.mark.parametrize("calm", [0.0, 1.0])
@pytest.mark.parametrize("sigma", [1.5, 3.0, 5.0])
def test_a_known_blur_is_told(sigma: float, calm: float) -> None:
    assert edge_blur(steps(sigma), calm=calm) == pytest.approx(sigma, rel=0.15, abs=0.15)


def test_grain_does_not_pass_for_sharpness_when_it_is_calmed() -> None:
    noisy = steps(5.0, noise=0.012)
    assert edge_blur(noisy, calm=1.0) > 3.8
    assert edge_blur(noisy) < 2.5


def test_a_flat_picture_has_no_sharp_edge() -> None:
    assert edge_blur(np.full((50, 50, 3), 0.5, np.float32)) == 8.0


def test_softening_reaches_the_wanted_blur() -> None:
    assert softening(5.0, 3.0) == pytest.approx(4.0)
    assert softening(1.0, 2.0) == 0.0
