"""The drawn iris takes the colour that the person's other one shows."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from gen.app.src.lids.placement import OpenEyePlan, plan_eyes
from gen.app.src.seen.other_eye_iris import with_iris_of
from imaging import eye_mesh
from imaging.colour import Image, luminance
from tests.unit.synthetic_open_face import closed_mesh, open_mesh

FloatArray = NDArray[np.float64]
SKIN, SCLERA = 0.4, 0.5
BLUE, GREY = np.array([0.05, 0.09, 0.16]), np.array([0.09, 0.08, 0.07])
PUPIL, CATCHLIGHT = 0.004, 0.9


def with_disc(picture: Image, centre: FloatArray, radius: float, colour: FloatArray | float) -> None:
    y, x = np.mgrid[: picture.shape[0], : picture.shape[1]]
    picture[np.hypot(x - centre[0], y - centre[1]) < radius] = colour


def drawn(left_light: float = 1.0) -> tuple[Image, Image, FloatArray, OpenEyePlan]:
    """Before and after of a face whose right eye is open and blue, with a grey left one drawn into it."""
    mesh = open_mesh(closed_mesh(), ("right",))
    photo = np.full((300, 300, 3), SKIN, np.float32)
    photo[:, :120] *= left_light
    plan = plan_eyes(luminance(photo), mesh, ("left",), "right", 1.0)["left"]
    iris = mesh[list(eye_mesh.IRIS["right"]), :2]
    radius = float(np.linalg.norm(iris[1:] - iris[0], axis=1).mean())
    with_disc(photo, iris[0], 1.6 * radius, SCLERA)
    with_disc(photo, iris[0], radius, BLUE)
    painted = photo.copy()
    centre, own = plan.globe.center, plan.globe.iris_radius
    with_disc(painted, centre, own, GREY)
    with_disc(painted, centre, 0.35 * own, PUPIL)
    with_disc(painted, centre - np.array([0.0, 0.5 * own]), 0.15 * own, CATCHLIGHT)
    box, view = with_iris_of(painted, photo, mesh, plan, "right")
    after = painted.copy()
    after[box.slices] = view
    return painted, after, mesh, plan


def at(picture: Image, plan: OpenEyePlan, x: float, y: float) -> FloatArray:
    """The colour at a place in the drawn iris, iris radii."""
    column, row = np.round(plan.globe.center + plan.globe.iris_radius * np.array([x, y])).astype(int)
    return np.asarray(picture[row, column], float)


def test_a_grey_iris_becomes_as_blue_as_the_other_one() -> None:
    _, after, _, plan = drawn()
    assert at(after, plan, 0.65, 0.0) == pytest.approx(BLUE, rel=0.15)


def test_pupil_and_catchlight_and_what_lies_beside_the_iris_stay() -> None:
    before, after, _, plan = drawn()
    for x, y in ((0.0, 0.0), (0.0, -0.5), (1.5, 0.0)):
        assert at(after, plan, x, y) == pytest.approx(at(before, plan, x, y), rel=0.12)


def test_the_iris_is_lighter_on_the_lit_side_but_less_so_than_the_skin() -> None:
    _, even, _, plan = drawn()
    _, lit, _, _ = drawn(left_light=2.0)
    ratio = at(lit, plan, 0.65, 0.0)[1] / at(even, plan, 0.65, 0.0)[1]
    assert 1.15 < ratio < 1.6
