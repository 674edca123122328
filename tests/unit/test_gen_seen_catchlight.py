"""The drawn eye takes the catchlight of the person's open eye."""

from __future__ import annotations

import numpy as np
import pytest

from gen.app.src.eyeball.catchlight import Catchlight
from gen.app.src.seen.catchlight import seen_catchlight
from imaging import eye_mesh
from imaging.colour import Image
from tests.unit.synthetic_open_face import closed_mesh, open_mesh

DRAWN = Catchlight(x=0.1, y=-0.3, half_width=0.08, half_height=0.1, softness=0.05, level=0.5, veil=0.01)
RADIUS = 18.0
"""Of the iris, px."""


def open_eye(spots: list[tuple[float, float, float, float]], mesh: np.ndarray) -> Image:
    """Sclera and dark irises; each spot is x, y, half size in iris radii from the iris' centre, and level."""
    shown = np.full((400, 400, 3), 0.3, np.float32)
    y, x = np.mgrid[:400, :400]
    for side in ("left", "right"):
        iris = list(eye_mesh.IRIS[side])
        around = np.array([[0, 0], [1, 0], [0, 1], [-1, 0], [0, -1]]) * RADIUS
        mesh[iris, :2] = eye_mesh.eye_center(mesh, side) + around
        dx, dy = ((k - c) / RADIUS for k, c in zip((x, y), mesh[iris[0], :2]))
        shown[np.hypot(dx, dy) < 1] = 0.03
        for u, v, half, level in spots:
            shown[(np.abs(dx - u) <= half) & (np.abs(dy - v) <= half)] = level
    return shown


def seen(*spots: tuple[float, float, float, float]) -> Catchlight | None:
    mesh = open_mesh(closed_mesh(180.0))
    return seen_catchlight(open_eye(list(spots), mesh), mesh, "left", DRAWN)


@pytest.mark.parametrize(("u", "v"), [(-0.3, 0.1), (0.2, -0.2), (0.0, -0.35)])
def test_place_size_and_level_are_those_seen(u: float, v: float) -> None:
    found = seen((u, v, 0.12, 0.8))
    assert found is not None
    assert (found.x, found.y) == pytest.approx((u, v), abs=0.05)
    assert (found.half_width, found.half_height) == pytest.approx((0.13, 0.13), abs=0.05)
    assert found.level == pytest.approx(0.8, abs=0.01)
    assert (found.softness, found.veil) == (DRAWN.softness, DRAWN.veil)


def test_the_brighter_of_two_is_taken() -> None:
    found = seen((-0.3, 0.0, 0.1, 0.5), (0.3, 0.1, 0.1, 0.9))
    assert found is not None and found.x > 0.2


def test_none_where_there_is_none_or_half_the_iris_shines() -> None:
    assert seen() is None
    assert seen((0.0, 0.0, 0.1, 0.06)) is None
    assert seen((0.0, 0.0, 0.6, 0.9)) is None
